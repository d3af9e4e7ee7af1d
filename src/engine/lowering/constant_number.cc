#include "engine/lowering/constant_number.h"

#include <cstdlib>

namespace ashlar::engine {
namespace {

using sql::TypedExpr;

bool IsExact(const DataType& type) { return type.IsIntegral() || type.Is(TypeId::kDecimal); }

int ScaleOf(const DataType& type) { return type.Is(TypeId::kDecimal) ? type.scale() : 0; }

Int128 UnscaledOf(const Value& value) {
  if (auto* integral = std::get_if<int64_t>(&value.data)) return *integral;
  return std::get<Int128>(value.data);
}

std::optional<Int128> Rescaled(Int128 unscaled, int from, int to) {
  if (to < from) return std::nullopt;
  for (; from < to; ++from) {
    if (__builtin_mul_overflow(unscaled, Int128{10}, &unscaled)) return std::nullopt;
  }
  return unscaled;
}

// The number as a value of the type; nullopt when it does not fit.
std::optional<Value> Fitted(Int128 unscaled, const DataType& type) {
  if (type.Is(TypeId::kDecimal)) {
    Int128 limit = 1;
    for (int i = 0; i < type.precision(); ++i) limit *= 10;
    if (unscaled <= -limit || unscaled >= limit) return std::nullopt;
    return Value{type, unscaled};
  }
  int bits = type.Is(TypeId::kByte) ? 7 : type.Is(TypeId::kShort) ? 15 : type.Is(TypeId::kInt) ? 31 : 63;
  Int128 limit = Int128{1} << bits;
  if (unscaled < -limit || unscaled >= limit) return std::nullopt;
  return Value{type, static_cast<int64_t>(unscaled)};
}

std::optional<Value> FoldedCast(const sql::CastNode& cast, const DataType& type) {
  auto value = ConstantNumber(*cast.child);
  if (!value) return std::nullopt;
  auto unscaled = Rescaled(UnscaledOf(*value), ScaleOf(value->type), ScaleOf(type));
  return unscaled ? Fitted(*unscaled, type) : std::nullopt;
}

std::optional<Value> FoldedCall(const sql::CallNode& call, const DataType& type) {
  bool negative = call.name == "negative" && call.args.size() == 1;
  bool binary = (call.name == "+" || call.name == "-" || call.name == "*") && call.args.size() == 2;
  if (!negative && !binary) return std::nullopt;
  auto left = ConstantNumber(*call.args[0]);
  if (!left) return std::nullopt;
  if (negative) return left->type == type ? Fitted(-UnscaledOf(*left), type) : std::nullopt;
  auto right = ConstantNumber(*call.args[1]);
  if (!right) return std::nullopt;
  int scale = ScaleOf(type);
  Int128 result = 0;
  if (call.name == "*") {
    // A product of a smaller scale is rounded.
    if (ScaleOf(left->type) + ScaleOf(right->type) != scale) return std::nullopt;
    if (__builtin_mul_overflow(UnscaledOf(*left), UnscaledOf(*right), &result)) return std::nullopt;
    return Fitted(result, type);
  }
  auto a = Rescaled(UnscaledOf(*left), ScaleOf(left->type), scale);
  auto b = Rescaled(UnscaledOf(*right), ScaleOf(right->type), scale);
  if (!a || !b) return std::nullopt;
  bool overflow = call.name == "+" ? __builtin_add_overflow(*a, *b, &result) : __builtin_sub_overflow(*a, *b, &result);
  return overflow ? std::nullopt : Fitted(result, type);
}

}  // namespace

std::optional<Value> ConstantNumber(const TypedExpr& expr) {
  if (!IsExact(expr.type)) return std::nullopt;
  if (auto* literal = std::get_if<sql::LiteralNode>(&expr.node)) {
    if (literal->value.is_null() || literal->value.type != expr.type) return std::nullopt;
    return literal->value;
  }
  if (auto* cast = std::get_if<sql::CastNode>(&expr.node)) return FoldedCast(*cast, expr.type);
  if (auto* call = std::get_if<sql::CallNode>(&expr.node)) return FoldedCall(*call, expr.type);
  return std::nullopt;
}

}  // namespace ashlar::engine
