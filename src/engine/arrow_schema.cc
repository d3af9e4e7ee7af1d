#include "engine/arrow_schema.h"

#include <cstring>
#include <memory>
#include <vector>

#include "base/check.h"

namespace ashlar::engine {
namespace {

// What one ArrowSchema points to.
struct SchemaNode {
  std::string format;
  std::string name;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> child_pointers;
};

void ReleaseNode(ArrowSchema* schema) {
  auto* node = static_cast<SchemaNode*>(schema->private_data);
  for (ArrowSchema& child : node->children) {
    if (child.release != nullptr) child.release(&child);
  }
  delete node;
  schema->release = nullptr;
}

ArrowSchema MakeNode(std::string format, std::string name, int64_t flags,
                     std::vector<ArrowSchema> children = {}) {
  auto* node = new SchemaNode{std::move(format), std::move(name), std::move(children), {}};
  for (ArrowSchema& child : node->children) node->child_pointers.push_back(&child);
  ArrowSchema out{};
  out.format = node->format.c_str();
  out.name = node->name.c_str();
  out.flags = flags;
  out.n_children = static_cast<int64_t>(node->children.size());
  out.children = node->child_pointers.data();
  out.release = ReleaseNode;
  out.private_data = node;
  return out;
}

std::string AtomicFormat(const DataType& type, const std::string& time_zone) {
  switch (type.id()) {
    case TypeId::kNull: return "n";
    case TypeId::kBoolean: return "b";
    case TypeId::kByte: return "c";
    case TypeId::kShort: return "s";
    case TypeId::kInt: return "i";
    case TypeId::kLong: return "l";
    case TypeId::kFloat: return "f";
    case TypeId::kDouble: return "g";
    case TypeId::kDecimal:
      return "d:" + std::to_string(type.precision()) + "," + std::to_string(type.scale());
    case TypeId::kString: return "u";
    case TypeId::kBinary: return "z";
    case TypeId::kDate: return "tdD";
    case TypeId::kTimestamp: return "tsu:" + time_zone;
    case TypeId::kTimestampNtz: return "tsu:";
    case TypeId::kYearMonthInterval: return "tiM";
    case TypeId::kDayTimeInterval: return "tDu";
    case TypeId::kCalendarInterval: return "tin";
    default: break;
  }
  CHECK(false) << type.SimpleString();
  return {};
}

ArrowSchema FieldNode(std::string name, const DataType& type, bool nullable, const std::string& time_zone) {
  int64_t flags = nullable ? ARROW_FLAG_NULLABLE : 0;
  switch (type.id()) {
    case TypeId::kArray:
      return MakeNode("+l", std::move(name), flags,
                      {FieldNode("element", type.element(), type.contains_null(), time_zone)});
    case TypeId::kMap: {
      std::vector<ArrowSchema> entry = {
          FieldNode("key", type.key(), false, time_zone),
          FieldNode("value", type.map_value(), type.value_contains_null(), time_zone)};
      return MakeNode("+m", std::move(name), flags, {MakeNode("+s", "entries", 0, std::move(entry))});
    }
    case TypeId::kStruct: {
      std::vector<ArrowSchema> children;
      for (const Field& field : type.fields()) {
        children.push_back(FieldNode(field.name, field.type, field.nullable, time_zone));
      }
      return MakeNode("+s", std::move(name), flags, std::move(children));
    }
    case TypeId::kVariant: {
      std::vector<ArrowSchema> parts = {MakeNode("z", "value", 0), MakeNode("z", "metadata", 0)};
      return MakeNode("+s", std::move(name), flags, std::move(parts));
    }
    default: return MakeNode(AtomicFormat(type, time_zone), std::move(name), flags);
  }
}

// Copies a node for scanning; `parent` is the parent's format.
Result<ArrowSchema> ScanNode(const ArrowSchema& schema, std::string name) {
  std::string format = schema.format;
  if (format == "tDu") format = "l";
  if (format == "tiM") format = "i";
  if (format.starts_with("tD") || format == "tiD") {
    return NotImplemented("local data of the Arrow type " + format);
  }
  if (schema.dictionary != nullptr) return NotImplemented("dictionary-encoded local data");
  bool is_struct = format == "+s";
  std::vector<ArrowSchema> children;
  for (int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema& child = *schema.children[i];
    auto copy = ScanNode(child, is_struct ? "f" + std::to_string(i) : child.name);
    if (!copy.ok()) {
      for (ArrowSchema& made : children) made.release(&made);
      return std::move(copy).error();
    }
    children.push_back(*copy);
  }
  // A map's entries keep their names: they are no struct of the user's.
  if (format == "+m" && !children.empty()) {
    auto* entries = static_cast<SchemaNode*>(children[0].private_data);
    for (size_t i = 0; i < entries->children.size(); ++i) {
      auto* part = static_cast<SchemaNode*>(entries->children[i].private_data);
      part->name = i == 0 ? "key" : "value";
      entries->children[i].name = part->name.c_str();
    }
  }
  return MakeNode(std::move(format), std::move(name), schema.flags, std::move(children));
}

void AdaptNode(const DataType& type, ArrowArray& array) {
  switch (type.id()) {
    case TypeId::kNull:
      array.n_buffers = 0;
      array.null_count = array.length;
      break;
    case TypeId::kArray: AdaptNode(type.element(), *array.children[0]); break;
    case TypeId::kMap:
      AdaptNode(type.key(), *array.children[0]->children[0]);
      AdaptNode(type.map_value(), *array.children[0]->children[1]);
      break;
    case TypeId::kStruct:
      for (size_t i = 0; i < type.fields().size(); ++i) AdaptNode(type.fields()[i].type, *array.children[i]);
      // A struct without fields has a hidden one.
      array.n_children = static_cast<int64_t>(type.fields().size());
      break;
    default: break;
  }
}

int64_t TextBytesOf(const DataType& type, const ArrowArray& array) {
  switch (type.id()) {
    case TypeId::kString:
    case TypeId::kBinary: {
      auto* offsets = static_cast<const int32_t*>(array.buffers[1]);
      return offsets == nullptr ? 0 : offsets[array.offset + array.length] - offsets[array.offset];
    }
    case TypeId::kArray: return TextBytesOf(type.element(), *array.children[0]);
    case TypeId::kMap:
      return TextBytesOf(type.key(), *array.children[0]->children[0]) +
             TextBytesOf(type.map_value(), *array.children[0]->children[1]);
    case TypeId::kStruct: {
      int64_t bytes = 0;
      for (size_t i = 0; i < type.fields().size(); ++i) {
        bytes += TextBytesOf(type.fields()[i].type, *array.children[i]);
      }
      return bytes;
    }
    default: return 0;
  }
}

}  // namespace

int64_t TextBytes(const Schema& schema, const ArrowArray& array) {
  int64_t bytes = 0;
  for (size_t i = 0; i < schema.fields.size(); ++i) bytes += TextBytesOf(schema.fields[i].type, *array.children[i]);
  return bytes;
}

OwnedArrowSchema SparkArrowSchema(const Schema& schema, const std::string& time_zone) {
  OwnedArrowSchema out;
  *out.get() = FieldNode("", schema.ToStruct(), false, time_zone);
  return out;
}

Result<OwnedArrowSchema> ScanArrowSchema(const ArrowSchema& schema) {
  std::vector<ArrowSchema> children;
  for (int64_t i = 0; i < schema.n_children; ++i) {
    auto copy = ScanNode(*schema.children[i], "p" + std::to_string(i));
    if (!copy.ok()) {
      for (ArrowSchema& made : children) made.release(&made);
      return std::move(copy).error();
    }
    children.push_back(*copy);
  }
  OwnedArrowSchema out;
  *out.get() = MakeNode("+s", "", 0, std::move(children));
  return out;
}

void AdaptToSpark(const Schema& schema, ArrowArray& array) {
  for (size_t i = 0; i < schema.fields.size(); ++i) AdaptNode(schema.fields[i].type, *array.children[i]);
  array.n_children = static_cast<int64_t>(schema.fields.size());
}

}  // namespace ashlar::engine
