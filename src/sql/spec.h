// spec: the unresolved plan. SQL text and Spark Connect plans both become this, and nothing but the
// analyzer reads it. Nodes are immutable once built and shared (a CTE's or view's tree is reached from
// several places), hence shared_ptr<const …>.
//
// Operators are functions: "a + b" is Function{"+"}. Names follow Spark Connect: + - * / % div ==
// <=> != < <= > >= and or not in like ilike rlike isnull isnotnull when(cond, value, …, else?) between
// & | ^ ~ || negative positive shiftleft shiftright.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "types/data_type.h"
#include "types/value.h"

namespace ashlar::sql {

struct Expr;
struct Relation;
using ExprPtr = std::shared_ptr<const Expr>;
using RelationPtr = std::shared_ptr<const Relation>;
using NameParts = std::vector<std::string>;

// ---- expressions ------------------------------------------------------------------------------

struct SortOrder {
  ExprPtr expr;
  bool ascending = true;
  std::optional<bool> nulls_first;  // Spark's default when absent: first if ascending
};

struct LiteralExpr {
  Value value;
};
// a, t.a, c.s.t.a, s.field; also current_date and friends, which resolve to functions when no column
// has the name. plan_id: set by Connect, binds the column to one subtree.
struct AttributeExpr {
  NameParts name;
  std::optional<int64_t> plan_id;
};
// *, t.*, s.*; EXCEPT (…); REPLACE (… AS …) is not Spark's.
struct StarExpr {
  NameParts qualifier;
  std::vector<NameParts> except;
  std::optional<int64_t> plan_id;
};
// df.colRegex("`a.*`")
struct RegexExpr {
  std::string pattern;
  std::optional<int64_t> plan_id;
};
struct FunctionExpr {
  NameParts name;
  std::vector<ExprPtr> args;
  std::vector<std::pair<std::string, ExprPtr>> named_args;  // f(a => 1), after the positional ones
  bool distinct = false;
  bool ignore_nulls = false;
  ExprPtr filter;                      // FILTER (WHERE …)
  std::vector<SortOrder> within_group; // WITHIN GROUP (ORDER BY …), also ORDER BY inside the call
};
enum class CastMode { kDefault, kTry };  // kDefault: ANSI or legacy by the session
struct CastExpr {
  ExprPtr child;
  DataType type;
  CastMode mode = CastMode::kDefault;
};
struct AliasExpr {
  ExprPtr child;
  std::vector<std::string> names;  // more than one for generators with several columns
  std::string metadata;            // JSON object or empty
};
struct LambdaExpr {
  std::vector<std::string> params;
  ExprPtr body;
};
// A lambda parameter as Connect names it; SQL uses AttributeExpr and the analyzer looks outward.
struct LambdaVariableExpr {
  std::string name;
};
enum class FrameUnit { kRows, kRange };
struct FrameBound {
  enum class Kind { kUnboundedPreceding, kPreceding, kCurrentRow, kFollowing, kUnboundedFollowing };
  Kind kind = Kind::kCurrentRow;
  ExprPtr offset;  // for kPreceding and kFollowing
};
struct WindowFrame {
  FrameUnit unit = FrameUnit::kRows;
  FrameBound start;
  FrameBound end;
};
struct WindowSpec {
  std::vector<ExprPtr> partition_by;
  std::vector<SortOrder> order_by;
  std::optional<WindowFrame> frame;
};
// function OVER (…); named windows are already replaced by their definition.
struct WindowExpr {
  ExprPtr function;
  WindowSpec spec;
};
enum class SubqueryKind { kScalar, kExists, kIn };
struct SubqueryExpr {
  SubqueryKind kind = SubqueryKind::kScalar;
  RelationPtr plan;
  std::vector<ExprPtr> in_values;  // left side of IN
  std::optional<int64_t> plan_id;  // Connect: the plan stands in WithRelations
};
// a[b], and a.b where a is not a name
struct ExtractExpr {
  ExprPtr child;
  ExprPtr key;  // a string literal for field access
};
struct UpdateFieldExpr {
  ExprPtr child;
  std::string field;  // may be dotted
  ExprPtr value;      // null: drop the field
};
// :name or the n-th ?
struct ParameterExpr {
  std::string name;
  int position = -1;
};
// IDENTIFIER('a.b') as a column or function name; args when it is called.
struct IdentifierExpr {
  ExprPtr name;
  bool is_call = false;
  std::vector<ExprPtr> args;
};

struct Expr {
  SourceSpan span;
  std::variant<LiteralExpr, AttributeExpr, StarExpr, RegexExpr, FunctionExpr, CastExpr, AliasExpr,
               LambdaExpr, LambdaVariableExpr, WindowExpr, SubqueryExpr, ExtractExpr, UpdateFieldExpr,
               ParameterExpr, IdentifierExpr>
      node;
};

// ---- relations --------------------------------------------------------------------------------

struct TableRelation {
  NameParts name;  // 1 to 3 parts; {format, path} for delta.`/x`
  ExprPtr identifier;  // IDENTIFIER(…) instead of name
  ExprPtr version_as_of;
  ExprPtr timestamp_as_of;
  std::map<std::string, std::string> options;
};
// spark.read.format(…).load(…)
struct FileRelation {
  std::string format;
  std::vector<std::string> paths;
  std::map<std::string, std::string> options;
  std::optional<Schema> schema;
};
// range(…), explode(…), read_files(…), stack(…) in FROM
struct TableFunctionRelation {
  FunctionExpr call;
};
struct ValuesRelation {
  std::vector<std::vector<ExprPtr>> rows;
};
// Rows that came with the plan: Arrow IPC stream bytes and the schema the client wants them in.
struct LocalDataRelation {
  std::string arrow_ipc;
  std::optional<Schema> schema;
};
struct RangeRelation {
  int64_t start = 0;
  int64_t end = 0;
  int64_t step = 1;
};
struct OneRowRelation {};  // SELECT without FROM
struct ProjectRelation {
  RelationPtr input;
  std::vector<ExprPtr> exprs;
};
struct FilterRelation {
  RelationPtr input;
  ExprPtr condition;
};
enum class GroupingKind { kNone, kGroupBy, kRollup, kCube, kGroupingSets };
struct AggregateRelation {
  RelationPtr input;
  GroupingKind kind = GroupingKind::kGroupBy;
  std::vector<ExprPtr> grouping;  // the expressions; literals may be ordinals (SQL only)
  std::vector<std::vector<ExprPtr>> grouping_sets;
  bool group_by_all = false;
  std::vector<ExprPtr> exprs;     // the whole output list
  bool ordinals = true;           // integer literals in grouping are positions
  bool add_grouping_columns = false;  // DataFrame form: the grouping columns come before exprs
};
struct HavingRelation {
  RelationPtr input;  // an AggregateRelation or ProjectRelation
  ExprPtr condition;
};
struct QualifyRelation {
  RelationPtr input;
  ExprPtr condition;
};
enum class JoinKind { kInner, kLeft, kRight, kFull, kLeftSemi, kLeftAnti, kCross };
struct JoinRelation {
  RelationPtr left;
  RelationPtr right;
  JoinKind kind = JoinKind::kInner;
  ExprPtr condition;
  std::vector<std::string> using_columns;
  bool natural = false;
  bool lateral = false;
};
enum class SetOpKind { kUnion, kIntersect, kExcept };
struct SetOpRelation {
  RelationPtr left;
  RelationPtr right;
  SetOpKind kind = SetOpKind::kUnion;
  bool all = false;
  bool by_name = false;
  bool allow_missing_columns = false;
};
struct SortRelation {
  RelationPtr input;
  std::vector<SortOrder> order;
  bool order_by_all = false;  // `order` then is one entry without expr: the direction
  bool ordinals = true;
};
struct LimitRelation {
  RelationPtr input;
  ExprPtr limit;   // null: none (LIMIT ALL)
  ExprPtr offset;  // null: none
};
struct TailRelation {
  RelationPtr input;
  int64_t count = 0;
};
struct DistinctRelation {
  RelationPtr input;
  std::vector<std::string> columns;  // empty: all
};
struct AliasRelation {
  RelationPtr input;
  NameParts alias;
  std::vector<std::string> columns;
};
struct CteDefinition {
  std::string name;
  std::vector<std::string> columns;
  RelationPtr plan;
  std::optional<int64_t> max_level = std::nullopt;  // of a recursive one: MAX RECURSION LEVEL
};
struct WithRelation {
  std::vector<CteDefinition> definitions;
  bool recursive = false;
  RelationPtr input;
};
// LATERAL VIEW [OUTER] f(…) t AS a, b
struct GenerateRelation {
  RelationPtr input;
  FunctionExpr generator;
  bool outer = false;
  std::string alias;
  std::vector<std::string> columns;
};
struct PivotValue {
  ExprPtr value;      // a literal, or a struct of them for several pivot columns
  std::string alias;
};
struct PivotRelation {
  RelationPtr input;
  std::vector<ExprPtr> aggregates;
  std::vector<ExprPtr> pivot_columns;
  std::vector<PivotValue> values;     // empty: DataFrame form, distinct values are looked up
  std::vector<ExprPtr> grouping;      // DataFrame form; in SQL all columns not used elsewhere
  bool implicit_grouping = true;
};
struct UnpivotRelation {
  RelationPtr input;
  std::vector<ExprPtr> ids;                    // DataFrame form; in SQL all others
  bool implicit_ids = true;
  std::vector<std::vector<ExprPtr>> values;    // each as wide as value_columns
  std::vector<std::string> value_labels;       // alias of each, "" for its name
  bool all_values = false;                     // DataFrame form: every column but ids
  std::string variable_column;
  std::vector<std::string> value_columns;
  bool include_nulls = false;
};
struct WithColumnsRelation {
  RelationPtr input;
  std::vector<ExprPtr> aliases;  // AliasExpr each; replaces a column of the name or appends
};
struct RenameColumnsRelation {
  RelationPtr input;
  std::vector<std::pair<std::string, std::string>> renames;
};
struct DropColumnsRelation {
  RelationPtr input;
  std::vector<ExprPtr> columns;     // AttributeExpr
  std::vector<std::string> names;
};
struct ToDfRelation {
  RelationPtr input;
  std::vector<std::string> names;
};
struct ToSchemaRelation {
  RelationPtr input;
  Schema schema;
};
struct SampleRelation {
  RelationPtr input;
  double lower = 0;
  double upper = 1;
  std::optional<int64_t> rows;  // TABLESAMPLE (n ROWS)
  bool with_replacement = false;
  std::optional<int64_t> seed;
};
struct FillNaRelation {
  RelationPtr input;
  std::vector<std::string> columns;  // empty: all of a fitting type
  std::vector<Value> values;         // one, or one a column
};
struct DropNaRelation {
  RelationPtr input;
  std::vector<std::string> columns;
  std::optional<int> min_non_nulls;
};
struct ReplaceNaRelation {
  RelationPtr input;
  std::vector<std::string> columns;
  std::vector<std::pair<Value, Value>> replacements;
};
// describe(columns) and summary(statistics): rows of strings.
struct SummaryRelation {
  RelationPtr input;
  std::vector<std::string> columns;
  std::vector<std::string> statistics;
};
// Connect: plans that expressions of `input` refer to by plan id.
struct WithReferencesRelation {
  RelationPtr input;
  std::vector<RelationPtr> references;
};
// A query in text inside a plan (spark.sql as a relation), with its own parameters.
struct SqlTextRelation {
  std::string text;
  std::map<std::string, ExprPtr> named_parameters;
  std::vector<ExprPtr> positional_parameters;
};

struct Relation {
  SourceSpan span;
  std::optional<int64_t> plan_id;
  std::variant<TableRelation, FileRelation, TableFunctionRelation, ValuesRelation, LocalDataRelation,
               RangeRelation, OneRowRelation, ProjectRelation, FilterRelation, AggregateRelation,
               HavingRelation, QualifyRelation, JoinRelation, SetOpRelation, SortRelation,
               LimitRelation, TailRelation, DistinctRelation, AliasRelation, WithRelation,
               GenerateRelation, PivotRelation, UnpivotRelation, WithColumnsRelation,
               RenameColumnsRelation, DropColumnsRelation, ToDfRelation, ToSchemaRelation,
               SampleRelation, FillNaRelation, DropNaRelation, ReplaceNaRelation, SummaryRelation,
               WithReferencesRelation, SqlTextRelation>
      node;
};

template <typename Node>
ExprPtr MakeExpr(Node node, SourceSpan span = {}) {
  return std::make_shared<const Expr>(Expr{span, std::move(node)});
}
template <typename Node>
RelationPtr MakeRelation(Node node, SourceSpan span = {}) {
  return std::make_shared<const Relation>(Relation{span, std::nullopt, std::move(node)});
}

}  // namespace ashlar::sql
