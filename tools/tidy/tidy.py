"""The tree polices itself: layers, sizes, bans and dead files. Prints what breaks a rule and fails.

usage: tidy.py [ROOT]

tools/tidy/exceptions.json lists what is let through: [{"rule", "path", "reason", "size"?}]. An exception
that is no longer needed fails too, and one for a size holds only up to that size: limits only tighten.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from project import Project  # noqa: E402
from rules import RULES, Finding  # noqa: E402

EXCEPTIONS = 'tools/tidy/exceptions.json'


def read_exceptions(root):
    path = pathlib.Path(root) / EXCEPTIONS
    return json.loads(path.read_text(encoding='utf-8')) if path.exists() else []


def excused(finding, exception):
    return ((exception['rule'], exception['path']) == (finding.rule, finding.path)
            and finding.size <= exception.get('size', 0))


def check(root):
    """All findings of the tree at root, exceptions applied."""
    project = Project(root)
    exceptions = read_exceptions(root)
    found = [finding for rule in RULES for finding in rule(project)]
    kept = [finding for finding in found if not any(excused(finding, e) for e in exceptions)]
    for exception in exceptions:
        if not exception.get('reason'):
            kept.append(Finding('exceptions', EXCEPTIONS, 1, f'{exception["path"]}: no reason given'))
        if not any(excused(finding, exception) for finding in found):
            kept.append(Finding('exceptions', EXCEPTIONS, 1,
                                f'{exception["rule"]} of {exception["path"]} is not needed (any more)'))
    return sorted(kept, key=lambda finding: (finding.path, finding.line))


def main(root):
    findings = check(root)
    for finding in findings:
        print(f'{finding.path}:{finding.line}: [{finding.rule}] {finding.message}')
    print(f'tidy: {len(findings)} findings')
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else '.'))
