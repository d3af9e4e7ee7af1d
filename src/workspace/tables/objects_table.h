// ObjectsTable: the tree of folders, notebooks and files, and their content.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metadb/database.h"
#include "metadb/migrations.h"

namespace ashlar::workspace {

enum class ObjectKind { kDirectory = 0, kNotebook = 1, kFile = 2 };

// Rows that the migration makes.
constexpr int64_t kRootId = 1;
constexpr int64_t kUsersFolderId = 2;
constexpr int64_t kSharedFolderId = 3;

struct ObjectRow {
  int64_t id = 0;
  int64_t parent_id = 0;  // 0: the root
  std::string name;
  ObjectKind kind = ObjectKind::kDirectory;
  std::string language;  // of notebooks
  int64_t size = 0;      // bytes of content
  int64_t creator_id = 0;
  int64_t created_ms = 0;
  int64_t modified_ms = 0;
};

class ObjectsTable {
 public:
  static Result<std::optional<ObjectRow>> Find(metadb::Transaction& txn, int64_t id);
  static Result<std::optional<ObjectRow>> FindChild(metadb::Transaction& txn, int64_t parent_id,
                                                    const std::string& name);
  // By name.
  static Result<std::vector<ObjectRow>> Children(metadb::Transaction& txn, int64_t parent_id);
  // `content` is empty for folders.
  static Status Insert(metadb::Transaction& txn, const ObjectRow& row, const std::string& content);
  // Content, size, language and modified_ms.
  static Status Replace(metadb::Transaction& txn, const ObjectRow& row, const std::string& content);
  static Result<std::string> Content(metadb::Transaction& txn, int64_t id);
  static Status Delete(metadb::Transaction& txn, int64_t id);
};

// After identity's: everybody may manage what is in /Shared.
metadb::ModuleMigrations migrations();

}  // namespace ashlar::workspace
