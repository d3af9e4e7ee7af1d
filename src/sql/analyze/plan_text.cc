#include "sql/analyze/plan_text.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "sql/analyze/expr_text.h"
#include "sql/analyze/typed_tree.h"

namespace ashlar::sql {
namespace {

class Writer {
 public:
  Writer(const std::string& time_zone, bool resolved) : time_zone_(time_zone), resolved_(resolved) {}

  std::string Text(const TypedExpr& expr) {
    return std::visit([&](const auto& node) { return Of(node, expr); }, expr.node);
  }

 private:
  std::string Of(const LiteralNode& node, const TypedExpr&) { return PlainLiteralText(node.value, time_zone_); }

  std::string Of(const ColumnNode& node, const TypedExpr& expr) {
    if (!resolved_) return "'" + node.name;
    std::string text = node.name + "#" + std::to_string(node.id) + (expr.type.Is(TypeId::kLong) ? "L" : "");
    return parameters_.contains(node.id) ? "lambda " + text : text;
  }

  std::string Of(const CallNode& node, const TypedExpr&) {
    if (std::optional<std::string> moved = InstantMovedText(node)) return *moved;
    return Call(node.name, Texts(node.args));
  }

  // instant - INTERVAL 1 HOUR is instant + INTERVAL '-01' HOUR, without parentheses.
  std::optional<std::string> InstantMovedText(const CallNode& node) {
    bool minus = node.name == "-";
    if (node.args.size() != 2 || (!minus && node.name != "+")) return std::nullopt;
    const DataType& type = node.args[0]->type;
    const Value* interval = LiteralValue(*node.args[1]);
    bool instant = type.Is(TypeId::kTimestamp) || type.Is(TypeId::kTimestampNtz);
    if (!instant || !interval || interval->is_null() || !interval->type.Is(TypeId::kDayTimeInterval)) return std::nullopt;
    Value moved = *interval;
    if (minus) moved.data = -std::get<int64_t>(moved.data);
    return Text(*node.args[0]) + " + " + LiteralSql(moved, time_zone_);
  }

  std::string Of(const CastNode& node, const TypedExpr& expr) {
    if (!resolved_) return Text(*node.child);
    const char* name = node.mode == TypedCastMode::kTry ? "try_cast(" : "cast(";
    return name + Text(*node.child) + " as " + expr.type.SimpleString() + ")";
  }

  std::string Of(const CaseNode& node, const TypedExpr&) {
    std::vector<std::string> parts;
    for (const auto& [condition, value] : node.branches) {
      parts.push_back(Text(*condition));
      parts.push_back(Text(*value));
    }
    if (node.otherwise) parts.push_back(Text(*node.otherwise));
    return CallText("when", parts);
  }

  std::string Of(const FieldNode& node, const TypedExpr&) {
    return Text(*node.child) + "." + node.child->type.fields()[static_cast<size_t>(node.index)].name;
  }

  std::string Of(const LambdaNode& node, const TypedExpr&) {
    for (const Attribute& parameter : node.params) parameters_.insert(parameter.id);
    std::string text = "lambdafunction(" + Text(*node.body);
    for (const Attribute& parameter : node.params) text += ", " + Text(*MakeColumn(parameter));
    return text + ", false)";
  }

  std::string Of(const AggregateCallNode& node, const TypedExpr&) {
    return CallText(node.name, Texts(node.args), node.distinct);
  }
  std::string Of(const WindowNode& node, const TypedExpr&) { return Text(*node.function); }
  std::string Of(const GroupingNode&, const TypedExpr&) { return "grouping()"; }

  // The plan inside has a number in Spark and none here.
  std::string Of(const SubqueryNode& node, const TypedExpr&) {
    if (node.kind == SubqueryKind::kScalar) return "scalar-subquery []";
    if (node.kind == SubqueryKind::kExists) return "exists []";
    std::vector<std::string> values = Texts(node.in_values);
    return (values.size() == 1 ? values[0] : "(" + Join(values, ", ") + ")") + " IN (list [])";
  }

  std::vector<std::string> Texts(const std::vector<TypedExprPtr>& exprs) {
    std::vector<std::string> texts;
    for (const TypedExprPtr& expr : exprs) texts.push_back(Text(*expr));
    return texts;
  }

  std::string Call(const std::string& name, std::vector<std::string> args) const {
    // What Spark's expressions hold besides their operands.
    static const std::map<std::string, std::string, std::less<>> kNames = {
        {"startswith", "StartsWith"}, {"endswith", "EndsWith"}, {"contains", "Contains"}, {"nvl", "coalesce"}, {"ifnull", "coalesce"},
    };
    static const std::set<std::string, std::less<>> kZoned = {"hour", "minute", "second", "date_trunc", "date_format", "from_unixtime"};
    bool trims = name == "trim" || name == "ltrim" || name == "rtrim";
    if (trims && args.size() == 1) return name + "(" + args[0] + ", None)";
    if (name == "size" || name == "cardinality") args.push_back("false");
    if (name == "round" && args.size() == 1) args.push_back("0");
    if (name == "replace" && args.size() == 2) args.push_back("");
    if (kZoned.contains(name)) args.push_back("Some(" + time_zone_ + ")");
    if (auto spelled = kNames.find(name); spelled != kNames.end()) return CallText(spelled->second, args);
    if (name == "$inset") {
      std::string value = args[0];
      args.erase(args.begin());
      std::ranges::sort(args);
      return value + " INSET " + Join(args, ", ");
    }
    if (name == "isnull" || name == "isnotnull") return name + "(" + args[0] + ")";
    if (name == "not") return "NOT " + args[0];
    if (name == "negative") return "-" + args[0];
    if (name == "if" && args.size() == 3) return "if (" + args[0] + ") " + args[1] + " else " + args[2];
    if (name == "in") {
      std::string value = args[0];
      args.erase(args.begin());
      return value + " IN (" + Join(args, ",") + ")";
    }
    return CallText(name, args);
  }

  const std::string& time_zone_;
  const bool resolved_;
  std::set<AttributeId> parameters_;  // of the lambdas around
};

}  // namespace

std::string PlanText(const TypedExpr& expr, const std::string& time_zone) {
  std::string text = Writer(time_zone, true).Text(expr);
  // A column by itself is shown with its type.
  return AsColumn(expr) ? text + ": " + expr.type.SimpleString() : text;
}

std::string UnresolvedPlanText(const TypedExpr& expr, const std::string& time_zone) {
  return Writer(time_zone, false).Text(expr);
}

}  // namespace ashlar::sql
