"""Each rule fires on a small tree that breaks it, and stays silent on one that does not."""

import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import cpp  # noqa: E402
import tidy  # noqa: E402

TABLE = {
    'modules': [
        {'name': 'base', 'may': []},
        {'name': 'metadb', 'may': ['base']},
        {'name': 'engine', 'may': ['base']},
        {'name': 'session', 'extends': ['engine'], 'may': []},
        {'name': 'serve', 'may': ['base', 'metadb']},
        {'name': 'driver', 'extends': ['session'], 'may': []},
        {'name': 'cli', 'may': ['base']},
    ],
    'mains': [{'name': 'ashlar', 'main': 'src/cli/main.cc', 'may': ['base', 'cli', 'serve']}],
    'never_reach': [{'from': 'serve', 'to': 'engine'}, {'from': 'driver', 'to': 'metadb'}],
    'externals': {
        'duckdb': {'headers': ['duckdb.hpp', 'duckdb/'], 'only_in': ['engine']},
        'openssl': {'headers': ['openssl/']},
        'protobuf': {'headers': ['google/protobuf/']},
    },
}


@pytest.fixture
def tree(tmp_path):
    """A clean tree of two modules; call it with {path: text} to add files, get the findings back."""
    def add(files=(), table=None):
        (tmp_path / 'cmake').mkdir(exist_ok=True)
        (tmp_path / 'cmake/module_edges.json').write_text(json.dumps(table or TABLE))
        for path, text in {**CLEAN, **dict(files)}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        return [(finding.rule, finding.path, finding.line) for finding in tidy.check(tmp_path)]
    return add


CLEAN = {
    'src/base/CMakeLists.txt': 'module(NAME base SRCS id.cc TESTS id_test.cc)\n',
    'src/base/id.h': '#pragma once\n#include <string>\n',
    'src/base/id.cc': '#include "base/id.h"\n#include <unistd.h>\nint Id() { return 1; }\n',
    'src/base/id_test.cc': '#include <gtest/gtest.h>\n#include "base/id.h"\n',
}


def engine(text, deps='base', uses='duckdb'):
    return {'src/engine/CMakeLists.txt': f'module(NAME engine DEPS {deps} SRCS run.cc USES {uses})\n',
            'src/engine/run.cc': text}


def test_a_clean_tree_has_no_findings(tree):
    assert tree() == []


def test_an_allowed_and_declared_edge_passes(tree):
    assert tree(engine('#include "base/id.h"\n#include <duckdb.hpp>\n')) == []


def test_an_edge_outside_the_table_fails(tree):
    files = engine('#include "metadb/x.h"\n') | {'src/metadb/x.h': ''}
    assert ('edges', 'src/engine/run.cc', 1) in tree(files)


def test_an_allowed_edge_that_deps_do_not_name_fails(tree):
    assert ('edges', 'src/engine/run.cc', 2) in tree(engine('\n#include "base/id.h"\n', deps=''))


def test_deps_outside_the_table_fail(tree):
    assert ('edges', 'src/engine/CMakeLists.txt', 1) in tree(engine('', deps='base metadb'))


def test_a_module_the_table_does_not_know_fails(tree):
    assert ('edges', 'src/fancy/a.cc', 1) in tree({'src/fancy/a.cc': ''})


def test_test_deps_are_for_tests_only(tree):
    files = {'src/session/CMakeLists.txt': 'module(NAME session SRCS a.cc TESTS a_test.cc TEST_DEPS base)\n',
             'src/session/a.cc': '#include "base/id.h"\n', 'src/session/a_test.cc': '#include "base/id.h"\n'}
    assert tree(files) == [('edges', 'src/session/a.cc', 1)]


def test_a_main_may_include_what_the_table_gives_it(tree):
    files = {'src/cli/main.cc': '#include <iostream>\n#include "serve/serve.h"\n', 'src/serve/serve.h': ''}
    assert tree(files) == []


@pytest.mark.parametrize('text', [
    '#include <openssl/sha.h>\n', '#include <roaring/roaring.hh>\n', '#include "id.h"\n',
    '#include "link/link.pb.h"\n', '#include <gtest/gtest.h>\n', '  # include <duckdb/main/config.hpp>\n'])
def test_a_header_of_an_unlisted_library_fails(tree, text):
    assert ('externals', 'src/engine/run.cc', 1) in tree(engine(text, uses=''))


def test_generated_protobuf_headers_need_protobuf(tree):
    assert tree(engine('#include "spark/connect/base.pb.h"\n', uses='protobuf')) == []


