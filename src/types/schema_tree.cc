#include "types/schema_tree.h"

#include <limits>

namespace ashlar {
namespace {

std::string TreeTypeName(const DataType& type) {
  switch (type.id()) {
    case TypeId::kArray: return "array";
    case TypeId::kMap: return "map";
    case TypeId::kStruct: return "struct";
    case TypeId::kInt: return "integer";
    case TypeId::kLong: return "long";
    case TypeId::kShort: return "short";
    case TypeId::kByte: return "byte";
    default: return type.SimpleString();
  }
}

struct TreeWriter {
  int max_depth;
  std::string out;

  void Line(const std::string& prefix, const std::string& name, const DataType& type, const std::string& null_word, bool nullable, int depth) {
    if (depth > max_depth) return;
    out += prefix + "-- " + name + ": " + TreeTypeName(type) + " (" + null_word + " = " + (nullable ? "true" : "false") + ")\n";
    Children(type, prefix + "    |", depth + 1);
  }
  void Children(const DataType& type, const std::string& prefix, int depth) {
    if (type.Is(TypeId::kArray)) {
      Line(prefix, "element", type.element(), "containsNull", type.contains_null(), depth);
    } else if (type.Is(TypeId::kMap)) {
      if (depth > max_depth) return;
      out += prefix + "-- key: " + TreeTypeName(type.key()) + "\n";
      Children(type.key(), prefix + "    |", depth + 1);
      Line(prefix, "value", type.map_value(), "valueContainsNull", type.value_contains_null(), depth);
    } else if (type.Is(TypeId::kStruct)) {
      for (const Field& field : type.fields()) Line(prefix, field.name, field.type, "nullable", field.nullable, depth);
    }
  }
};

}  // namespace

std::string TreeText(const Schema& schema, int level) {
  TreeWriter writer{level > 0 ? level : std::numeric_limits<int>::max(), "root\n"};
  for (const Field& field : schema.fields) writer.Line(" |", field.name, field.type, "nullable", field.nullable, 1);
  return writer.out;
}

}  // namespace ashlar
