// The privileges of Unity Catalog: what they are called and on what they can be granted. Data, no rules;
// the rules stand in authorization.h.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sql/catalog_command.h"

namespace ashlar::catalog {

// The API's spelling ("USE_CATALOG") of a privilege written in either way, any case. Errors:
// kInvalidParameterValue for one that does not exist.
Result<std::string> CanonicalPrivilege(std::string_view text);
// "USE CATALOG"
std::string SqlPrivilege(std::string_view privilege);

// Whether the privilege can be granted on this kind of securable: its own privileges, and as an
// inheritable default those of everything below it.
bool IsGrantable(sql::Securable kind, std::string_view privilege);
// Whether the privilege is one of this kind's own, not of what is below it.
bool AppliesTo(sql::Securable kind, std::string_view privilege);
// The kind's own privileges, without ALL_PRIVILEGES.
std::span<const std::string_view> OwnPrivileges(sql::Securable kind);

// "Catalog", "External Location": as error messages name the kind.
std::string_view KindTitle(sql::Securable kind);
// "CATALOG", "EXTERNAL_LOCATION": as the API names it. A view is a TABLE there.
std::string_view SecurableTypeName(sql::Securable kind);

}  // namespace ashlar::catalog
