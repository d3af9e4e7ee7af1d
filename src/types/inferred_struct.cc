#include "types/inferred_struct.h"

#include <algorithm>

namespace ashlar {

DataType WithFieldsOfBoth(const DataType& a, const DataType& b, CommonType common) {
  std::vector<Field> fields = a.fields();
  for (const Field& field : b.fields()) {
    auto same = std::ranges::find(fields, field.name, &Field::name);
    if (same == fields.end()) fields.push_back(field);
    else same->type = common(same->type, field.type);
  }
  std::ranges::sort(fields, {}, &Field::name);
  return DataType::Struct(std::move(fields));
}

}  // namespace ashlar
