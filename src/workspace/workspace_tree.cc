#include "workspace/workspace_tree.h"

#include "base/id.h"
#include "base/text.h"
#include "workspace/workspace_path.h"

namespace ashlar::workspace {
namespace {

constexpr std::string_view kCanRead = "CAN_READ";
constexpr std::string_view kCanEdit = "CAN_EDIT";
constexpr std::string_view kCanManage = "CAN_MANAGE";

std::string_view TypeOf(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kDirectory:
      return "directories";
    case ObjectKind::kNotebook:
      return "notebooks";
    case ObjectKind::kFile:
      return "files";
  }
  CHECK(false) << "no such kind";
  return "";
}

identity::ObjectRef RefOf(const ObjectRow& row) { return {std::string(TypeOf(row.kind)), std::to_string(row.id)}; }

bool IsFixed(int64_t id) { return id == kRootId || id == kUsersFolderId || id == kSharedFolderId; }

Error DoesNotExist(std::span<const std::string> names) {
  return MakeError(ErrorCode::kResourceDoesNotExist, "Path (" + FormatWorkspacePath(names) + ") doesn't exist.");
}

Error AlreadyExists(std::span<const std::string> names) {
  return MakeError(ErrorCode::kResourceAlreadyExists, "Path (" + FormatWorkspacePath(names) + ") already exists.");
}

Result<std::optional<ObjectRow>> Walk(metadb::Transaction& txn, std::span<const std::string> names) {
  ASSIGN_OR_RETURN(auto row, ObjectsTable::Find(txn, kRootId));
  for (const std::string& name : names) {
    if (!row) break;
    ASSIGN_OR_RETURN(row, ObjectsTable::FindChild(txn, row->id, name));
  }
  return row;
}

Status DeleteTree(metadb::Transaction& txn, const ObjectRow& row) {
  std::vector<ObjectRow> left = {row};
  while (!left.empty()) {
    ObjectRow next = left.back();
    left.pop_back();
    ASSIGN_OR_RETURN(auto children, ObjectsTable::Children(txn, next.id));
    left.insert(left.end(), children.begin(), children.end());
    RETURN_IF_ERROR(identity::PermissionEvaluator::Forget(txn, RefOf(next)));
    RETURN_IF_ERROR(ObjectsTable::Delete(txn, next.id));
  }
  return OkStatus();
}

}  // namespace

Result<std::vector<identity::ObjectRef>> WorkspaceAncestry::Ancestors(metadb::Transaction& txn,
                                                                      const identity::ObjectRef& object) const {
  auto missing = [&] {
    return MakeError(ErrorCode::kResourceDoesNotExist, "No object of " + object.type + " has the id " + object.id);
  };
  std::optional<int64_t> id = ParseInt64(object.id);
  if (!id) return missing();
  ASSIGN_OR_RETURN(auto row, ObjectsTable::Find(txn, *id));
  if (!row || TypeOf(row->kind) != object.type) return missing();
  std::vector<identity::ObjectRef> ancestors;
  while (row->parent_id != 0) {
    ASSIGN_OR_RETURN(row, ObjectsTable::Find(txn, row->parent_id));
    CHECK(row.has_value()) << "an object whose folder is gone: " << object.id;
    ancestors.push_back(RefOf(*row));
  }
  return ancestors;
}

Result<bool> WorkspaceTree::May(metadb::Transaction& txn, const http::Principal& principal, const ObjectRow& row,
                                std::string_view level) const {
  bool open = row.id == kRootId || row.id == kUsersFolderId;
  if (open && level == kCanRead) return true;
  return permissions_.CheckWithin(txn, principal.id, RefOf(row), level);
}

Status WorkspaceTree::RequireLevel(metadb::Transaction& txn, const http::Principal& principal, const ObjectRow& row,
                                   std::string_view level) const {
  ASSIGN_OR_RETURN(bool allowed, May(txn, principal, row, level));
  if (allowed) return OkStatus();
  return MakeError(ErrorCode::kPermissionDenied, principal.name + " does not have " + std::string(level) + " on '" +
                                                     (row.id == kRootId ? "/" : row.name) + "'.");
}

Result<ObjectRow> WorkspaceTree::Visible(metadb::Transaction& txn, const http::Principal& principal,
                                         const Names& names) const {
  ASSIGN_OR_RETURN(auto row, Walk(txn, names));
  if (!row) return DoesNotExist(names);
  ASSIGN_OR_RETURN(bool visible, May(txn, principal, *row, kCanRead));
  if (!visible) return DoesNotExist(names);
  return *row;
}

