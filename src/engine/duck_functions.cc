// The table and scalar functions lowered SQL needs besides Spark's own.
#include "duckdb/common/arrow/arrow_wrapper.hpp"
#include "duckdb/function/scalar_function.hpp"
#include "duckdb/function/table/arrow.hpp"
#include "duckdb/function/table_function.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/tableref/table_function_ref.hpp"
#include "duckdb/planner/expression.hpp"
#include "engine/scan/arrow_input.h"
#include "engine/duck_connection.h"

namespace ashlar::engine {
namespace {

struct ScanFunctionInfo : duckdb::TableFunctionInfo {
  explicit ScanFunctionInfo(ScanRegistry& scans) : scans(scans) {}
  ScanRegistry& scans;
};

duckdb::unique_ptr<duckdb::ArrowArrayStreamWrapper> ProduceStream(uintptr_t input,
                                                                  duckdb::ArrowStreamParameters&) {
  auto wrapper = duckdb::make_uniq<duckdb::ArrowArrayStreamWrapper>();
  ExportArrowInput(*reinterpret_cast<const ArrowInput*>(input), &wrapper->arrow_array_stream);
  wrapper->number_of_rows = -1;
  return wrapper;
}

void ProduceSchema(ArrowArrayStream* input, ArrowSchema& schema) {
  ArrowArrayStream stream;
  ExportArrowInput(*reinterpret_cast<const ArrowInput*>(input), &stream);
  stream.get_schema(&stream, &schema);
  stream.release(&stream);
}

// ashlar_arrow(id) becomes DuckDB's own scan of an Arrow stream. The dumb one: it asks the producer
// for neither projection nor filters.
duckdb::unique_ptr<duckdb::TableRef> ReplaceArrowScan(duckdb::ClientContext&,
                                                      duckdb::TableFunctionBindInput& input) {
  auto& info = input.info->Cast<ScanFunctionInfo>();
  auto target = info.scans.Find(input.inputs[0].GetValue<int64_t>());
  auto* arrow = dynamic_cast<const ArrowInput*>(target.get());
  if (arrow == nullptr) throw duckdb::InvalidInputException("ashlar_arrow: nothing is bound to this number");
  duckdb::vector<duckdb::unique_ptr<duckdb::ParsedExpression>> args;
  for (uintptr_t pointer : {reinterpret_cast<uintptr_t>(arrow), reinterpret_cast<uintptr_t>(&ProduceStream),
                            reinterpret_cast<uintptr_t>(&ProduceSchema)}) {
    args.push_back(duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value::POINTER(pointer)));
  }
  auto ref = duckdb::make_uniq<duckdb::TableFunctionRef>();
  ref->function = duckdb::make_uniq<duckdb::FunctionExpression>("arrow_scan_dumb", std::move(args));
  return ref;
}

duckdb::unique_ptr<duckdb::FunctionData> BindRename(
    duckdb::ClientContext&, duckdb::ScalarFunction& function,
    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& args) {
  function.arguments[0] = args[0]->return_type;
  function.arguments[1] = args[1]->return_type;
  function.SetReturnType(args[1]->return_type);
  return nullptr;
}

void ExecuteRename(duckdb::DataChunk& args, duckdb::ExpressionState&, duckdb::Vector& result) {
  result.Reinterpret(args.data[0]);
}

}  // namespace

void RegisterArrowInput(duckdb::DatabaseInstance& database, ScanRegistry& scans) {
  duckdb::TableFunction function("ashlar_arrow", {duckdb::LogicalType::BIGINT}, nullptr);
  function.bind_replace = ReplaceArrowScan;
  function.function_info = duckdb::make_shared_ptr<ScanFunctionInfo>(scans);
  duckdb::ExtensionLoader(database, "ashlar").RegisterFunction(std::move(function));
}

void RegisterRename(duckdb::DatabaseInstance& database) {
  duckdb::ScalarFunction function("ashlar_rename", {duckdb::LogicalType::ANY, duckdb::LogicalType::ANY},
                                  duckdb::LogicalType::ANY, ExecuteRename, BindRename);
  function.SetNullHandling(duckdb::FunctionNullHandling::SPECIAL_HANDLING);
  duckdb::ExtensionLoader(database, "ashlar").RegisterFunction(std::move(function));
}

}  // namespace ashlar::engine
