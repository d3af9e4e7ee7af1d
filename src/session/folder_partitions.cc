#include "session/folder_partitions.h"

#include <algorithm>

#include "base/text.h"
#include "delta/partition_values.h"
#include "types/schema_tree.h"

namespace ashlar::session {
namespace {

constexpr std::string_view kNullPartition = "__HIVE_DEFAULT_PARTITION__";

// Percent-decoded; a '%' that begins no escape is itself.
std::string UnescapedName(std::string_view name) {
  std::string text;
  for (size_t i = 0; i < name.size();) {
    std::optional<std::string> byte;
    if (name[i] == '%' && i + 2 < name.size()) byte = PercentDecode(name.substr(i, 3));
    text += byte ? *byte : std::string(1, name[i]);
    i += byte ? 3 : 1;
  }
  return text;
}

struct FolderValue {
  std::string name;
  std::string value;
};

std::vector<FolderValue> FolderValues(const std::string& relative) {
  std::vector<std::string_view> folders = SplitView(relative, '/');
  folders.pop_back();
  std::vector<FolderValue> values;
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    size_t equals = folder->find('=');
    bool names = equals != std::string_view::npos && equals > 0;
    if (!names && !values.empty()) break;
    if (names) values.push_back({UnescapedName(folder->substr(0, equals)), UnescapedName(folder->substr(equals + 1))});
  }
  std::ranges::reverse(values);
  return values;
}

std::string ListText(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(QuoteIdentifier(name));
  return "[" + Join(quoted, ", ") + "]";
}

Error OtherNumber(const std::string& path, const std::vector<FolderValue>& found, const std::vector<Field>& columns) {
  std::vector<std::string> expected, parsed;
  for (const Field& column : columns) expected.push_back(column.name);
  for (const FolderValue& value : found) parsed.push_back(value.name);
  std::string expected_size = std::to_string(columns.size()), parsed_size = std::to_string(found.size());
  return MakeSqlError("DELTA_UNEXPECTED_NUM_PARTITION_COLUMNS_FROM_FILE_NAME", "KD009",
                      "Expecting " + expected_size + " partition column(s): " + ListText(expected) + ", but found " + parsed_size +
                          " partition column(s): " + ListText(parsed) + " from parsing the file name: " + path,
                      {{"expectedColsSize", expected_size},
                       {"expectedCols", ListText(expected)},
                       {"parsedColsSize", parsed_size},
                       {"parsedCols", ListText(parsed)},
                       {"path", path}});
}

}  // namespace

Result<delta::PartitionValues> FolderPartition(const std::string& relative, const std::string& path,
                                               const std::vector<Field>& columns) {
  std::vector<FolderValue> found = FolderValues(relative);
  if (found.size() != columns.size()) return OtherNumber(path, found, columns);
  delta::PartitionValues values;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Field& column = columns[i];
    std::optional<std::string> text = found[i].value;
    if (*text == kNullPartition) text.reset();
    if (text && !IsValidUtf8(*text)) {
      return MakeError(ErrorCode::kInvalidParameterValue, "The name of a folder is no UTF-8: " + path);
    }
    if (!delta::DecodePartitionValue(text, column.type).ok()) {
      std::string type = TypeClassName(column.type);
      return MakeSqlError("DELTA_FAILED_CAST_PARTITION_VALUE", "22018",
                          "Failed to cast partition value `" + *text + "` to " + type, {{"value", *text}, {"dataType", type}});
    }
    if (!EqualsIgnoreCase(found[i].name, column.name)) {
      std::string expected = QuoteIdentifier(column.name), parsed = QuoteIdentifier(found[i].name);
      return MakeSqlError("DELTA_UNEXPECTED_PARTITION_COLUMN_FROM_FILE_NAME", "KD009",
                          "Expecting partition column " + expected + ", but found partition column " + parsed +
                              " from parsing the file name: " + path,
                          {{"expectedCol", expected}, {"parsedCol", parsed}, {"path", path}});
    }
    values[column.name] = std::move(text);
  }
  return values;
}

}  // namespace ashlar::session
