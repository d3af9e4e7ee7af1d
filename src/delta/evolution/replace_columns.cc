#include "delta/evolution/replace_columns.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "delta/evolution/shared_fields.h"
#include "types/schema_tree.h"
#include "types/text_lengths.h"
#include "types/widening.h"

namespace ashlar::delta {
namespace {

using Fields = std::vector<Field>;
using Path = std::vector<std::string>;

const Field* Named(const Fields& fields, const std::string& name) {
  auto found = std::ranges::find_if(fields, [&](const Field& field) { return EqualsIgnoreCase(field.name, name); });
  return found == fields.end() ? nullptr : &*found;
}

std::string Text(const Path& path) {
  std::vector<std::string> parts;
  for (const std::string& part : path) parts.push_back(QuoteIfNeeded(part));
  return Join(parts, ".");
}

Path PathBelow(Path path, const std::string& part) {
  path.push_back(part);
  return path;
}

// Why one schema does not become another, in delta-spark's words.
class Difference {
 public:
  explicit Difference(const ReplaceRules& rules) : rules_(rules) {}

  // Empty: it does.
  const std::string& Of(const DataType& before, const DataType& after) {
    Compare(before, after, {});
    return found_;
  }

 private:
  void Say(const std::string& what) {
    if (found_.empty()) found_ = "[DELTA_CANNOT_CHANGE_DATA_TYPE] Cannot change data type: " + what;
  }

  void Compare(const DataType& before, const DataType& after, const Path& path) {
    if (before.id() == after.id() && after.IsNested()) return CompareNested(before, after, path);
    bool same = before == after || (rules_.widens && IsWidening(before, after));
    if (!same) Say("changing data type of " + Text(path) + " from " + TypeClassName(before) + " to " + TypeClassName(after));
  }

  void CompareNested(const DataType& before, const DataType& after, const Path& path) {
    switch (after.id()) {
      case TypeId::kArray:
        return ComparePart({"element", before.element(), before.contains_null()}, {"element", after.element(), after.contains_null()}, path);
      case TypeId::kMap:
        ComparePart({"key", before.key(), false}, {"key", after.key(), false}, path);
        return ComparePart({"value", before.map_value(), before.value_contains_null()},
                           {"value", after.map_value(), after.value_contains_null()}, path);
      default: return CompareFields(before.fields(), after.fields(), path);
    }
  }

  void ComparePart(const Field& before, const Field& after, const Path& parent) {
    Path path = PathBelow(parent, before.name);
    if (before.nullable && !after.nullable) Say("tightening nullability of " + Text(path));
    Compare(before.type, after.type, path);
  }

  void CompareFields(const Fields& before, const Fields& after, const Path& path) {
    bool adds = false;
    for (const Field& field : after) {
      if (const Field* known = Named(before, field.name)) {
        ComparePart(*known, field, path);
        continue;
      }
      adds = true;
      if (!field.nullable) Say("adding non-nullable column " + Text(PathBelow(path, field.name)));
    }
    std::vector<std::string> dropped;
    for (const Field& field : before) {
      if (Named(after, field.name) == nullptr) dropped.push_back(field.name);
    }
    if (dropped.empty()) return;
    if (adds && found_.empty()) {
      found_ = "[DELTA_AMBIGUOUS_DATA_TYPE_CHANGE] Cannot change data type of " + Text(path) + " from " + Schema{before}.ToDdl() +
               " to " + Schema{after}.ToDdl() +
               ". This change contains column removals and additions, therefore they are ambiguous. Please make these changes "
               "individually using ALTER TABLE [ADD | DROP | RENAME] COLUMN.";
    }
    if (!rules_.drops) Say("dropping column(s) [" + Join(dropped, ", ") + "]" + (path.empty() ? "" : " from " + Text(path)));
  }

  const ReplaceRules& rules_;
  std::string found_;
};

std::string WithCommentOf(const std::string& wanted, const std::string& known) {
  auto ours = ParseJson(known), given = ParseJson(wanted);
  if (!ours.ok() || !given.ok() || !given->contains("comment")) return known;
  (*ours)["comment"] = (*given)["comment"];
  return WriteJson(*ours);
}

void KeepNameAndMetadata(const Field& known, Field& field) {
  field.name = known.name;
  field.metadata = WithCommentOf(field.metadata, known.metadata);
}

}  // namespace

Result<Schema> ReplaceColumns(const Schema& before, const Schema& wanted, const ReplaceRules& rules) {
  // CHAR(n) and VARCHAR(n) are strings here, which become no others.
  DataType plain = WithoutLengths(before.ToStruct());
  std::string details = Difference(rules).Of(plain, wanted.ToStruct());
  if (details.empty()) return Schema{KeepOfSharedFields(plain, wanted.ToStruct(), KeepNameAndMetadata).fields()};
  std::string old_schema = TreeText(Schema{plain.fields()}), new_schema = TreeText(wanted);
  return MakeSqlError("DELTA_UNSUPPORTED_ALTER_TABLE_REPLACE_COL_OP", "0AKDC",
                      "Unsupported ALTER TABLE REPLACE COLUMNS operation. Reason: " + details + "\n\nFailed to change schema from:\n\n" +
                          old_schema + "\nto:\n\n" + new_schema,
                      {{"details", details}, {"oldSchema", old_schema}, {"newSchema", new_schema}});
}

}  // namespace ashlar::delta
