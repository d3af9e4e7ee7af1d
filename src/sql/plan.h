// The typed plan: what the analyzer makes and the engine lowers. Every column has an id that is unique
// in the statement; every expression has its Spark type and nullability; every implicit cast is an
// explicit Cast; functions carry how they are lowered. Trees are immutable and shared
// (shared_ptr<const …>), as in spec.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "sql/catalog_view.h"
#include "sql/spec.h"
#include "types/data_type.h"
#include "types/value.h"

namespace ashlar::sql {

using AttributeId = int64_t;

struct Attribute {
  AttributeId id = 0;
  std::string name;  // as shown to the user
  DataType type;
  bool nullable = true;
  std::string metadata = "{}";
};

struct TypedExpr;
struct Plan;
using TypedExprPtr = std::shared_ptr<const TypedExpr>;
using PlanPtr = std::shared_ptr<const Plan>;

// ---- expressions ------------------------------------------------------------------------------

struct TypedSortOrder {
  TypedExprPtr expr;
  bool ascending = true;
  bool nulls_first = true;
};

struct LiteralNode {
  Value value;
};
// A column of an input, of an outer query (correlated), or a lambda's parameter.
struct ColumnNode {
  AttributeId id = 0;
  std::string name;
};
// A scalar function or operator. `lowering` is a template over DuckDB SQL:
//   {0} {1} …  the lowered arguments     {*}  all of them, comma separated     {1*} from the 1st on
//   {type} DuckDB's type of the result   {type0} of an argument
//   {element0} DuckDB's type of an array argument's elements
//   {1.packed} a lambda whose parameters are the fields p0, p1, … of its one struct parameter
//   {1.reduce} a lambda (accumulator, element) over structs (p0, p1) as list_reduce wants it
//   {p} {s} precision and scale of a decimal result; {p0} {s0} of an argument
//   {tz} the session time zone as a SQL string literal
//   {span} "begin, end" of the call in the statement's text, for functions that can throw
struct CallNode {
  std::string name;  // Spark's
  std::string lowering;
  std::vector<TypedExprPtr> args;
  bool deterministic = true;
  bool can_throw = false;  // may raise at run time: must not be evaluated for rows not selected
};
enum class TypedCastMode { kAnsi, kLegacy, kTry };
// To the expression's own type.
struct CastNode {
  TypedExprPtr child;
  TypedCastMode mode = TypedCastMode::kAnsi;
};
struct CaseNode {
  std::vector<std::pair<TypedExprPtr, TypedExprPtr>> branches;  // condition, value
  TypedExprPtr otherwise;                                       // null: NULL
};
struct FieldNode {
  TypedExprPtr child;  // of struct type
  int index = 0;
};
struct LambdaNode {
  std::vector<Attribute> params;
  TypedExprPtr body;
};
// An aggregate function; only inside AggregatePlan::aggregates or as the function of a WindowNode.
struct AggregateCallNode {
  std::string name;
  std::string lowering;  // as in CallNode; DISTINCT, FILTER and ORDER BY are added by the engine where
                         //   the template has {distinct} and after its closing parenthesis; see there
  std::vector<TypedExprPtr> args;
  bool distinct = false;
  TypedExprPtr filter;
  std::vector<TypedSortOrder> order_by;
  // Applied to the aggregate's result, over {0}: e.g. a cast of DuckDB's HUGEINT sum. Empty: none.
  std::string finish;
};
struct TypedFrameBound {
  FrameBound::Kind kind = FrameBound::Kind::kCurrentRow;
  TypedExprPtr offset;
};
struct TypedFrame {
  FrameUnit unit = FrameUnit::kRange;
  TypedFrameBound start;
  TypedFrameBound end;
};
// `function` is an AggregateCallNode or a CallNode of a window function (rank, lag, …).
struct WindowNode {
  TypedExprPtr function;
  bool ignore_nulls = false;
  std::vector<TypedExprPtr> partition_by;
  std::vector<TypedSortOrder> order_by;
  std::optional<TypedFrame> frame;
};
struct SubqueryNode {
  SubqueryKind kind = SubqueryKind::kScalar;
  PlanPtr plan;
  std::vector<TypedExprPtr> in_values;
};
// grouping(c) when one column; grouping_id(c, …) otherwise. Only above an AggregatePlan with sets.
struct GroupingNode {
  std::vector<AttributeId> columns;  // of AggregatePlan::grouping
};

struct TypedExpr {
  DataType type;
  bool nullable = true;
  SourceSpan span;
  std::variant<LiteralNode, ColumnNode, CallNode, CastNode, CaseNode, FieldNode, LambdaNode,
               AggregateCallNode, WindowNode, SubqueryNode, GroupingNode>
      node;
};

// An expression with the column it makes.
struct NamedExpr {
  Attribute attribute;
  TypedExprPtr expr;
};

// ---- plans ------------------------------------------------------------------------------------

// Reads a table or files. output[i] is column column_indexes[i] of handle->schema().
struct ScanPlan {
  std::shared_ptr<const TableHandle> table;
  std::vector<int> column_indexes;
  // For row changes: the file (its index in the table's snapshot) and the physical row number of each
  // row, both bigint, as the last two columns of the output.
  bool with_row_position = false;
};
struct ValuesPlan {
  std::vector<std::vector<TypedExprPtr>> rows;
};
struct LocalDataPlan {
  std::shared_ptr<const std::string> arrow_ipc;  // columns in the order of the output
};
struct RangePlan {
  int64_t start = 0, end = 0, step = 1;
};
struct ProjectPlan {
  PlanPtr input;
  std::vector<NamedExpr> columns;
};
struct FilterPlan {
  PlanPtr input;
  TypedExprPtr condition;
};
// Output: grouping columns, then aggregates. Without grouping: one row.
struct AggregatePlan {
  PlanPtr input;
  std::vector<NamedExpr> grouping;
  // Indexes into `grouping`; empty: one set with all. Present for ROLLUP, CUBE and GROUPING SETS.
  std::vector<std::vector<int>> grouping_sets;
  std::vector<NamedExpr> aggregates;  // each an AggregateCallNode or GroupingNode, nothing around it
};
// Output: the input's columns, then the windows.
struct WindowPlan {
  PlanPtr input;
  std::vector<NamedExpr> windows;  // each a WindowNode
};
struct JoinPlan {
  PlanPtr left;
  PlanPtr right;
  JoinKind kind = JoinKind::kInner;
  TypedExprPtr condition;  // null: none
  bool lateral = false;
};
struct SetOpPlan {
  PlanPtr left;
  PlanPtr right;  // same types as left, column by column
  SetOpKind kind = SetOpKind::kUnion;
  bool all = false;
};
struct SortPlan {
  PlanPtr input;
  std::vector<TypedSortOrder> order;
};
struct LimitPlan {
  PlanPtr input;
  std::optional<int64_t> limit;
  int64_t offset = 0;
};
struct TailPlan {
  PlanPtr input;
  int64_t count = 0;
};
struct DistinctPlan {
  PlanPtr input;
  std::vector<AttributeId> on;  // empty: all columns
};
// One output row for each row of a generator. Output: the input's columns, then the generator's.
enum class GeneratorKind { kExplode, kPosExplode, kInline, kStack, kJsonTuple };
struct GeneratePlan {
  PlanPtr input;
  GeneratorKind kind = GeneratorKind::kExplode;
  std::vector<TypedExprPtr> args;
  bool outer = false;
};
struct SamplePlan {
  PlanPtr input;
  double fraction = 1;
  std::optional<int64_t> rows;
  std::optional<int64_t> seed;
};
// Definitions used several times or recursively; referred to by CteRefPlan.
struct CteDefinitionPlan {
  int64_t cte_id = 0;
  PlanPtr plan;              // its output names the columns; recursive: the anchor
  PlanPtr recursive_plan;    // null unless recursive
  std::optional<int64_t> max_level = std::nullopt;  // MAX RECURSION LEVEL
};
struct CtePlan {
  std::vector<CteDefinitionPlan> definitions;
  PlanPtr input;
};
struct CteRefPlan {
  int64_t cte_id = 0;  // output has fresh ids, in the definition's column order
};
// Only leak-proof predicates may be pushed below it.
struct SecurityBarrierPlan {
  PlanPtr input;
};
struct OneRowPlan {};
struct EmptyPlan {};

struct Plan {
  std::vector<Attribute> output;
  std::variant<ScanPlan, ValuesPlan, LocalDataPlan, RangePlan, ProjectPlan, FilterPlan, AggregatePlan,
               WindowPlan, JoinPlan, SetOpPlan, SortPlan, LimitPlan, TailPlan, DistinctPlan,
               GeneratePlan, SamplePlan, CtePlan, CteRefPlan, SecurityBarrierPlan, OneRowPlan, EmptyPlan>
      node;
};

}  // namespace ashlar::sql