Status WorkspaceTree::EnsureHome(const http::Principal& principal) {
  bool exists = false;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(auto row, ObjectsTable::FindChild(txn, kUsersFolderId, principal.name));
    exists = row.has_value();
    return OkStatus();
  }));
  bool nameable = ParseWorkspacePath("/" + principal.name).ok() && principal.name.find('/') == std::string::npos;
  if (exists || !nameable) return OkStatus();
  return database_.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(auto row, ObjectsTable::FindChild(txn, kUsersFolderId, principal.name));
    if (row) return OkStatus();
    ObjectRow home = NewRow(principal, kUsersFolderId, principal.name, ObjectKind::kDirectory);
    RETURN_IF_ERROR(ObjectsTable::Insert(txn, home, ""));
    return identity::PermissionEvaluator::GrantCreator(txn, RefOf(home), principal.id);
  });
}

Result<WorkspaceTree::Names> WorkspaceTree::Enter(const http::Principal& principal, const std::string& path) {
  ASSIGN_OR_RETURN(Names names, ParseWorkspacePath(path));
  if (!names.empty() && names[0] == "Users") RETURN_IF_ERROR(EnsureHome(principal));
  return names;
}

ObjectRow WorkspaceTree::NewRow(const http::Principal& principal, int64_t parent_id, const std::string& name,
                                ObjectKind kind) {
  ObjectRow row;
  row.id = NewNumericId(random_);
  row.parent_id = parent_id;
  row.name = name;
  row.kind = kind;
  row.creator_id = principal.id;
  row.created_ms = row.modified_ms = clock_.NowMs();
  return row;
}

Result<PlacedObject> WorkspaceTree::Find(const http::Principal& principal, const std::string& path) {
  ASSIGN_OR_RETURN(Names names, Enter(principal, path));
  PlacedObject found;
  found.path = FormatWorkspacePath(names);
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(found.row, Visible(txn, principal, names));
    return OkStatus();
  }));
  return found;
}

Result<std::vector<PlacedObject>> WorkspaceTree::List(const http::Principal& principal, const std::string& path) {
  ASSIGN_OR_RETURN(Names names, Enter(principal, path));
  std::vector<PlacedObject> found;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    found.clear();
    ASSIGN_OR_RETURN(ObjectRow row, Visible(txn, principal, names));
    std::string base = FormatWorkspacePath(names);
    if (row.kind != ObjectKind::kDirectory) {
      found.push_back({row, base});
      return OkStatus();
    }
    if (base == "/") base.clear();
    ASSIGN_OR_RETURN(auto children, ObjectsTable::Children(txn, row.id));
    for (const ObjectRow& child : children) {
      ASSIGN_OR_RETURN(bool visible, May(txn, principal, child, kCanRead));
      if (visible) found.push_back({child, base + "/" + child.name});
    }
    return OkStatus();
  }));
  return found;
}

Result<ObjectContent> WorkspaceTree::Read(const http::Principal& principal, const std::string& path) {
  ASSIGN_OR_RETURN(Names names, Enter(principal, path));
  ObjectContent read;
  read.object.path = FormatWorkspacePath(names);
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(read.object.row, Visible(txn, principal, names));
    if (read.object.row.kind == ObjectKind::kDirectory) return OkStatus();
    ASSIGN_OR_RETURN(read.content, ObjectsTable::Content(txn, read.object.row.id));
    return OkStatus();
  }));
  return read;
}

Result<Notebook> WorkspaceTree::ReadNotebook(const http::Principal& principal, const std::string& path) {
  ASSIGN_OR_RETURN(ObjectContent read, Read(principal, path));
  if (read.object.row.kind != ObjectKind::kNotebook) {
    return MakeError(ErrorCode::kInvalidParameterValue, "Path (" + read.object.path + ") is not a notebook.");
  }
  return Notebook{read.object.row.id, read.object.row.language, std::move(read.content)};
}

Status WorkspaceTree::Overwrite(metadb::Transaction& txn, const http::Principal& principal, ObjectRow row,
                                const NewObject& object) {
  RETURN_IF_ERROR(RequireLevel(txn, principal, row, kCanEdit));
  if (row.kind != object.kind) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "Path (" + object.path + ") is of another type, which an import does not overwrite.");
  }
  row.language = object.language;
  row.size = static_cast<int64_t>(object.content.size());
  row.modified_ms = clock_.NowMs();
  return ObjectsTable::Replace(txn, row, object.content);
}

