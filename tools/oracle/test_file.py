"""The text format of tests/sql/**/*.test (tests/sql/README.md), read and written."""
import dataclasses
import difflib
import re

HEADER = "# oracle: Apache Spark 4.2.0"
DIRECTIVES = ("query", "statement", "config", "save")


@dataclasses.dataclass
class Block:
    """One paragraph of a file. `comments` stand above the directive and stay as they are."""
    comments: list
    kind: str = ""           # one of DIRECTIVES, or "" for a paragraph of comments only
    arguments: str = ""      # the rest of the directive line
    sql: str = ""
    recorded: list = dataclasses.field(default_factory=list)


def parse(text, name):
    blocks, lines, at = [], text.split("\n"), 0
    while at < len(lines):
        block = Block(comments=[])
        while at < len(lines) and lines[at].startswith("#"):
            block.comments.append(lines[at])
            at += 1
        kind, _, arguments = (lines[at] if at < len(lines) else "").partition(" ")
        if kind in DIRECTIVES:
            block.kind, block.arguments = kind, arguments.strip()
            at = parse_body(block, lines, at + 1)
        elif kind or arguments:
            raise ValueError(f"{name}:{at + 1}: expected a directive, found {lines[at]!r}")
        if block.comments or block.kind:
            blocks.append(block)
        while at < len(lines) and not lines[at]:
            at += 1
    return blocks


def parse_body(block, lines, at):
    """Reads the SQL up to `----`, and what is recorded up to an empty line."""
    if block.kind == "config":
        return at
    start = at
    while at < len(lines) and lines[at] and lines[at] != "----":
        at += 1
    block.sql = "\n".join(lines[start:at])
    if at < len(lines) and lines[at] == "----":
        start = at + 1
        while at < len(lines) and lines[at]:
            at += 1
        block.recorded = lines[start:at]
    return at


def render(blocks):
    paragraphs = []
    for index, block in enumerate(blocks):
        lines = [c for c in block.comments if not (index == 0 and c == HEADER)]
        if index == 0:
            lines.insert(0, HEADER)
        if block.kind:
            lines.append(f"{block.kind} {block.arguments}".rstrip())
        if block.sql:
            lines += [block.sql, "----", *block.recorded]
        paragraphs.append("\n".join(lines))
    return "\n\n".join(paragraphs) + "\n"


def print_difference(before, after, name):
    for line in difflib.unified_diff(before.split("\n"), after.split("\n"),
                                     f"recorded {name}", f"Spark {name}", n=4, lineterm=""):
        print(line)


ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def escape(text):
    return re.sub(r"[\\\x00-\x1f\x7f\ud800-\udfff]",
                  lambda m: ESCAPES.get(m[0]) or f"\\x{ord(m[0]):02x}", text)


def cell(text):
    """A cell as it is written: NULL is NULL, the text NULL is \\NULL, the empty text is \\e.

    A last space is written \\s, for no line shall end in white space.
    """
    if text is None:
        return "NULL"
    written = {"": "\\e", "NULL": "\\NULL"}.get(text) or escape(text)
    return written[:-1] + "\\s" if written.endswith(" ") else written


QUOTED_OR_COMMENT = (r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`"
                     r"|--[^\n]*|/\*.*?\*/")


def has_top_level_order(sql):
    """Whether the outermost query orders its rows: ORDER BY or SORT BY outside parentheses."""
    bare = re.sub(QUOTED_OR_COMMENT, " ", sql, flags=re.S)
    while True:
        shorter = re.sub(r"\([^()]*\)", " ", bare)
        if shorter == bare:
            return bool(re.search(r"\b(ORDER|SORT)\s+BY\b", bare, re.I))
        bare = shorter
