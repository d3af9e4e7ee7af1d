#include "sql/analyze/optimized_condition.h"

#include <algorithm>
#include <map>

#include "sql/analyze/typed_tree.h"
#include "sql/coercion.h"

namespace ashlar::sql {
namespace {

constexpr size_t kLongList = 10;  // longer lists of IN become a set

// a > b is not a <= b, and b < a.
struct Comparison {
  const char* negated;
  const char* mirrored;
};
const std::map<std::string, Comparison, std::less<>>& Comparisons() {
  static const std::map<std::string, Comparison, std::less<>> kComparisons = {
      {">", {"<=", "<"}}, {">=", {"<", "<="}}, {"<", {">=", ">"}}, {"<=", {">", ">="}}, {"==", {"", "=="}}, {"<=>", {"", "<=>"}},
  };
  return kComparisons;
}

const CallNode* CallOf(const TypedExprPtr& expr, std::string_view name) {
  const auto* call = std::get_if<CallNode>(&expr->node);
  return call && call->name == name ? call : nullptr;
}

bool IsBoolean(const TypedExprPtr& expr, bool value) {
  const Value* literal = LiteralValue(*expr);
  return literal && !literal->is_null() && literal->type.Is(TypeId::kBoolean) && std::get<bool>(literal->data) == value;
}

TypedExprPtr Boolean(bool value) { return MakeLiteral(Value::Boolean(value)); }

TypedExprPtr Call(std::string name, std::vector<TypedExprPtr> args, const DataType& type = TypeId::kBoolean) {
  CallNode node;
  node.name = std::move(name);
  node.args = std::move(args);
  return MakeTyped(type, true, {}, std::move(node));
}

class Optimizer {
 public:
  explicit Optimizer(const EvaluateConstant& evaluate) : evaluate_(evaluate) {}

  TypedExprPtr Optimize(const TypedExprPtr& expr) {
    if (LiteralValue(*expr) != nullptr) return expr;
    if (IsConstant(expr)) {
      std::optional<Value> value = evaluate_(expr);
      return value ? MakeLiteral(*std::move(value), expr->span) : expr;
    }
    // The operands first.
    TypedExprPtr made = RewriteExpr(expr, [&](const TypedExprPtr& part) -> TypedExprPtr {
      if (part == expr) return nullptr;
      return std::holds_alternative<LambdaNode>(part->node) ? part : Optimize(part);
    });
    return Simplify(made);
  }

 private:
  static bool IsConstant(const TypedExprPtr& expr) {
    bool constant = IsDeterministic(expr);
    VisitExpr(expr, [&](const TypedExpr& part) {
      bool varies = std::holds_alternative<ColumnNode>(part.node) || std::holds_alternative<SubqueryNode>(part.node) ||
                    std::holds_alternative<LambdaNode>(part.node);
      constant = constant && !varies;
      return constant;
    });
    return constant;
  }

  TypedExprPtr Simplify(const TypedExprPtr& expr) {
    if (const auto* branches = std::get_if<CaseNode>(&expr->node)) return Branches(*branches, expr);
    const auto* call = std::get_if<CallNode>(&expr->node);
    if (call == nullptr) return expr;
    const std::vector<TypedExprPtr>& args = call->args;
    if (call->name == "not") return Not(args[0], expr);
    if (call->name == "and" || call->name == "or") return Junction(*call, expr);
    if (call->name == "in") return In(*call, expr);
    if (call->name == "like" || call->name == "ilike") return Like(*call, expr);
    if (call->name == "isnull" && !args[0]->nullable) return Boolean(false);
    if (call->name == "isnotnull" && !args[0]->nullable) return Boolean(true);
    if (call->name == "nullif") {
      return Call("if", {Call("==", {args[0], args[1]}), MakeLiteral(Value::Null(expr->type)), args[0]}, expr->type);
    }
    if (call->name == "if" && IsBoolean(args[1], true) && IsBoolean(args[2], false)) return Call("<=>", {args[0], Boolean(true)});
    if (Comparisons().contains(call->name) && args.size() == 2) return Compare(*call, expr);
    return expr;
  }

