"""What tidy needs to know about C++ text, without a compiler: includes, code without its comments and
literals, and how long each function is. Lines keep their numbers everywhere."""

import functools
import re

_LITERALS = re.compile(
    r'''(?P<raw>R"(?P<delim>[^()\s\\]{0,16})\(.*?\)(?P=delim)")'''
    r'''|(?P<comment>//[^\n]*|/\*.*?\*/)'''
    r'''|(?P<string>"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])+')''',
    re.DOTALL)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', re.MULTILINE)
_DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n\\]|\\\n|\\.)*', re.MULTILINE)


def _blank(text):
    return re.sub(r'[^\n]', ' ', text)


@functools.cache
def without_comments(text):
    """The text with comments blanked; string literals stay."""
    return _LITERALS.sub(lambda m: _blank(m[0]) if m['comment'] else m[0], text)


@functools.cache
def code_only(text):
    """The text with comments, preprocessor lines and the insides of literals blanked."""
    text = _LITERALS.sub(lambda m: _blank(m[0]) if m['comment'] else '""' + _blank(m[0])[2:], text)
    return _DIRECTIVE.sub(lambda m: _blank(m[0]), text)


def includes(text):
    """Yields (line, path, quoted) of each #include."""
    text = without_comments(text)
    for match in _INCLUDE.finditer(text):
        yield text.count('\n', 0, match.start()) + 1, match[2], match[1] == '"'


# What may stand between the parameters of a function and its body.
_QUALIFIERS = re.compile(
    r'(?:\s|\bconst\b|\bnoexcept\b|\boverride\b|\bfinal\b|\bmutable\b|\btry\b|&)+$')
_TRAILING_TYPE = re.compile(r'\)[^()]*->[^;{}=]*$')
_MEMBER_INITIALIZER = re.compile(r'\)\s*(?:noexcept\s*)?:(?!:).*[\w>]\s*$', re.DOTALL)
_CONTAINER = re.compile(r'\b(?:namespace|class|struct|union|enum|extern)\b')


def _kind_of_block(header):
    """'function', 'container' (its members are looked at) or 'initializer' (the statement goes on)."""
    header = ' '.join(header.split())  # long runs of blanks, which comments leave, are slow to match
    if _TRAILING_TYPE.search(header):
        return 'function'
    tail = _QUALIFIERS.sub('', header)
    if tail.endswith(')'):
        return 'function'
    if _MEMBER_INITIALIZER.search(tail):
        return 'initializer'
    if tail.endswith('}'):  # the body after a constructor's member{initializers}
        return 'function'
    if tail.endswith(']') and not re.search(r'\w\s*\[[^\]]*\]$', tail):  # a lambda without parameters
        return 'function'
    return 'container' if _CONTAINER.search(header) and '=' not in header else 'initializer'


def functions(text):
    """Yields (line, lines, name) of each outermost function body, lambdas in tables included."""
    code = code_only(text)
    stack = []  # (kind, position of the brace, start of its statement)
    start = 0
    inside_function = 0
    for match in re.finditer(r'[{};]', code):
        position = match.start()
        if match[0] == ';':
            if not stack or stack[-1][0] != 'initializer':
                start = position + 1
        elif match[0] == '{':
            header = code[start:position]
            kind = 'inner' if inside_function else _kind_of_block(header)
            stack.append((kind, position, start))
            inside_function += kind in ('function', 'inner')
            start = position + 1
        elif stack:
            kind, opened, statement = stack.pop()
            inside_function -= kind in ('function', 'inner')
            start = statement if kind == 'initializer' else position + 1
            if kind == 'function':
                yield _measured(code, statement, opened, position)


def _measured(code, statement, opened, closed):
    header = code[statement:opened]
    names = re.findall(r'([\w:~]+)\s*\(', header)
    line = code.count('\n', 0, opened) + 1
    return line, code.count('\n', opened, closed) + 1, names[0] if names else 'lambda'


_BINDING = re.compile(r'\bauto\b[&\s]*\[([\w\s,]+)\]')
_LAMBDA = re.compile(r'(?<![\w\])])\[([&=\w][^\[\]]*)\]\s*[({]')


def _end_of_block(code, position):
    """Where the block around the position ends."""
    depth = 0
    for brace in re.finditer(r'[{}]', code[position:]):
        depth += 1 if brace[0] == '{' else -1
        if depth < 0:
            return position + brace.start()
    return len(code)


def captured_bindings(text):
    """Yields (line, name) of each structured binding that a lambda captures as it is, [name = name] apart."""
    code = code_only(text)
    for binding in _BINDING.finditer(code):
        names = set(re.findall(r'\w+', binding[1]))
        scope = code[:_end_of_block(code, binding.end())]
        for made in _LAMBDA.finditer(scope, binding.end()):
            captured = {capture.strip().removeprefix('&') for capture in made[1].split(',')}
            if captured & {'', '='}:  # [&] and [=]: what the body names
                body = scope.index('{', made.end() - 1) + 1
                captured |= set(re.findall(r'(?<![\w.>])\w+', scope[body:_end_of_block(scope, body)]))
            for name in sorted(names & captured):
                yield code.count('\n', 0, made.start()) + 1, name
