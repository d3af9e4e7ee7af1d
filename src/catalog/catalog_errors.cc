#include "catalog/catalog_errors.h"

#include "base/text.h"
#include "catalog/privileges.h"
#include "types/data_type.h"

namespace ashlar::catalog {
namespace {

using sql::Securable;

Error WithCode(ErrorCode code, Error error) {
  error.code = code;
  return error;
}

Error TableNotFound(const std::string& quoted) {
  return MakeSqlError(
      "TABLE_OR_VIEW_NOT_FOUND", "42P01",
      "The table or view " + quoted +
          " cannot be found. Verify the spelling and correctness of the schema and catalog.\n"
          "If you did not qualify the name with a schema, verify the current_schema() output, or "
          "qualify the name with the correct schema and catalog.\n"
          "To tolerate the error on drop use DROP VIEW IF EXISTS or DROP TABLE IF EXISTS.",
      {{"relationName", quoted}});
}

Error SchemaNotFound(const std::string& quoted) {
  return MakeSqlError(
      "SCHEMA_NOT_FOUND", "42704",
      "The schema " + quoted +
          " cannot be found. Verify the spelling and correctness of the schema and catalog.\n"
          "If you did not qualify the name with a catalog, verify the current_schema() output, or "
          "qualify the name with the correct catalog.\n"
          "To tolerate the error on drop use DROP SCHEMA IF EXISTS.",
      {{"schemaName", quoted}});
}

}  // namespace

std::string QuotedName(const NameParts& name) {
  NameParts quoted;
  for (const std::string& part : name) quoted.push_back(QuoteIdentifier(part));
  return Join(quoted, ".");
}

std::string DottedName(const NameParts& name) { return Join(name, "."); }

Error InsufficientPermissions(const std::string& report) {
  return WithCode(ErrorCode::kPermissionDenied,
                  MakeSqlError("INSUFFICIENT_PERMISSIONS", "42501",
                               "Insufficient privileges:\n" + report, {{"report", report}}));
}

Error InsufficientPermissions(std::string_view privilege, Securable kind,
                              const std::string& full_name) {
  std::string report = "User does not have " + SqlPrivilege(privilege) + " on ";
  report += kind == Securable::kAnyFile ? std::string("Any File")
                                        : std::string(KindTitle(kind)) + " '" + full_name + "'";
  return InsufficientPermissions(report + ".");
}

Error NotManager(Securable kind, const std::string& full_name) {
  return InsufficientPermissions("User is not an owner of " + std::string(KindTitle(kind)) + " '" +
                                 full_name + "' and does not have MANAGE on it.");
}

Error NotFound(Securable kind, const NameParts& name) {
  std::string quoted = QuotedName(name);
  switch (kind) {
    case Securable::kTable:
    case Securable::kView:
      return WithCode(ErrorCode::kResourceDoesNotExist, TableNotFound(quoted));
    case Securable::kSchema:
      return WithCode(ErrorCode::kResourceDoesNotExist, SchemaNotFound(quoted));
    case Securable::kCatalog:
      return WithCode(ErrorCode::kResourceDoesNotExist,
                      MakeSqlError("NO_SUCH_CATALOG_EXCEPTION", "42704",
                                   "Catalog '" + DottedName(name) +
                                       "' was not found. Please verify the catalog name and then "
                                       "retry the query or command again.",
                                   {{"catalog", DottedName(name)}}));
    case Securable::kVolume:
      return WithCode(ErrorCode::kResourceDoesNotExist,
                      MakeSqlError("VOLUME_NOT_FOUND", "42704",
                                   "The volume " + quoted + " cannot be found. Verify the spelling "
                                   "and correctness of the schema and catalog.",
                                   {{"name", quoted}}));
    default:
      return MakeError(ErrorCode::kResourceDoesNotExist, std::string(KindTitle(kind)) + " '" +
                                                             DottedName(name) + "' does not exist.");
  }
}

Error AlreadyExists(Securable kind, const NameParts& name) {
  std::string quoted = QuotedName(name);
  switch (kind) {
    case Securable::kTable:
    case Securable::kView:
      return WithCode(
          ErrorCode::kResourceAlreadyExists,
          MakeSqlError("TABLE_OR_VIEW_ALREADY_EXISTS", "42P07",
                       "Cannot create table or view " + quoted +
                           " because it already exists.\nChoose a different name, drop or replace "
                           "the existing object, add the IF NOT EXISTS clause to tolerate "
                           "pre-existing objects, or add the OR REFRESH clause to refresh the "
                           "existing streaming table.",
                       {{"relationName", quoted}}));
    case Securable::kSchema:
      return WithCode(ErrorCode::kResourceAlreadyExists,
                      MakeSqlError("SCHEMA_ALREADY_EXISTS", "42P06",
                                   "Cannot create schema " + quoted +
                                       " because it already exists.\nChoose a different name, drop "
                                       "the existing schema, or add the IF NOT EXISTS clause to "
                                       "tolerate pre-existing schema.",
                                   {{"schemaName", quoted}}));
    default:
      return MakeError(ErrorCode::kResourceAlreadyExists,
                       std::string(KindTitle(kind)) + " '" + DottedName(name) + "' already exists");
  }
}

Error SchemaNotEmpty(const NameParts& name) {
  std::string quoted = QuotedName(name);
  return MakeSqlError("SCHEMA_NOT_EMPTY", "2BP01",
                      "Cannot drop a schema " + quoted +
                          " because it contains objects.\nUse DROP SCHEMA ... CASCADE to drop the "
                          "schema and all its objects.",
                      {{"schemaName", quoted}});
}

Error CatalogNotEmpty(const std::string& name) {
  return MakeError(ErrorCode::kInvalidState,
                   "Catalog '" + name + "' is not empty. The catalog has one or more schemas.");
}

Error WrongDropTarget(Securable wanted, const NameParts& name, const std::string& found) {
  bool view = wanted == Securable::kView;
  std::string quoted = QuotedName(name);
  std::string operation = view ? "DROP VIEW" : "DROP TABLE";
  std::string required = view ? "VIEW" : "EXTERNAL or MANAGED";
  std::string alternative = view ? "DROP TABLE" : "DROP VIEW";
  return MakeSqlError("WRONG_COMMAND_FOR_OBJECT_TYPE", "42809",
                      "The operation " + operation + " requires a " + required + ". But " + quoted +
                          " is a " + found + ". Use " + alternative + " instead.",
                      {{"operation", operation},
                       {"requiredType", required},
                       {"objectName", quoted},
                       {"foundType", found},
                       {"alternative", alternative}});
}

Error ExpectTableNotView(const std::string& operation, const NameParts& name) {
  std::string quoted = QuotedName(name);
  return MakeSqlError("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "42809",
                      "'" + operation + "' expects a table but " + quoted + " is a view.",
                      {{"operation", operation}, {"viewName", quoted}});
}

Error NoSuchPrincipal(const std::string& name) {
  return MakeError(ErrorCode::kResourceDoesNotExist, "Could not find principal with name " + name);
}

Error LocationOverlap(const std::string& path, const std::string& operation) {
  return WithCode(
      ErrorCode::kInvalidParameterValue,
      MakeSqlError("INVALID_PARAMETER_VALUE.LOCATION_OVERLAP", "22023",
                   "Input path url '" + path + "' overlaps with other external tables or volumes "
                   "within '" + operation + "' call.",
                   {{"path", path}, {"operation", operation}}));
}

Error SourceOfClones(const std::string& name) {
  return MakeError(ErrorCode::kInvalidState,
                   "'" + name + "' holds files of shallow clones, which would be lost: drop the clones first, or copy them by DEEP CLONE.");
}

Error InvalidName(const std::string& name, const std::string& why) {
  return MakeError(ErrorCode::kInvalidParameterValue, "'" + name + "' is not a valid name: " + why);
}

}  // namespace ashlar::catalog