  TypedExprPtr Not(const TypedExprPtr& child, const TypedExprPtr& expr) {
    if (const CallNode* inner = CallOf(child, "not")) return inner->args[0];
    if (const CallNode* both = CallOf(child, "and")) return Simplify(Call("or", Negated(both->args)));
    if (const CallNode* either = CallOf(child, "or")) return Simplify(Call("and", Negated(either->args)));
    if (const CallNode* null = CallOf(child, "isnull")) return Call("isnotnull", null->args);
    if (const CallNode* value = CallOf(child, "isnotnull")) return Call("isnull", value->args);
    const auto* call = std::get_if<CallNode>(&child->node);
    auto comparison = call ? Comparisons().find(call->name) : Comparisons().end();
    if (comparison == Comparisons().end() || *comparison->second.negated == '\0') return expr;
    return Call(comparison->second.negated, call->args);
  }

  std::vector<TypedExprPtr> Negated(const std::vector<TypedExprPtr>& args) {
    std::vector<TypedExprPtr> negated;
    for (const TypedExprPtr& arg : args) negated.push_back(Not(arg, Call("not", {arg})));
    return negated;
  }

  static TypedExprPtr Junction(const CallNode& call, const TypedExprPtr& expr) {
    bool neutral = call.name == "and";
    for (size_t i : {0, 1}) {
      if (IsBoolean(call.args[i], neutral)) return call.args[1 - i];
      if (IsBoolean(call.args[i], !neutral)) return Boolean(!neutral);
    }
    return expr;
  }

  TypedExprPtr In(const CallNode& call, const TypedExprPtr& expr) {
    std::vector<TypedExprPtr> args = {call.args[0]};
    bool literals = true;
    for (size_t i = 1; i < call.args.size(); ++i) {
      literals = literals && LiteralValue(*call.args[i]) != nullptr;
      bool known = std::any_of(args.begin() + 1, args.end(), [&](const TypedExprPtr& arg) { return SameExpr(*arg, *call.args[i]); });
      if (!known) args.push_back(call.args[i]);
    }
    if (!literals) return expr;
    if (args.size() == 2) return Simplify(Call("==", std::move(args)));
    const char* name = args.size() > kLongList + 1 ? "$inset" : "in";
    return Call(name, std::move(args));
  }

