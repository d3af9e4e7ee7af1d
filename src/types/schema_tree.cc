#include "types/schema_tree.h"

#include <algorithm>
#include <cctype>
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

std::string TypeClassName(const DataType& type) {
  auto truth = [](bool value) { return value ? "true" : "false"; };
  switch (type.id()) {
    case TypeId::kByte: return "ByteType";
    case TypeId::kShort: return "ShortType";
    case TypeId::kInt: return "IntegerType";
    case TypeId::kLong: return "LongType";
    case TypeId::kTimestampNtz: return "TimestampNTZType";
    case TypeId::kArray: return "ArrayType(" + TypeClassName(type.element()) + "," + truth(type.contains_null()) + ")";
    case TypeId::kMap:
      return "MapType(" + TypeClassName(type.key()) + "," + TypeClassName(type.map_value()) + "," +
             truth(type.value_contains_null()) + ")";
    case TypeId::kStruct: {
      std::string fields;
      for (const Field& field : type.fields()) {
        fields += (fields.empty() ? "" : ",") + ("StructField(" + field.name) + "," + TypeClassName(field.type) + "," +
                  truth(field.nullable) + ")";
      }
      return "StructType(" + fields + ")";
    }
    default: break;
  }
  std::string name = type.SimpleString();
  size_t word = name.find('(');
  name.insert(std::min(word, name.size()), "Type");
  name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
  return name;
}

}  // namespace ashlar
