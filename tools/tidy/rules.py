"""The rules. Each yields Finding(rule, path, line, message, size); RULES lists them."""

import re
from collections import namedtuple

import cpp

Finding = namedtuple('Finding', 'rule path line message size', defaults=[0])

MAX_HEADER_LINES = 400
MAX_SOURCE_LINES = 800
MAX_TEST_LINES = 1500
MAX_FUNCTION_LINES = 70

# Words that say nothing about what a file holds; 'core' only as a whole name.
EMPTY_WORDS = {'util', 'utils', 'common', 'helper', 'helpers', 'misc'}
EMPTY_NAMES = EMPTY_WORDS | {'core'}

_SYSTEM_FOLDERS = ('sys/', 'net/', 'netinet/', 'arpa/', 'linux/', 'asm/')
_SYSTEM_HEADERS = {
    'assert.h', 'cpuid.h', 'cxxabi.h', 'dirent.h', 'dlfcn.h', 'errno.h', 'execinfo.h', 'fcntl.h', 'fnmatch.h', 'glob.h',
    'grp.h', 'immintrin.h', 'limits.h', 'malloc.h', 'math.h', 'netdb.h', 'poll.h', 'pthread.h', 'pwd.h',
    'sched.h', 'signal.h', 'spawn.h', 'stdint.h', 'stdio.h', 'stdlib.h', 'string.h', 'syslog.h',
    'termios.h', 'time.h', 'ucontext.h', 'unistd.h'}


def _line(text, position):
    return text.count('\n', 0, position) + 1


def _allowed_of(project, file):
    """(modules, externals) the file may include."""
    if file.path in project.mains:
        modules = project.mains[file.path]
        uses = project.declared.get(file.module, {}).get('USES', [])
        return modules, set(uses)
    declared = project.declared.get(file.module)
    if declared is None:
        return project.may.get(file.module, set()), None
    modules, externals = set(declared['DEPS']), set(declared['USES'])
    if file.is_test:
        modules |= set(declared['TEST_DEPS'])
        externals |= set(declared['TEST_USES'])
    return modules & project.may[file.module], externals


def edges(project):
    """Modules include only what the table allows and their own DEPS name."""
    for file in project.cpp():
        if file.module not in project.may:
            yield Finding('edges', file.path, 1, f'src/{file.module} is not in the module table')
            continue
        allowed, _ = _allowed_of(project, file)
        for line, path, quoted in cpp.includes(file.text):
            target = path.split('/')[0]
            if quoted and target in project.may and target != file.module and target not in allowed:
                why = 'not in its DEPS' if target in project.may[file.module] else 'not an allowed edge'
                yield Finding('edges', file.path, line, f'{file.module} includes {target}: {why}')
    for name, declared in project.declared.items():
        for target in declared['DEPS'] + declared['TEST_DEPS']:
            if target not in project.may[name]:
                yield Finding('edges', f'src/{name}/CMakeLists.txt', 1, f'DEPS {target}: not an allowed edge')


def externals(project):
    """Third-party headers only in modules that list the library in USES."""
    for name, declared in project.declared.items():
        for use in declared['USES'] + declared['TEST_USES']:
            only_in = project.externals.get(use, {}).get('only_in', [name])
            if name not in only_in:
                yield Finding('externals', f'src/{name}/CMakeLists.txt', 1, f'{use} is confined to {only_in}')
    for file in project.cpp():
        _, uses = _allowed_of(project, file)
        for line, path, quoted in cpp.includes(file.text):
            problem = _external_problem(project, file, path, quoted, uses or set())
            if problem:
                yield Finding('externals', file.path, line, problem)


def _external_problem(project, file, path, quoted, uses):
    external = project.external_of(path)
    if external:
        return None if external in uses else f'<{path}> without USES {external}'
    if quoted and path.endswith('.pb.h'):
        return None if uses & {'protobuf', 'grpc'} else f'"{path}" without USES protobuf'
    if path.startswith(('gtest/', 'gmock/')):
        return None if file.is_test else f'<{path}> outside a test'
    if quoted:
        known = path.split('/')[0] in project.may and '/' in path
        return None if known else f'"{path}": include from the root of src/, as "module/file.h"'
    if '.' not in path or path in _SYSTEM_HEADERS or path.startswith(_SYSTEM_FOLDERS):
        return None
    return f'<{path}> belongs to no library of cmake/module_edges.json'


def reach(project):
    """Control plane and data plane stay apart, through any number of includes."""
    graph = {name: set(declared['DEPS']) for name, declared in project.declared.items()}
    for file in project.cpp():
        if not file.is_test and file.path not in project.mains:
            targets = {path.split('/')[0] for _, path, quoted in cpp.includes(file.text) if quoted}
            graph.setdefault(file.module, set()).update(targets & set(project.may))
    for start, forbidden in project.never_reach:
        trail = _path_between(graph, start, forbidden) or _path_between(project.may, start, forbidden)
        if trail:
            yield Finding('reach', 'cmake/module_edges.json', 1, f'{start} reaches {forbidden}: {" → ".join(trail)}')


