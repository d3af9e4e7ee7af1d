#include "functions/registry.h"

#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/text.h"
#include "functions/function_row.h"
#include "functions/signature.h"

namespace ashlar::functions {
namespace {

using sql::FunctionKind;

struct Entry {
  FunctionKind kind;
  const FunctionRow* row;
  std::string shown;  // Spark's text of the name
  Signature signature;
};

class Registry final : public sql::FunctionRegistry {
 public:
  Registry() {
    Add(FunctionKind::kScalar, ArithmeticFunctions());
    Add(FunctionKind::kScalar, CastFunctions());
    Add(FunctionKind::kScalar, ConditionalFunctions());
    Add(FunctionKind::kScalar, MathFunctions());
    Add(FunctionKind::kScalar, StringFunctions());
    Add(FunctionKind::kScalar, FormatFunctions());
    Add(FunctionKind::kScalar, DatetimeFunctions());
    Add(FunctionKind::kScalar, CollectionFunctions());
    Add(FunctionKind::kScalar, HigherOrderFunctions());
    Add(FunctionKind::kScalar, ValueFunctions());
    Add(FunctionKind::kScalar, JsonFunctions());
    Add(FunctionKind::kScalar, CsvFunctions());
    Add(FunctionKind::kAggregate, AggregateFunctions());
    Add(FunctionKind::kWindow, WindowFunctions());
    Add(FunctionKind::kGenerator, GeneratorFunctions());
  }

  std::optional<FunctionKind> Find(std::string_view name) const override {
    const Entry* entry = Lookup(name);
    return entry ? std::optional(entry->kind) : std::nullopt;
  }

  Result<std::vector<Field>> LambdaParameters(
      std::string_view name, size_t index, int lambda_params,
      std::span<const sql::FunctionArgument> before) const override {
    const Entry* entry = Lookup(name);
    if (entry == nullptr) return Unresolved(name, {});
    sql::FunctionContext context;
    Call call{entry->shown, before, context, *entry->row, entry->signature.min_count};
    if (entry->row->lambda == nullptr) {
      return MakeSqlError("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION", "42K0D",
                          "Invalid lambda function call. A lambda function should only be used in a higher "
                          "order function. However, its class is " + entry->shown +
                              ", which is not a higher order function.",
                          {{"class", entry->shown}});
    }
    return entry->row->lambda(call, index, lambda_params);
  }

  Result<sql::ResolvedFunction> Resolve(std::string_view name, std::span<const sql::FunctionArgument> args,
                                        const sql::FunctionContext& context) const override {
    const Entry* entry = Lookup(name);
    if (entry == nullptr) return Unresolved(name, context.span);
    std::string called = ToLowerAscii(name);
    Call call{called, args, context, *entry->row, entry->signature.min_count};
    RETURN_IF_ERROR(CheckCount(entry->signature, call));
    ASSIGN_OR_RETURN(sql::ResolvedFunction out, ResolveRow(*entry, call));
    out.kind = entry->kind;
    if (out.name == called) out.name = entry->shown;
    if (context.last_map_key_wins) out.lowering = ReplaceAll(out.lowering, "spark_map(", "spark_last_win_map(");
    return out;
  }

  std::vector<std::string> Names() const override {
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) {
      if (!name.starts_with('$')) names.push_back(name);
    }
    return names;
  }

 private:
  void Add(FunctionKind kind, std::span<const FunctionRow> rows) {
    for (const FunctionRow& row : rows) {
      Signature signature = ParseSignature(row.signature);
      for (std::string_view name : SplitView(row.names, ' ')) {
        // "=" begins the operators == and =; elsewhere it stands between a name and what is shown.
        size_t at = name.find('=', 1);
        bool renamed = at != std::string_view::npos && std::isalpha(static_cast<unsigned char>(name[0]));
        std::string key(renamed ? name.substr(0, at) : name);
        std::string shown(renamed ? name.substr(at + 1) : name);
        bool fresh = entries_.try_emplace(key, Entry{kind, &row, shown, signature}).second;
        CHECK(fresh) << "function " << key << " is listed twice";
      }
    }
  }

  static Result<sql::ResolvedFunction> ResolveRow(const Entry& entry, const Call& call) {
    const FunctionRow& row = *entry.row;
    if (row.resolve != nullptr) return row.resolve(call);
    ASSIGN_OR_RETURN(auto types, CoerceArguments(entry.signature, call));
    sql::ResolvedFunction out = call.Make(TypeId::kNull, types);
    for (size_t i = call.size(); i < entry.signature.parameters.size(); ++i) {
      const Parameter& parameter = entry.signature.parameters[i];
      if (!parameter.default_value) continue;
      Value value = *parameter.default_value;
      if (parameter.types[0] != "any" && parameter.types[0] != "T") {
        DataType type = *DataType::Parse(parameter.types[0]);
        if (value.is_null()) value = Value::Null(type);
        if (type.Is(TypeId::kDecimal)) value = Value::Decimal(0, type.precision(), type.scale());
      }
      out.argument_types.push_back(value.type);
      types.push_back(value.type);
      out.added_arguments.push_back(std::move(value));
    }
    if (row.result == "T") {
      for (size_t i = 0; i < types.size(); ++i) {
        if (entry.signature.parameters[std::min(i, entry.signature.parameters.size() - 1)].types[0] == "T") {
          out.type = types[i];
        }
      }
    } else {
      out.type = ResultType(row.result, types);
    }
    return out;
  }

  static Error Unresolved(std::string_view name, SourceSpan span) {
    std::string quoted = QuoteIdentifier(name);
    std::string path = "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]";
    return MakeSqlError("UNRESOLVED_ROUTINE", "42883",
                        "Cannot resolve routine " + quoted + " on search path " + path + ".",
                        {{"routineName", quoted}, {"searchPath", path}}, span);
  }

  const Entry* Lookup(std::string_view name) const {
    auto it = entries_.find(ToLowerAscii(name));
    return it == entries_.end() ? nullptr : &it->second;
  }

  std::map<std::string, Entry> entries_;
};

}  // namespace

const sql::FunctionRegistry& SparkFunctions() {
  static const Registry registry;
  return registry;
}

}  // namespace ashlar::functions
