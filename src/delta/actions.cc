#include "delta/actions.h"

#include "base/text.h"
#include "delta/paths.h"

namespace ashlar::delta {

std::string DeletionVectorDescriptor::UniqueId() const {
  std::string id = storage_type + path_or_inline_dv;
  if (offset.has_value()) id += "@" + std::to_string(*offset);
  return id;
}

std::string FileKey(std::string_view log_path,
                    const std::optional<DeletionVectorDescriptor>& deletion_vector) {
  // A path that cannot be decoded still names one file: itself.
  std::string key = DecodeLogPath(log_path).value_or(std::string(log_path));
  if (deletion_vector.has_value()) {
    key += '\0';
    key += deletion_vector->UniqueId();
  }
  return key;
}

RemoveFile RemovalOf(const AddFile& file, int64_t deletion_timestamp_ms) {
  RemoveFile remove;
  remove.path = file.path;
  remove.deletion_timestamp_ms = deletion_timestamp_ms;
  remove.extended_file_metadata = true;
  remove.partition_values = file.partition_values;
  remove.size = file.size;
  remove.stats = file.stats;
  remove.deletion_vector = file.deletion_vector;
  remove.base_row_id = file.base_row_id;
  remove.default_row_commit_version = file.default_row_commit_version;
  remove.tags = file.tags;
  return remove;
}

bool BooleanProperty(const StringMap& configuration, const std::string& key, bool otherwise) {
  auto it = configuration.find(key);
  return it == configuration.end() ? otherwise : EqualsIgnoreCase(it->second, "true");
}

}  // namespace ashlar::delta
