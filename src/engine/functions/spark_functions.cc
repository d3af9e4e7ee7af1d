#include "engine/functions/spark_functions.h"

#include "duckdb/execution/expression_executor.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/config.hpp"
#include "duckdb/main/database.hpp"
#include "engine/functions/intervals/calendar_intervals.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/text_types.h"
#include "engine/functions/time_zone.h"
#include "engine/functions/variant/variant_functions.h"

namespace ashlar::engine {
namespace {

using duckdb::LogicalType;

LogicalType TypeOf(std::string_view& shape) {
  char letter = shape[0];
  shape.remove_prefix(1);
  switch (letter) {
    case 'b': return LogicalType::BOOLEAN;
    case 't': return LogicalType::TINYINT;
    case 'h': return LogicalType::SMALLINT;
    case 'i': return LogicalType::INTEGER;
    case 'l': return LogicalType::BIGINT;
    case 'g': return LogicalType::HUGEINT;
    case 'f': return LogicalType::FLOAT;
    case 'd': return LogicalType::DOUBLE;
    case 's': return LogicalType::VARCHAR;
    case 'B': return LogicalType::BLOB;
    case 'D': return LogicalType::DATE;
    case 'T': return LogicalType::TIMESTAMP_TZ;
    case 'N': return LogicalType::TIMESTAMP;
    case 'Y': return LogicalType::INTERVAL;
    case 'm': return LogicalType::DECIMAL(38, 0);
    case 'L': return LogicalType::LIST(TypeOf(shape));
  }
  throw duckdb::InternalException("unknown type letter");
}

struct Shape : duckdb::ScalarFunctionInfo {
  std::string arguments;  // letters, without those of list elements
  std::string constants;
  bool decimal_result = false;
  bool throws_by_zero_only = false;
};

// Whether an argument is known to be NULL or a number other than 0.
bool IsNeverZero(duckdb::ClientContext& context, const duckdb::Expression& arg, const LogicalType& type) {
  duckdb::Value value, number;
  if (!arg.IsFoldable() || !duckdb::ExpressionExecutor::TryEvaluateScalar(context, arg, value)) return false;
  return value.IsNull() || (value.DefaultTryCastAs(type, number, nullptr) && number != duckdb::Value::Numeric(type, 0));
}

// Reads the constants into the call site and drops them from the arguments.
duckdb::unique_ptr<duckdb::FunctionData> BindShape(duckdb::ClientContext& context,
                                                   duckdb::ScalarFunction& function,
                                                   duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& args) {
  const auto& shape = function.GetExtraFunctionInfo().Cast<Shape>();
  auto bound = duckdb::make_uniq<BoundSite>();
  CallSite& site = bound->site;
  for (size_t i = 0; i < shape.arguments.size() && i < site.scales.size(); ++i) {
    if (shape.arguments[i] != 'm' || args[i]->return_type.id() != duckdb::LogicalTypeId::DECIMAL) continue;
    site.scales[i] = duckdb::DecimalType::GetScale(args[i]->return_type);
    function.arguments[i] = LogicalType::DECIMAL(38, site.scales[i]);
  }
  size_t at = shape.arguments.size(), numbers = 0, texts = 0;
  auto next = [&] { return duckdb::ExpressionExecutor::EvaluateScalar(context, *args[at++]); };
  for (char constant : shape.constants) {
    switch (constant) {
      case 'k': site.numbers[numbers++] = next().GetValue<int64_t>(); break;
      case 'x': site.texts[texts++] = next().ToString(); break;
      case 'Z': site.zone = SessionZone(context); break;
      case 'S': {
        uint32_t begin = next().GetValue<uint32_t>();
        uint32_t end = next().GetValue<uint32_t>();
        if (end > 0) site.span = SourceSpan{begin, end};
        break;
      }
    }
  }
  size_t last = shape.arguments.size() - 1;
  if (shape.throws_by_zero_only && IsNeverZero(context, *args[last], function.arguments[last])) {
    function.SetErrorMode(duckdb::FunctionErrors::CANNOT_ERROR);
  }
  while (args.size() > shape.arguments.size()) {
    duckdb::Function::EraseArgument(function, args, args.size() - 1);
  }
  if (shape.decimal_result) {
    function.SetReturnType(LogicalType::DECIMAL(38, static_cast<uint8_t>(site.numbers[1])));
  }
  return bound;
}

}  // namespace

const TimeZone* SessionZone(duckdb::ClientContext& context) {
  duckdb::Value value;
  context.TryGetCurrentSetting(kZoneSetting, value);
  return TimeZone::Find(value.IsNull() ? "UTC" : value.ToString());
}

void Registrar::Add(const std::string& name, std::string_view text, RunFunction run, Throws throws) {
  auto shape = duckdb::make_shared_ptr<Shape>();
  duckdb::vector<LogicalType> arguments;
  bool constants = false;
  while (text[0] != ':') {
    if (text[0] == '|') {
      constants = true;
      text.remove_prefix(1);
      continue;
    }
    char letter = text[0];
    if (!constants) {
      shape->arguments += letter;
      arguments.push_back(letter == 'm' ? LogicalType(duckdb::LogicalTypeId::DECIMAL) : TypeOf(text));
      if (letter == 'm') text.remove_prefix(1);
      continue;
    }
    shape->constants += letter;
    text.remove_prefix(1);
    if (letter == 'k' || letter == 'S') arguments.push_back(LogicalType::BIGINT);
    if (letter == 'S') arguments.push_back(LogicalType::BIGINT);
    if (letter == 'x') arguments.push_back(LogicalType::VARCHAR);
  }
  text.remove_prefix(1);
  shape->decimal_result = text[0] == 'm';
  shape->throws_by_zero_only = throws == Throws::kByZero;
  duckdb::ScalarFunction function(name, std::move(arguments), TypeOf(text), run, BindShape);
  function.SetExtraFunctionInfo(std::move(shape));
  function.SetNullHandling(duckdb::FunctionNullHandling::SPECIAL_HANDLING);
  if (throws != Throws::kNo) function.SetFallible();
  Add(std::move(function));
}

void Registrar::Add(duckdb::ScalarFunction function) {
  auto& set = scalars_.try_emplace(function.name, duckdb::ScalarFunctionSet(function.name)).first->second;
  set.AddFunction(std::move(function));
}

void Registrar::Add(duckdb::AggregateFunction function) {
  auto& set = aggregates_.try_emplace(function.name, duckdb::AggregateFunctionSet(function.name)).first->second;
  set.AddFunction(std::move(function));
}

void Registrar::Register(duckdb::ExtensionLoader& loader) {
  for (auto& [name, set] : scalars_) loader.RegisterFunction(std::move(set));
  for (auto& [name, set] : aggregates_) loader.RegisterFunction(std::move(set));
}

duckdb::ScalarFunction AnyFunction(const std::string& name, size_t arguments, RunFunction run,
                                   duckdb::bind_scalar_function_t bind) {
  duckdb::ScalarFunction function(name, duckdb::vector<LogicalType>(arguments, LogicalType::ANY),
                                  LogicalType::ANY, run, bind);
  function.SetNullHandling(duckdb::FunctionNullHandling::SPECIAL_HANDLING);
  return function;
}

void FailOverflow(const CallSite& site, std::string_view message, std::string_view alternative) {
  std::string hint;
  if (!alternative.empty()) {
    hint = " Use '" + std::string(alternative) + "' to tolerate overflow and return NULL instead.";
  }
  Fail("ARITHMETIC_OVERFLOW", "22003",
       std::string(message) + "." + hint + " If necessary set " + kAnsiConfig + " to \"false\" to bypass this error.",
       {{"message", std::string(message)}, {"alternative", hint}, {"config", kAnsiConfig}}, site.span);
}

void RegisterSparkFunctions(duckdb::DatabaseInstance& database) {
  Registrar registrar;
  RegisterArithmetic(registrar);
  RegisterCasts(registrar);
  RegisterMath(registrar);
  RegisterStrings(registrar);
  RegisterTextSearch(registrar);
  RegisterTextTypes(registrar);
  RegisterDatetime(registrar);
  RegisterCollections(registrar);
  RegisterHashes(registrar);
  RegisterJson(registrar);
  RegisterCsv(registrar);
  RegisterEncryption(registrar);
  RegisterRandom(registrar);
  RegisterAggregates(registrar);
  RegisterFormatString(registrar);
  RegisterDecimalPattern(registrar);
  RegisterNumberPicture(registrar);
  RegisterCalendarIntervals(registrar);
  RegisterVariants(registrar);
  duckdb::DBConfig::GetConfig(database).AddExtensionOption(kZoneSetting, "the session's time zone as Spark names it",
                                                           LogicalType::VARCHAR, duckdb::Value("UTC"));
  duckdb::ExtensionLoader loader(database, "ashlar");
  registrar.Register(loader);
}

}  // namespace ashlar::engine
