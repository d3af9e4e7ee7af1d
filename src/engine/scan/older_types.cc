#include "engine/scan/older_types.h"

#include <algorithm>

#include "delta/schema.h"
#include "engine/scan/file_schema.h"
#include "types/widening.h"

namespace ashlar::engine {
namespace {

bool AnyIsOlder(const std::vector<Field>& table, const std::vector<Field>& file);

// Whether a part of a file's type is one that the table's was widened from.
bool IsOlder(const DataType& table, const DataType& file) {
  if (table.id() != file.id() || !table.IsNested()) return IsWidening(file, table);
  if (table.Is(TypeId::kStruct)) return AnyIsOlder(table.fields(), file.fields());
  if (table.Is(TypeId::kArray)) return IsOlder(table.element(), file.element());
  return IsOlder(table.key(), file.key()) || IsOlder(table.map_value(), file.map_value());
}

bool AnyIsOlder(const std::vector<Field>& table, const std::vector<Field>& file) {
  return std::ranges::any_of(table, [&](const Field& field) {
    auto found = std::ranges::find_if(file, [&](const Field& f) { return f.name == field.name; });
    return found != file.end() && IsOlder(field.type, found->type);
  });
}

}  // namespace

Result<std::vector<size_t>> FilesWithOlderTypes(Engine& engine, const delta::Snapshot& snapshot) {
  Schema physical = delta::PhysicalSchema(snapshot.schema(), snapshot.mapping_mode());
  std::vector<size_t> older;
  for (size_t i = 0; i < snapshot.files().size(); ++i) {
    ASSIGN_OR_RETURN(std::string path, snapshot.DataPath(snapshot.files()[i]));
    ASSIGN_OR_RETURN(Schema found, InferParquetSchema(engine, path));
    if (AnyIsOlder(physical.fields, found.fields)) older.push_back(i);
  }
  return older;
}

}  // namespace ashlar::engine
