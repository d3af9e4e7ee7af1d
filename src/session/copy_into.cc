#include <algorithm>

#include "base/id.h"
#include "base/text.h"
#include "session/commands.h"
#include "session/delta_write.h"

namespace ashlar::session {
namespace {

// A file to load, and the application id under which the table's log remembers it. The id covers
// path, size and time: a file that was replaced is loaded again. It becomes valid in the same commit
// as the rows, so a file is loaded wholly and once, whatever crashes.
struct SourceFile {
  std::string path;
  std::string ledger_id;
};

SourceFile MakeSourceFile(const std::string& path, const objectstore::ObjectInfo& info) {
  std::string identity = path + "\n" + std::to_string(info.size) + "\n" + std::to_string(info.modified_ms);
  return {path, "copy-into:" + Sha256Hex(identity)};
}

// '*' any run but '/', '?' one character; as in Hadoop's globs, without braces and classes.
bool MatchesGlob(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    for (size_t i = 0; i <= name.size(); ++i) {
      if (MatchesGlob(pattern.substr(1), name.substr(i))) return true;
      if (i < name.size() && name[i] == '/') break;
    }
    return false;
  }
  if (name.empty() || (pattern[0] != '?' && pattern[0] != name[0])) return false;
  return MatchesGlob(pattern.substr(1), name.substr(1));
}

bool IsHidden(const std::string& name) { return name.starts_with("_") || name.starts_with("."); }

Result<std::string> AuthorisedLocation(StatementRun& run, const sql::CopyIntoStatement& statement) {
  sql::ResolveRequest request;
  request.format = statement.format;
  request.path = statement.path;
  auto results = run.analyzer().catalog.Resolve({}, std::span(&request, 1));
  CHECK(results.size() == 1);
  if (!results[0].ok()) return results[0].error();
  return results[0]->location;
}

Result<std::vector<SourceFile>> ListFiles(StatementRun& run, const sql::CopyIntoStatement& statement,
                                          const std::string& location) {
  objectstore::ObjectStore& store = run.environment().store;
  std::vector<SourceFile> files;
  if (!statement.files.empty()) {
    for (const std::string& name : statement.files) {
      std::string path = objectstore::JoinPath(location, name);
      ASSIGN_OR_RETURN(objectstore::ObjectInfo info, store.Head(path));
      files.push_back(MakeSourceFile(path, info));
    }
    return files;
  }
  ASSIGN_OR_RETURN(std::vector<objectstore::ObjectInfo> listed, store.ListFrom(location, ""));
  for (const objectstore::ObjectInfo& info : listed) {
    if (IsHidden(info.name) || (!statement.pattern.empty() && !MatchesGlob(statement.pattern, info.name))) continue;
    files.push_back(MakeSourceFile(objectstore::JoinPath(location, info.name), info));
  }
  if (!files.empty()) return files;
  Result<objectstore::ObjectInfo> single = store.Head(location);
  if (single.ok()) return std::vector<SourceFile>{MakeSourceFile(location, *single)};
  if (listed.empty()) {
    return MakeSqlError("PATH_NOT_FOUND", "42K03", "Path does not exist: " + statement.path + ".", {{"path", statement.path}});
  }
  return files;
}

bool IsOn(const std::map<std::string, std::string>& options, std::string_view key) {
  return std::any_of(options.begin(), options.end(), [&](const auto& option) {
    return EqualsIgnoreCase(option.first, key) && EqualsIgnoreCase(option.second, "true");
  });
}

// SELECT <list> FROM <files>, inserted by name.
sql::InsertStatement InsertOf(const sql::CopyIntoStatement& statement, const std::vector<SourceFile>& files) {
  sql::FileRelation source;
  source.format = statement.format;
  source.options = statement.format_options;
  for (const SourceFile& file : files) source.paths.push_back(file.path);
  sql::InsertStatement insert;
  insert.table = statement.table;
  insert.by_name = true;
  insert.query = sql::MakeRelation(std::move(source));
  if (!statement.select.empty()) insert.query = sql::MakeRelation(sql::ProjectRelation{insert.query, statement.select});
  if (IsOn(statement.copy_options, "mergeSchema")) insert.options["mergeSchema"] = "true";
  return insert;
}

Rows Report(StatementRun& run, int64_t rows) {
  return ReportCounts(run, {{"num_affected_rows", rows}, {"num_inserted_rows", rows}, {"num_skipped_corrupt_files", 0}});
}

}  // namespace

Rows RunCommand(StatementRun& run, const sql::CopyIntoStatement& statement) {
  if (statement.validate_rows) return NotImplemented("COPY INTO … VALIDATE");
  ASSIGN_OR_RETURN(sql::ResolvedRelation relation, run.Resolve(statement.table, sql::Access::kWrite));
  ASSIGN_OR_RETURN(std::string location, AuthorisedLocation(run, statement));
  ASSIGN_OR_RETURN(std::vector<SourceFile> files, ListFiles(run, statement, location));
  // The statement's one snapshot of the table: what it says was loaded, and what the commit is made from.
  ASSIGN_OR_RETURN(auto target, run.analyzer().tables.Open(relation, {}, statement.table.options, std::nullopt));
  std::shared_ptr<const delta::Snapshot> snapshot = SnapshotOf(*target);
  if (!snapshot) return NotImplemented("COPY INTO a table that is not Delta");
  if (!IsOn(statement.copy_options, "force")) {
    std::erase_if(files, [&](const SourceFile& file) { return snapshot->TransactionVersion(file.ledger_id).has_value(); });
  }
  if (files.empty()) return Report(run, 0);

  ASSIGN_OR_RETURN(sql::AnalyzedInsert insert, AnalyzeWithWidening(run, InsertOf(statement, files)));
  CHECK(SnapshotOf(*insert.target.table) == snapshot) << "one table at two versions in a statement";
  DeltaWrite write(run, {relation.uuid, relation.location, snapshot});
  for (const SourceFile& file : files) {
    // Loaded meanwhile by another COPY INTO: the transaction's own check refuses a version twice.
    write.transaction().SetApplicationVersion(file.ledger_id, snapshot->TransactionVersion(file.ledger_id).value_or(-1) + 1);
  }
  write.WidenSchema(insert.target.relation.schema);
  RETURN_IF_ERROR(write.AddColumns(insert.new_columns));
  RETURN_IF_ERROR(write.AddRows(insert.rows));
  delta::Operation operation;
  operation.name = "COPY INTO";
  operation.parameters["sourcePath"] = statement.path;
  operation.metrics["numFiles"] = std::to_string(files.size());
  RETURN_IF_ERROR(write.Commit(std::move(operation)));
  return Report(run, write.rows_written());
}

}  // namespace ashlar::session
