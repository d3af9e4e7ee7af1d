"""The repository as tidy sees it: its files, its module() declarations and the edge table."""

import json
import pathlib
import re

SKIPPED_FOLDERS = {'build', 'node_modules', 'dist', '__pycache__', 'third_party'}
TEXT_SUFFIXES = {
    '.c', '.cc', '.cmake', '.cpp', '.css', '.csv', '.h', '.hpp', '.html', '.js', '.json', '.md', '.proto',
    '.py', '.scala', '.sh', '.sql', '.test', '.toml', '.ts', '.tsx', '.txt', '.yaml', '.yml', ''}
ARCHIVE_SUFFIXES = {'.crate', '.deb', '.gz', '.jar', '.so', '.tgz', '.whl', '.xz', '.zip'}
_KEYWORDS = ('NAME', 'DEPS', 'SRCS', 'TESTS', 'USES', 'TEST_DEPS', 'TEST_USES', 'PROTOS')


class Source:
    """One text file; path is relative to the repository, with slashes."""

    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding='utf-8', errors='replace')
        self.suffix = path.suffix
        self.stem = path.stem
        parts = self.path.split('/')
        self.module = parts[1] if parts[0] == 'src' and len(parts) > 2 else None
        self.is_cpp = path.suffix in ('.h', '.cc', '.hpp', '.cpp')
        self.is_test = self.stem.endswith('_test') or self.stem.startswith('test_') or parts[0] == 'tests'

    @property
    def lines(self):
        return self.text.count('\n') + (not self.text.endswith('\n') and self.text != '')


class Project:
    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        table = json.loads((self.root / 'cmake/module_edges.json').read_text(encoding='utf-8'))
        self.externals = table['externals']
        self.mains = {main['main']: set(main['may']) for main in table['mains']}
        self.never_reach = [(rule['from'], rule['to']) for rule in table['never_reach']]
        self.may = {}
        for entry in table['modules']:
            allowed = set(entry['may'])
            for parent in entry.get('extends', []):
                allowed |= {parent} | self.may[parent]
            self.may[entry['name']] = allowed
        paths = list(self._paths(self.root))
        # A file named .git is one of a linked work tree.
        self.files = [Source(self.root, path) for path in paths if path.suffix in TEXT_SUFFIXES and path.name != '.git']
        self.archives = [path.relative_to(self.root).as_posix() for path in paths if path.suffix in ARCHIVE_SUFFIXES]
        self.declared = {name: declared for name in self.may
                         if (declared := self._declaration(name)) is not None}
        self.fuzzed = self._fuzzed_modules()

    def _paths(self, folder):
        for path in sorted(folder.iterdir()):
            if path.is_symlink():
                continue
            if path.is_dir():
                hidden = path.name.startswith('.') and path.name not in ('.ci', '.github')
                if path.name not in SKIPPED_FOLDERS and not hidden:
                    yield from self._paths(path)
            else:
                yield path

    def _declaration(self, name):
        """The arguments of the module() call in src/<name>/CMakeLists.txt, as lists by keyword."""
        path = self.root / 'src' / name / 'CMakeLists.txt'
        if not path.exists():
            return None
        text = re.sub(r'#[^\n]*', '', path.read_text(encoding='utf-8'))
        call = re.search(r'(?<!\w)module\s*\(([^()]*)\)', text)
        arguments = {keyword: [] for keyword in _KEYWORDS}
        keyword = None
        for word in call[1].split() if call else []:
            if word in arguments:
                keyword = word
            elif keyword:
                arguments[keyword].append(word)
        return arguments

    def _fuzzed_modules(self):
        """What the preset `fuzz` compiles, with clang: the modules that it names and what their DEPS reach."""
        path = self.root / 'CMakePresets.json'
        presets = json.loads(path.read_text(encoding='utf-8'))['configurePresets'] if path.exists() else []
        reached = set()
        waiting = [name for preset in presets if preset['name'] == 'fuzz'
                   for name in preset['cacheVariables']['ASHLAR_ONLY'].split(';')]
        while waiting:
            name = waiting.pop()
            if name in self.declared and name not in reached:
                reached.add(name)
                waiting += self.declared[name]['DEPS']
        return reached

    def cpp(self, under='src/'):
        return [file for file in self.files if file.is_cpp and file.path.startswith(under)]

    def external_of(self, header):
        """The third-party library a header belongs to, or None."""
        for name, external in self.externals.items():
            for known in external['headers']:
                is_prefix = not known.endswith(('.h', '.hpp'))
                if header == known or is_prefix and header.startswith(known):
                    return name
        return None
