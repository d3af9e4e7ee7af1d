// Type names as functions: int('5') is a cast.
#include <array>

#include "base/check.h"
#include "base/text.h"
#include "functions/function_row.h"

namespace ashlar::functions {
namespace {

Result<sql::ResolvedFunction> CastCall(const Call& call) {
  std::string type_name = ToLowerAscii(call.name);
  auto type = DataType::Parse(type_name == "decimal" ? "decimal(10,0)" : type_name);
  CHECK(type.ok()) << type_name;
  return call.Rewrite(sql::MakeExpr(sql::CastExpr{call.Argument(0), *type}, call.context.span));
}

constexpr std::array kCastsRows = {
    FunctionRow{"boolean tinyint smallint int bigint float double decimal string binary date timestamp", "any",
                "", "", "", CastCall},
};

}  // namespace

std::span<const FunctionRow> CastFunctions() { return kCastsRows; }

}  // namespace ashlar::functions