Status WorkspaceTree::Write(const http::Principal& principal, const NewObject& object) {
  CHECK(object.kind != ObjectKind::kDirectory) << "folders have no content";
  if (static_cast<int64_t>(object.content.size()) > kMaxContentBytes) {
    return MakeError(ErrorCode::kMaxNotebookSizeExceeded,
                     "content size (" + std::to_string(object.content.size()) + ") exceeds the limit of " +
                         std::to_string(kMaxContentBytes) + " bytes");
  }
  ASSIGN_OR_RETURN(Names names, Enter(principal, object.path));
  if (names.empty()) return AlreadyExists(names);
  return database_.Transact([&](metadb::Transaction& txn) -> Status {
    Names folder(names.begin(), names.end() - 1);
    ASSIGN_OR_RETURN(ObjectRow parent, Visible(txn, principal, folder));
    if (parent.kind != ObjectKind::kDirectory) return DoesNotExist(folder);
    ASSIGN_OR_RETURN(auto existing, ObjectsTable::FindChild(txn, parent.id, names.back()));
    if (existing && object.overwrite) return Overwrite(txn, principal, *existing, object);
    RETURN_IF_ERROR(RequireLevel(txn, principal, parent, kCanManage));
    if (existing) return AlreadyExists(names);
    ObjectRow row = NewRow(principal, parent.id, names.back(), object.kind);
    row.language = object.language;
    row.size = static_cast<int64_t>(object.content.size());
    RETURN_IF_ERROR(ObjectsTable::Insert(txn, row, object.content));
    return identity::PermissionEvaluator::GrantCreator(txn, RefOf(row), principal.id);
  });
}

Status WorkspaceTree::MakeDirectories(const http::Principal& principal, const std::string& path) {
  ASSIGN_OR_RETURN(Names names, Enter(principal, path));
  return database_.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(auto current, ObjectsTable::Find(txn, kRootId));
    CHECK(current.has_value()) << "the migration makes the root";
    // A refusal names the deepest folder the caller may see: what is hidden answers as if it were not there.
    ObjectRow shown = *current;
    auto require = [&](const ObjectRow& row, std::string_view level) -> Status {
      ASSIGN_OR_RETURN(bool may, May(txn, principal, row, level));
      return may ? OkStatus() : RequireLevel(txn, principal, shown, kCanManage);
    };
    for (const std::string& name : names) {
      ASSIGN_OR_RETURN(bool visible, May(txn, principal, *current, kCanRead));
      if (visible) shown = *current;
      ASSIGN_OR_RETURN(auto next, ObjectsTable::FindChild(txn, current->id, name));
      if (!next) {
        RETURN_IF_ERROR(require(*current, kCanManage));
        next = NewRow(principal, current->id, name, ObjectKind::kDirectory);
        RETURN_IF_ERROR(ObjectsTable::Insert(txn, *next, ""));
        RETURN_IF_ERROR(identity::PermissionEvaluator::GrantCreator(txn, RefOf(*next), principal.id));
      } else if (next->kind != ObjectKind::kDirectory) {
        RETURN_IF_ERROR(require(*next, kCanRead));
        return MakeError(ErrorCode::kResourceAlreadyExists, "The path (" + path + ") leads through '" + name +
                                                                "', which is not a folder.");
      }
      current = next;
    }
    return require(*current, kCanRead);
  });
}

Status WorkspaceTree::Delete(const http::Principal& principal, const std::string& path, Depth depth) {
  ASSIGN_OR_RETURN(Names names, Enter(principal, path));
  return database_.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(ObjectRow row, Visible(txn, principal, names));
    if (IsFixed(row.id)) {
      return MakeError(ErrorCode::kBadRequest, "Folder " + FormatWorkspacePath(names) + " is protected.");
    }
    RETURN_IF_ERROR(RequireLevel(txn, principal, row, kCanManage));
    ASSIGN_OR_RETURN(auto children, ObjectsTable::Children(txn, row.id));
    if (depth == Depth::kOne && !children.empty()) {
      return MakeError(ErrorCode::kDirectoryNotEmpty, "Folder " + FormatWorkspacePath(names) + " is not empty.");
    }
    return DeleteTree(txn, row);
  });
}

}  // namespace ashlar::workspace
