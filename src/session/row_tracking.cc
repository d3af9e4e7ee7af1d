#include "session/row_tracking.h"

#include <algorithm>
#include <functional>

#include "base/json.h"
#include "base/text.h"
#include "delta/commit/row_tracking.h"
#include "delta/evolution/properties.h"
#include "delta/features.h"
#include "engine/write/row_counts.h"
#include "session/committer.h"

namespace ashlar::session {
namespace {

constexpr int kBackfillAttempts = 20;

// Commits that come before the statement's own, whose name its caller knows.
class Preparation {
 public:
  Preparation(StatementRun& run, MaintainedTable& table)
      : run_(run), table_(table), committer_(run.environment().control, run.session().handle(), table.relation.uuid) {}

  delta::Transaction Begin() {
    Environment& env = run_.environment();
    return delta::Transaction(location(), committer_, table_.snapshot, delta::TransactionEnvironment{env.clock, env.random});
  }

  Status Commit(delta::Transaction transaction, const std::string& name, const std::string& parameter, const std::string& value) {
    RETURN_IF_ERROR(run_.CheckCancelled());
    delta::Operation operation;
    operation.name = name;
    operation.parameters[parameter] = value;
    operation.user_name = run_.session().user_name();
    transaction.SetOperation(std::move(operation));
    RETURN_IF_ERROR(transaction.Commit());
    return Refresh();
  }

  Status Refresh() {
    ASSIGN_OR_RETURN(table_.snapshot, delta::Snapshot::Update(location(), table_.snapshot));
    return OkStatus();
  }

  // The files again, as `change` makes them: their rows stay where they are.
  Status Rewrite(const std::string& operation, const std::function<bool(const delta::AddFile&)>& wanted,
                 const std::function<void(delta::AddFile&)>& change) {
    std::vector<delta::AddFile> files;
    for (delta::AddFile file : table_.snapshot->files()) {
      if (wanted(file)) files.push_back(std::move(file));
    }
    if (files.empty()) return OkStatus();
    // Ids are counted by rows; some writers leave their number out.
    RETURN_IF_ERROR(engine::FillRowCounts(run_.connection(), *table_.snapshot, files));
    delta::Transaction transaction = Begin();
    for (delta::AddFile& file : files) {
      transaction.ReadFile(file);
      file.data_change = false;
      change(file);
      transaction.Add(std::move(file));
    }
    return Commit(std::move(transaction), operation, "batchId", "0");
  }

 private:
  delta::TableLocation location() const { return LocationOf(run_, table_.relation); }

  StatementRun& run_;
  MaintainedTable& table_;
  RemoteCommitter committer_;
};

std::string ProtocolText(const delta::Protocol& protocol) {
  Json json;
  json["minReaderVersion"] = protocol.min_reader_version;
  json["minWriterVersion"] = protocol.min_writer_version;
  if (protocol.reader_features) json["readerFeatures"] = *protocol.reader_features;
  if (protocol.writer_features) json["writerFeatures"] = *protocol.writer_features;
  return WriteJson(json);
}

}  // namespace

bool EnablesRowTracking(const delta::Snapshot& snapshot, const std::map<std::string, std::string>& properties) {
  if (delta::TracksRows(snapshot.metadata())) return false;
  return std::ranges::any_of(properties, [](const auto& property) {
    return delta::CanonicalProperty(property.first) == "delta.enableRowTracking" && EqualsIgnoreCase(property.second, "true");
  });
}

Status BackfillRowIds(StatementRun& run, MaintainedTable& table) {
  Preparation before(run, table);
  if (!delta::IsFeatureListed(table.snapshot->protocol(), "rowTracking")) {
    delta::Transaction upgrade = before.Begin();
    delta::Protocol protocol = delta::WithFeature(table.snapshot->protocol(), *delta::FindTableFeature("rowTracking"));
    upgrade.SetProtocol(protocol);
    RETURN_IF_ERROR(before.Commit(std::move(upgrade), "UPGRADE PROTOCOL", "newProtocol", ProtocolText(protocol)));
  }
  // What is written from now on has ids; a file that another statement takes away meanwhile needs none.
  for (int attempt = 1;; ++attempt) {
    Status given = before.Rewrite("ROW TRACKING BACKFILL", [](const delta::AddFile& file) { return !file.base_row_id; },
                                  [](delta::AddFile&) {});
    bool lost = !given.ok() && given.error().code == ErrorCode::kAborted;
    if (!lost || attempt == kBackfillAttempts) return given;
    RETURN_IF_ERROR(run.CheckCancelled());
    RETURN_IF_ERROR(before.Refresh());
  }
}

Status RemoveRowIds(StatementRun& run, MaintainedTable& table) {
  Preparation before(run, table);
  if (!delta::BooleanProperty(table.snapshot->metadata().configuration, "delta.rowTrackingSuspended", false)) {
    Json properties;
    properties["delta.enableRowTracking"] = "false";
    properties["delta.rowTrackingSuspended"] = "true";
    delta::Transaction suspend = before.Begin();
    delta::Metadata metadata = table.snapshot->metadata();
    metadata.configuration["delta.enableRowTracking"] = "false";
    metadata.configuration["delta.rowTrackingSuspended"] = "true";
    suspend.SetMetadata(std::move(metadata));
    RETURN_IF_ERROR(before.Commit(std::move(suspend), "SET TBLPROPERTIES", "properties", WriteJson(properties)));
  }
  return before.Rewrite("ROW TRACKING UNBACKFILL",
                        [](const delta::AddFile& file) { return file.base_row_id || file.default_row_commit_version; },
                        [](delta::AddFile& file) {
                          file.base_row_id.reset();
                          file.default_row_commit_version.reset();
                        });
}

}  // namespace ashlar::session
