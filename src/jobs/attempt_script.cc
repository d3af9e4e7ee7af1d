#include "jobs/attempt_script.h"

#include "base/id.h"
#include "base/json.h"

namespace ashlar::jobs {
namespace {

// A number laid out as uuids are: version 8, whose bits are the maker's own.
std::string UuidFrom(const std::string& hex) {
  CHECK(hex.size() >= 32) << hex;
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-8" + hex.substr(13, 3) + "-a" + hex.substr(17, 3) + "-" +
         hex.substr(20, 12);
}

}  // namespace

std::string ScriptToText(const std::vector<std::string>& statements) { return WriteJson(Json(statements)); }

std::string CommitUuidOf(int64_t attempt_id, size_t position) {
  return UuidFrom(Sha256Hex("attempt " + std::to_string(attempt_id) + " statement " + std::to_string(position)));
}

Result<std::vector<AttemptStep>> StepsOf(metadb::Database& database, catalog::CatalogService& catalog,
                                         const AttemptRow& attempt) {
  std::vector<AttemptStep> steps;
  if (attempt.script.empty()) return steps;
  ASSIGN_OR_RETURN(Json statements, ParseJson(attempt.script));
  for (const Json& sql : statements) {
    steps.push_back({sql.get<std::string>(), CommitUuidOf(attempt.id, steps.size()), false});
  }
  // Itself, then those before it that it goes on with.
  std::optional<AttemptRow> one = attempt;
  while (one) {
    CHECK(one->script == attempt.script) << "who resumes an attempt executes what that did: " << attempt.id;
    for (size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].committed) continue;
      ASSIGN_OR_RETURN(steps[i].committed, catalog.WasCommitted(CommitUuidOf(one->id, i)));
    }
    const int64_t before = one->resumes;
    one.reset();
    if (before == 0) break;
    RETURN_IF_ERROR(database.Read([&](metadb::Transaction& txn) -> Status {
      ASSIGN_OR_RETURN(one, AttemptsTable::Find(txn, before));
      return OkStatus();
    }));
  }
  return steps;
}

}  // namespace ashlar::jobs