def test_a_library_stays_in_its_module(tree):
    files = {'src/metadb/CMakeLists.txt': 'module(NAME metadb USES duckdb)\n'}
    assert tree(files) == [('externals', 'src/metadb/CMakeLists.txt', 1)]


def test_an_include_in_a_comment_does_not_count(tree):
    assert tree(engine('/*\n#include <openssl/sha.h>\n*/\n// #include "metadb/x.h"\n')) == []


def test_serve_reaches_no_engine_through_others(tree):
    files = {'src/serve/CMakeLists.txt': 'module(NAME serve DEPS metadb)\n',
             'src/metadb/CMakeLists.txt': 'module(NAME metadb DEPS engine)\n'}
    assert ('reach', 'cmake/module_edges.json', 1) in tree(files)


def test_driver_reaches_no_metadb_by_includes(tree):
    files = {'src/driver/CMakeLists.txt': 'module(NAME driver DEPS session SRCS a.cc)\n',
             'src/driver/a.cc': '#include "session/s.h"\n',
             'src/session/CMakeLists.txt': 'module(NAME session)\n',
             'src/session/s.h': '#include "metadb/m.h"\n', 'src/metadb/m.h': ''}
    assert ('reach', 'cmake/module_edges.json', 1) in tree(files)


def test_the_table_itself_must_keep_the_planes_apart(tree):
    table = json.loads(json.dumps(TABLE))
    table['modules'][4]['may'].append('session')
    assert ('reach', 'cmake/module_edges.json', 1) in tree(table=table)


@pytest.mark.parametrize('path, cap', [
    ('src/base/id.h', 400), ('src/base/id.cc', 800), ('src/base/id_test.cc', 1500), ('tools/gen/gen.py', 800)])
def test_a_file_fits_its_cap(tree, path, cap):
    text = CLEAN.get(path, '')
    padding = cap - text.count('\n')
    assert tree({path: text + '\n' * padding}) == []
    assert tree({path: text + '\n' * (padding + 1)}) == [('file-size', path, 1)]


def test_a_function_fits_its_cap(tree):
    def source(lines):
        return '#include "base/id.h"\nint Id() {\n' + '\n' * (lines - 2) + '}\n'
    assert tree({'src/base/id.cc': source(70)}) == []
    assert tree({'src/base/id.cc': source(71)}) == [('function-size', 'src/base/id.cc', 2)]


def test_a_source_that_is_not_built_is_dead(tree):
    assert tree({'src/base/old.cc': ''}) == [('dead-file', 'src/base/old.cc', 1)]


def test_a_header_that_nobody_includes_is_dead(tree):
    assert tree({'src/base/old.h': ''}) == [('dead-file', 'src/base/old.h', 1)]


def test_an_archive_is_only_a_test_s_data(tree):
    assert tree({'a-1.0-py3-none-any.whl': '', 'tests/demo/trips.zip': ''}) == [('archive', 'a-1.0-py3-none-any.whl', 1)]


@pytest.mark.parametrize('path', [
    'tools/string_utils.py', 'docs/misc/a.md', 'tests/common/a.py', 'tools/helper.sh', 'tests/core/a.py'])
def test_a_name_must_say_something(tree, path):
    assert tree({path: ''}) == [('names', path, 1)]


def test_core_is_fine_as_part_of_a_name(tree):
    assert tree({'docs/core_functions.md': ''}) == []


@pytest.mark.parametrize('folder', ['root', 'home', 'work'])
def test_a_path_of_one_machine_fails(tree, folder):
    assert tree({'docs/a.md': f'see /{folder}/x\n'}) == [('machine-path', 'docs/a.md', 1)]
    assert tree({'docs/a.md': f'see $X/{folder}/x or a/{folder}/x\n'}) == []


@pytest.mark.parametrize('word', ['TO' + 'DO', 'FIX' + 'ME'])
def test_nothing_is_left_for_later(tree, word):
    assert tree({'web/src/a.ts': f'\n// {word}: later\n'}) == [('unfinished', 'web/src/a.ts', 2)]


@pytest.mark.parametrize('rule, line', [
    ('regex', '#include <regex>'), ('regex', 'std::regex r;'), ('iostream', '#include <iostream>'),
    ('clock', 'auto t = std::chrono::system_clock::now();')])
def test_bans_hold_in_sources(tree, rule, line):
    assert tree(engine(line + '\n')) == [(rule, 'src/engine/run.cc', 1)]
    assert tree(engine('// ' + line + '\n')) == []


