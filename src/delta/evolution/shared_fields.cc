#include "delta/evolution/shared_fields.h"

#include <algorithm>

#include "base/text.h"

namespace ashlar::delta {

DataType KeepOfSharedFields(const DataType& before, const DataType& after,
                            const std::function<void(const Field& before, Field& after)>& keep) {
  if (before.id() != after.id()) return after;
  switch (after.id()) {
    case TypeId::kStruct: {
      std::vector<Field> fields = after.fields();
      for (Field& field : fields) {
        auto known = std::ranges::find_if(before.fields(), [&](const Field& other) { return EqualsIgnoreCase(other.name, field.name); });
        if (known == before.fields().end()) continue;
        field.type = KeepOfSharedFields(known->type, field.type, keep);
        keep(*known, field);
      }
      return DataType::Struct(std::move(fields));
    }
    case TypeId::kArray: return DataType::Array(KeepOfSharedFields(before.element(), after.element(), keep), after.contains_null());
    case TypeId::kMap:
      return DataType::Map(KeepOfSharedFields(before.key(), after.key(), keep),
                           KeepOfSharedFields(before.map_value(), after.map_value(), keep), after.value_contains_null());
    default: return after;
  }
}

}  // namespace ashlar::delta
