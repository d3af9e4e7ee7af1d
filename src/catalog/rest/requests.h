// What the handlers of the REST API do to their requests alike.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "api/field.h"
#include "base/text.h"
#include "catalog/object_info.h"
#include "sql/catalog_command.h"

namespace ashlar::catalog {

inline sql::CatalogCommand Command(sql::CatalogAction action, sql::Securable kind, std::vector<std::string> name) {
  sql::CatalogCommand command;
  command.action = action;
  command.securable = kind;
  command.name = std::move(name);
  return command;
}

inline sql::CatalogCommand Creation(sql::Securable kind, std::vector<std::string> name, const api::Field<std::string>& comment) {
  sql::CatalogCommand command = Command(sql::CatalogAction::kCreate, kind, std::move(name));
  if (comment.has()) command.comment = *comment;
  return command;
}

// An option of the API that is there but not built.
inline Status Refuse(bool given, const char* what) { return given ? Status(NotImplemented(what)) : OkStatus(); }

inline bool Given(const api::Field<std::string>& field) { return field.has() && !field->empty(); }

// At most `size` of those after the name that `page_token` holds, and the token of the next page.
inline std::vector<ObjectInfo> PageAfter(std::vector<ObjectInfo> all, const std::string& page_token, int64_t size,
                                         api::Field<std::string>& next_token) {
  constexpr int64_t kDefaultPage = 1000;
  std::string after = Base64Decode(page_token).value_or("");
  std::erase_if(all, [&](const ObjectInfo& info) { return info.name.back() <= after; });
  if (size <= 0) size = kDefaultPage;
  if (static_cast<int64_t>(all.size()) > size) {
    all.resize(static_cast<size_t>(size));
    next_token = Base64Encode(all.back().name.back());
  }
  return all;
}

}  // namespace ashlar::catalog