  // Patterns without "_" and "\" are compared piece by piece.
  TypedExprPtr Like(const CallNode& call, const TypedExprPtr& expr) {
    const Value* literal = call.args.size() == 2 ? LiteralValue(*call.args[1]) : nullptr;
    if (!literal || literal->is_null() || !literal->type.Is(TypeId::kString)) return expr;
    TypedExprPtr text = call.args[0];
    std::string pattern = std::get<std::string>(literal->data);
    if (call.name == "ilike") {
      text = Call("lower", {text}, TypeId::kString);
      std::ranges::transform(pattern, pattern.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    }
    auto piece = [](std::string part) { return MakeLiteral(Value::String(std::move(part))); };
    if (pattern.find_first_of("_\\") != std::string::npos || pattern.empty()) return Call("like", {text, piece(pattern)});
    size_t first = pattern.find('%'), last = pattern.rfind('%');
    if (first == std::string::npos) return Call("==", {text, piece(pattern)});
    std::string head = pattern.substr(0, first), tail = pattern.substr(last + 1);
    std::string middle = last > first ? pattern.substr(first + 1, last - first - 1) : "";
    bool plain_middle = middle.find('%') == std::string::npos;
    if (head.empty() && tail.empty() && !middle.empty() && plain_middle) return Call("contains", {text, piece(middle)});
    if (first == last && tail.empty() && !head.empty()) return Call("startswith", {text, piece(head)});
    if (first == last && head.empty() && !tail.empty()) return Call("endswith", {text, piece(tail)});
    if (first != last || head.empty()) return Call("like", {text, piece(pattern)});
    TypedExprPtr ends = Call("and", {Call("startswith", {text, piece(head)}), Call("endswith", {text, piece(tail)})});
    TypedExprPtr room = Call(">=", {Call("length", {text}, TypeId::kInt), MakeLiteral(Value::Int(static_cast<int32_t>(head.size() + tail.size())))});
    return Call("and", {std::move(room), std::move(ends)});
  }

  static TypedExprPtr Branches(const CaseNode& node, const TypedExprPtr& expr) {
    if (node.branches.size() == 1 && IsBoolean(node.branches[0].second, true) && node.otherwise && IsBoolean(node.otherwise, false)) {
      return Call("<=>", {node.branches[0].first, Boolean(true)});
    }
    return expr;
  }

  TypedExprPtr Compare(const CallNode& call, const TypedExprPtr& expr) {
    for (size_t i : {0, 1}) {
      const TypedExprPtr& other = call.args[1 - i];
      if (call.name == "==" && IsBoolean(call.args[i], true)) return other;
      if (call.name == "==" && IsBoolean(call.args[i], false)) return Not(other, Call("not", {other}));
      const Value* value = LiteralValue(*call.args[i]);
      if (value == nullptr || value->is_null()) continue;
      if (const auto* cast = std::get_if<CastNode>(&other->node)) return Unwrapped(call, i, *cast, expr);
      return IntoBranches(call, i, expr);
    }
    return expr;
  }

  // A literal compared with a column's cast: cast the literal instead, where that loses nothing.
  TypedExprPtr Unwrapped(const CallNode& call, size_t literal, const CastNode& cast, const TypedExprPtr& expr) {
    const DataType& from = cast.child->type;
    const TypedExprPtr& constant = call.args[literal];
    if (from.Is(TypeId::kTimestamp) && constant->type.Is(TypeId::kDate)) return DayRange(call, literal, cast.child, expr);
    bool exact = from.IsIntegral() && (constant->type.IsIntegral() || constant->type.Is(TypeId::kDecimal));
    if (!exact || !CanUpCast(from, constant->type)) return expr;
    auto narrow = evaluate_(MakeCast(constant, from, TypedCastMode::kTry));
    if (!narrow || narrow->is_null()) return expr;
    TypedExprPtr narrowed = MakeLiteral(*narrow);
    auto back = evaluate_(MakeCast(narrowed, constant->type, TypedCastMode::kTry));
    if (!back || !(*back == *LiteralValue(*constant))) return expr;
    return literal == 0 ? Call(call.name, {narrowed, cast.child}) : Call(call.name, {cast.child, narrowed});
  }

  // CAST(ts AS DATE) = day: a range of instants.
  TypedExprPtr DayRange(const CallNode& call, size_t literal, const TypedExprPtr& instant, const TypedExprPtr& expr) {
    Value day = *LiteralValue(*call.args[literal]);
    Value next = day;
    ++std::get<int64_t>(next.data);
    auto from = evaluate_(MakeCast(MakeLiteral(day), TypeId::kTimestamp, TypedCastMode::kTry));
    auto to = evaluate_(MakeCast(MakeLiteral(next), TypeId::kTimestamp, TypedCastMode::kTry));
    if (!from || !to) return expr;
    auto compared = [&](const char* sign, const Value& bound) { return Call(sign, {instant, MakeLiteral(bound)}); };
    std::string name = literal == 1 ? call.name : Comparisons().at(call.name).mirrored;
    if (name == "==") return Call("and", {compared(">=", *from), compared("<", *to)});
    if (name == ">") return compared(">=", *to);
    if (name == ">=") return compared(">=", *from);
    if (name == "<") return compared("<", *from);
    if (name == "<=") return compared("<", *to);
    return expr;
  }

  // A literal compared with branches of which at most one is no literal: each branch is compared.
  TypedExprPtr IntoBranches(const CallNode& call, size_t literal, const TypedExprPtr& expr) {
    std::vector<TypedExprPtr> values;
    const TypedExprPtr& other = call.args[1 - literal];
    const auto* branches = std::get_if<CaseNode>(&other->node);
    const CallNode* choice = CallOf(other, "if");
    if (choice) values = {choice->args[1], choice->args[2]};
    if (branches) {
      for (const auto& [condition, value] : branches->branches) values.push_back(value);
      if (branches->otherwise) values.push_back(branches->otherwise);
    }
    auto varying = std::ranges::count_if(values, [](const TypedExprPtr& value) { return LiteralValue(*value) == nullptr; });
    if (values.empty() || varying > 1) return expr;
    for (TypedExprPtr& value : values) {
      CallNode compared = call;
      compared.args[1 - literal] = value;
      bool null = LiteralValue(*value) && LiteralValue(*value)->is_null();
      value = null ? MakeLiteral(Value::Null(TypeId::kBoolean)) : Optimize(MakeTyped(TypeId::kBoolean, true, {}, std::move(compared)));
    }
    if (choice) return Call("if", {choice->args[0], values[0], values[1]});
    CaseNode made = *branches;
    for (size_t i = 0; i < made.branches.size(); ++i) made.branches[i].second = values[i];
    if (made.otherwise) made.otherwise = values.back();
    return MakeTyped(TypeId::kBoolean, true, {}, std::move(made));
  }

  const EvaluateConstant& evaluate_;
};

}  // namespace

TypedExprPtr OptimizedCondition(const TypedExprPtr& condition, const EvaluateConstant& evaluate) {
  return Optimizer(evaluate).Optimize(condition);
}

}  // namespace ashlar::sql