def _path_between(graph, start, goal):
    trails = [[start]]
    seen = {start}
    while trails:
        trail = trails.pop(0)
        if trail[-1] == goal:
            return trail
        for target in sorted(graph.get(trail[-1], set()) - seen):
            seen.add(target)
            trails.append(trail + [target])
    return None


def file_size(project):
    """Files fit their cap."""
    for file in project.files:
        if file.is_test:
            cap = MAX_TEST_LINES if file.is_cpp or file.suffix == '.py' else None
        else:
            cap = {'.h': MAX_HEADER_LINES, '.cc': MAX_SOURCE_LINES, '.py': MAX_SOURCE_LINES,
                   '.ts': MAX_SOURCE_LINES, '.tsx': MAX_SOURCE_LINES}.get(file.suffix)
        if cap and file.lines > cap:
            yield Finding('file-size', file.path, 1, f'{file.lines} lines; the cap is {cap}', file.lines)


def function_size(project):
    """Functions fit one screen and a bit."""
    for file in project.files:
        for line, lines, name in cpp.functions(file.text) if file.is_cpp else ():
            if lines > MAX_FUNCTION_LINES:
                yield Finding('function-size', file.path, line,
                              f'{name} has {lines} lines; the cap is {MAX_FUNCTION_LINES}', lines)


def dead_file(project):
    """Every source is built, every header is included."""
    built = set(project.mains)
    for name, declared in project.declared.items():
        built |= {f'src/{name}/{source}' for source in declared['SRCS'] + declared['TESTS']}
    included = {path for file in project.files if file.is_cpp for _, path, _ in cpp.includes(file.text)}
    for file in project.cpp():
        if file.suffix == '.cc' and file.path not in built:
            yield Finding('dead-file', file.path, 1, 'in no SRCS or TESTS')
        if file.suffix == '.h' and file.path.removeprefix('src/') not in included:
            yield Finding('dead-file', file.path, 1, 'included by nobody')


def archive(project):
    """What was downloaded stays outside; tests have data of their own."""
    for path in project.archives:
        if not path.startswith('tests/'):
            yield Finding('archive', path, 1, 'fetched by the files of the project, not kept among them')


def names(project):
    """A name says what is inside."""
    for file in project.files:
        *folders, _ = file.path.split('/')
        for name in folders + [file.stem]:
            words = set(re.split(r'[_\-.]', name.lower()))
            if name.lower() in EMPTY_NAMES or words & EMPTY_WORDS:
                yield Finding('names', file.path, 1, f'"{name}" says nothing about its content')


def _banned(rule, pattern, message, applies):
    expression = re.compile(pattern)

    def check(project):
        for file in project.files:
            if applies(file):
                for match in expression.finditer(file.text):
                    yield Finding(rule, file.path, _line(file.text, match.start()), f'{match[0].strip()}: {message}')
    check.__doc__ = message
    return check


def _banned_code(rule, pattern, message, applies):
    """As _banned, but comments do not count."""
    expression = re.compile(pattern, re.MULTILINE)

    def check(project):
        for file in project.cpp():
            if applies(file):
                text = cpp.without_comments(file.text)
                for match in expression.finditer(text):
                    yield Finding(rule, file.path, _line(text, match.start()), f'{match[0].strip()}: {message}')
    check.__doc__ = message
    return check


# The patterns are written so that they do not match themselves.
machine_path = _banned('machine-path', r'(?<![\w.~}-])/(?:root|home|work)(?=/)/\w',
                       'a path of one machine', lambda file: True)
unfinished = _banned('unfinished', r'\b(?:TO[D]O|FIX[M]E)\b', 'finish it or leave it out', lambda file: True)
regex = _banned_code('regex', r'std::regex|<regex>', 'slow and recursive; parse by hand', lambda file: True)
clock = _banned_code('clock', r'system_clock::now', 'take the injected Clock', lambda file: file.module != 'base')
iostream = _banned_code('iostream', r'#\s*include\s*<iostream>', 'log, or return the text',
                        lambda file: file.path != 'src/cli/main.cc')

# With libstdc++ 12, clang 14 compiles no view: neither those of std::views nor the subrange that these
# algorithms return.
_VIEW = re.compile(
    r'\bviews::\w+|\branges::(?:equal_range|find_end|partition|remove|remove_if|rotate|search|search_n|stable_partition|subrange'
    r'|unique|\w+_view)\b')


def clang(project):
    """What `make fuzz` compiles, clang 14 compiles."""
    for file in [*project.cpp(), *project.cpp('tests/fuzz/')]:
        if file.module in project.fuzzed or file.path.startswith('tests/fuzz/'):
            code = cpp.code_only(file.text)
            refused = [(_line(code, match.start()), match[0]) for match in _VIEW.finditer(code)]
            refused += [(line, f'a capture of {name}') for line, name in cpp.captured_bindings(file.text)]
            for line, what in refused:
                yield Finding('clang', file.path, line, f'{what}: clang 14, which make fuzz compiles this with, does not take it')


RULES = [edges, externals, reach, file_size, function_size, dead_file, archive, names, machine_path, unfinished, regex,
         clock, iostream, clang]