def test_base_may_ask_the_clock(tree):
    assert tree({'src/base/id.cc': '#include "base/id.h"\nauto t = std::chrono::system_clock::now();\n'}) == []


FUZZED = {
    'CMakePresets.json': json.dumps({'configurePresets': [{'name': 'fuzz', 'cacheVariables': {'ASHLAR_ONLY': 'metadb'}}]}),
    'src/metadb/CMakeLists.txt': 'module(NAME metadb DEPS base SRCS m.cc)\n', 'src/metadb/m.cc': ''}


@pytest.mark.parametrize('path', ['src/metadb/m.cc', 'src/base/id.h', 'tests/fuzz/a.cc'])
@pytest.mark.parametrize('text', ['std::ranges::stable_partition(all, known);', 'for (int i : std::views::iota(0, 3)) {}',
                                  'auto [a, b] = std::ranges::equal_range(all, 1);', 'std::ranges::reverse_view(all);',
                                  'void F() { auto [a, b] = Pair(); Do([&] { return a; }); }',
                                  'void F() { for (const auto& [a, b] : all) { Do([n, &b](int i) { return i; }); } }'])
def test_what_clang_does_not_take_stays_out_of_what_it_compiles(tree, path, text):
    assert tree(FUZZED | {path: f'\n{text}\n'}) == [('clang', path, 2)]


def test_other_modules_are_not_compiled_by_clang(tree):
    assert tree(FUZZED | engine('std::ranges::stable_partition(all, known);\n')) == []


@pytest.mark.parametrize('text', [
    'std::ranges::partition_point(all, known); std::ranges::unique_copy(all, out); std::remove(a, b, 1); // std::views::all',
    'void F() { auto [a, b] = Pair(); Do([&b = b] { return b; }); Do([&] { return c.a + c->b; }); }',
    'void F() { { auto [a, b] = Pair(); } int a = 1; Do([a] { return a; }); Do(all[a]); }'])
def test_clang_takes_the_rest(tree, text):
    assert tree(FUZZED | {'src/metadb/m.cc': text}) == []


def exceptions(*entries):
    return {'tools/tidy/exceptions.json': json.dumps(entries)}


def test_an_exception_lets_one_finding_through(tree):
    old = {'src/base/old.h': ''}
    entry = {'rule': 'dead-file', 'path': 'src/base/old.h', 'reason': 'public interface'}
    assert tree(old | exceptions(entry)) == []
    assert tree(old | exceptions(entry | {'reason': ''})) == [('exceptions', 'tools/tidy/exceptions.json', 1)]


def test_an_exception_that_is_not_needed_fails(tree):
    entry = {'rule': 'dead-file', 'path': 'src/base/gone.h', 'reason': 'x'}
    assert tree(exceptions(entry)) == [('exceptions', 'tools/tidy/exceptions.json', 1)]


def test_an_exception_holds_up_to_its_size(tree):
    big = {'src/base/id.h': '\n' * 450}
    entry = {'rule': 'file-size', 'path': 'src/base/id.h', 'reason': 'x', 'size': 450}
    assert tree(big | exceptions(entry)) == []
    assert ('file-size', 'src/base/id.h', 1) in tree(big | exceptions(entry | {'size': 449}))


FUNCTIONS = r'''
namespace ashlar {                       // 2
namespace {
struct Plain : Base<(1)> {
  int a{1};
  void Method() const noexcept override {
  }
};                                       // 8
enum class Kind : int { kA, kB };
const std::map<int, Fn> kTable = {
    {1, [](int x) {
      return x;
    }},
    {2, Make("}{", '{', 1'000)},         // 14
};
constexpr char kText[] = R"(void Fake() {
  {{{ )";
}  // namespace
Thing::Thing(int a) : a_(a), b_{2},
    c_{3} {                              // 20
  if (a) { for (;;) { auto f = [&] { return 1; }; } }
}
auto Free(std::vector<int> v = {}) -> std::vector<int> {
  return {1};
}
template <class T> requires std::integral<T>
T Generic(T t) {                         // 27
  struct Local { void Inner() {} };
  return t;
}
#define OPEN {
static const bool kRegistered = Register("x", [] {
  return true;
});                                      // 34
TEST(Suite, Name) {
}
}  // namespace ashlar
'''


def test_functions_are_found_among_braces_of_other_kinds():
    assert list(cpp.functions(FUNCTIONS)) == [
        (6, 2, 'Method'), (11, 3, 'lambda'), (20, 3, 'Thing::Thing'), (23, 3, 'Free'),
        (27, 4, 'Generic'), (32, 3, 'Register'), (35, 2, 'TEST')]
