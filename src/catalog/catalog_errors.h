// The errors of the catalog, worded as Databricks and Spark word them. Full names have parts joined by
// dots; parameters quote each part.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "sql/catalog_command.h"

namespace ashlar::catalog {

using NameParts = std::vector<std::string>;

// "`main`.`default`.`t`"
std::string QuotedName(const NameParts& name);
// "main.default.t"
std::string DottedName(const NameParts& name);

// "User does not have SELECT on Table 'main.default.t'."
Error InsufficientPermissions(std::string_view privilege, sql::Securable kind,
                              const std::string& full_name);
// Administrative rights are missing.
Error NotManager(sql::Securable kind, const std::string& full_name);
// With a text of its own.
Error InsufficientPermissions(const std::string& report);

// By kind: TABLE_OR_VIEW_NOT_FOUND (42P01), SCHEMA_NOT_FOUND (42704), NO_SUCH_CATALOG_EXCEPTION (42704), …
Error NotFound(sql::Securable kind, const NameParts& name);
// By kind: TABLE_OR_VIEW_ALREADY_EXISTS (42P07), SCHEMA_ALREADY_EXISTS (42P06), …
Error AlreadyExists(sql::Securable kind, const NameParts& name);
Error SchemaNotEmpty(const NameParts& name);
Error CatalogNotEmpty(const std::string& name);
// DROP TABLE of a view, DROP VIEW of a table (`found`: "VIEW", "MANAGED", "EXTERNAL").
Error WrongDropTarget(sql::Securable wanted, const NameParts& name, const std::string& found);
// A statement that writes, on a view.
Error ExpectTableNotView(const std::string& operation, const NameParts& name);
Error NoSuchPrincipal(const std::string& name);
// INVALID_PARAMETER_VALUE.LOCATION_OVERLAP
Error LocationOverlap(const std::string& path, const std::string& operation);
// Of a table whose files its shallow clones need: kInvalidState.
Error SourceOfClones(const std::string& name);
Error InvalidName(const std::string& name, const std::string& why);

}  // namespace ashlar::catalog
