// Columns whose type was widened (Delta protocol, "Type Widening"): each change is noted in the metadata
// of the field, or of the nearest field around an array's element or a map's key or value.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "types/data_type.h"

namespace ashlar::delta {

inline constexpr const char* kTypeChanges = "delta.typeChanges";

// `after` with the changes from `before` noted; fields are the same ones by name, in whatever order.
Schema WithTypeChanges(const Schema& before, const Schema& after);
// The fields with notes, outer ones first, and what they are within: names of fields, "element", "key", "value".
struct WidenedField {
  std::vector<std::string> parent;
  Field field;
};
std::vector<WidenedField> WidenedFields(const Schema& schema);
// No notes: for a table none of whose files has older types.
Schema WithoutTypeChanges(const Schema& schema);

struct TypeChange {
  std::string path;  // of the field that has the note, with dots
  DataType from;
  DataType to;
};
// Every noted change; those of types we do not know are left out.
std::vector<TypeChange> TypeChangesOf(const Schema& schema);

// Whether every noted change can be read. Errors: DELTA_UNSUPPORTED_TYPE_CHANGE_IN_SCHEMA (0AKDC).
Status CheckTypeChanges(const Schema& schema);

}  // namespace ashlar::delta
