// WorkspaceTree: folders, notebooks and files by path, and who may do what with them. What a caller may
// not read does not exist for him. Root and /Users show everybody what is below that he may read; a
// caller's home /Users/<name> is made when he first comes.
//
// Making, deleting and overwriting need CAN_MANAGE on the folder; overwriting is also granted by CAN_EDIT on
// the object. Thread safe.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "http/principal.h"
#include "identity/permission_evaluator.h"
#include "metadb/database.h"
#include "workspace/tables/objects_table.h"

namespace ashlar::workspace {

constexpr int64_t kMaxContentBytes = int64_t{10} << 20;

struct PlacedObject {
  ObjectRow row;
  std::string path;  // without "/Workspace"
};

struct ObjectContent {
  PlacedObject object;
  std::string content;  // of notebooks without the header line; empty for folders
};

// A notebook as jobs run it.
struct Notebook {
  int64_t object_id = 0;
  std::string language;
  std::string source;
};

struct NewObject {
  std::string path;
  ObjectKind kind = ObjectKind::kFile;
  std::string language;
  std::string content;
  bool overwrite = false;
};

class WorkspaceTree {
 public:
  WorkspaceTree(metadb::Database& database, const identity::PermissionEvaluator& permissions, const Clock& clock,
                Random& random)
      : database_(database), permissions_(permissions), clock_(clock), random_(random) {}

  Result<PlacedObject> Find(const http::Principal& principal, const std::string& path);
  // Of a folder, by name; what is no folder lists itself.
  Result<std::vector<PlacedObject>> List(const http::Principal& principal, const std::string& path);
  Result<ObjectContent> Read(const http::Principal& principal, const std::string& path);
  // Errors: kInvalidParameterValue for what is no notebook.
  Result<Notebook> ReadNotebook(const http::Principal& principal, const std::string& path);
  // Errors: kMaxNotebookSizeExceeded, kResourceAlreadyExists, kInvalidParameterValue for a change of kind.
  Status Write(const http::Principal& principal, const NewObject& object);
  // With its parents; one that is there is fine.
  Status MakeDirectories(const http::Principal& principal, const std::string& path);
  enum class Depth { kOne, kAll };
  // Errors: kDirectoryNotEmpty for Depth::kOne.
  Status Delete(const http::Principal& principal, const std::string& path, Depth depth);

 private:
  using Names = std::vector<std::string>;
  Result<Names> Enter(const http::Principal& principal, const std::string& path);
  Status EnsureHome(const http::Principal& principal);
  Result<bool> May(metadb::Transaction& txn, const http::Principal& principal, const ObjectRow& row,
                   std::string_view level) const;
  Status RequireLevel(metadb::Transaction& txn, const http::Principal& principal, const ObjectRow& row,
                      std::string_view level) const;
  // What the caller may read; kResourceDoesNotExist for the rest.
  Result<ObjectRow> Visible(metadb::Transaction& txn, const http::Principal& principal, const Names& names) const;
  ObjectRow NewRow(const http::Principal& principal, int64_t parent_id, const std::string& name, ObjectKind kind);
  Status Overwrite(metadb::Transaction& txn, const http::Principal& principal, ObjectRow row, const NewObject& object);

  metadb::Database& database_;
  const identity::PermissionEvaluator& permissions_;
  const Clock& clock_;
  Random& random_;
};

// Register for "notebooks", "directories" and "files": levels on a folder count for what is below.
class WorkspaceAncestry final : public identity::ObjectAncestry {
 public:
  Result<std::vector<identity::ObjectRef>> Ancestors(metadb::Transaction& txn,
                                                     const identity::ObjectRef& object) const override;
};

}  // namespace ashlar::workspace
