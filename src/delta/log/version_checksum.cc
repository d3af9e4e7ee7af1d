#include "delta/log/version_checksum.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/saturating.h"
#include "delta/evolution/drop_feature.h"
#include "delta/log/file_name.h"

namespace ashlar::delta {
namespace {

size_t HistogramBin(int64_t deleted) {
  size_t bin = 0;
  for (; deleted > 0 && bin < 9; deleted /= 10) ++bin;
  return bin;
}

void Count(VersionChecksum* sum, int64_t size, const std::optional<DeletionVectorDescriptor>& vector, int sign) {
  int64_t deleted = vector.has_value() ? vector->cardinality : 0;
  auto add = [&](int64_t* total, int64_t value) {
    *total = sign > 0 ? SaturatingAdd(*total, value) : SaturatingSubtract(*total, value);
  };
  add(&sum->table_size_bytes, size);
  add(&sum->num_files, 1);
  if (sum->num_deletion_vectors) add(&*sum->num_deletion_vectors, vector.has_value() ? 1 : 0);
  if (sum->num_deleted_records) add(&*sum->num_deleted_records, deleted);
  if (sum->deleted_record_counts) (*sum->deleted_record_counts)[HistogramBin(deleted)] += sign;
}

// The object inside {"metaData":{…}} and the like.
Json Inner(const Action& action) {
  Result<Json> json = ParseJson(ActionToJson(action));
  CHECK(json.ok() && json->size() == 1);
  return json->begin().value();
}

template <typename T>
Result<T> OuterAs(const char* kind, const Json& inner) {
  ASSIGN_OR_RETURN(std::optional<Action> action, ActionFromJson(WriteJson(Json{{kind, inner}})));
  if (!action.has_value() || !std::holds_alternative<T>(*action)) {
    return MakeError(ErrorCode::kMalformedRequest, std::string("a checksum without ") + kind);
  }
  return std::get<T>(*std::move(action));
}

std::optional<int64_t> IntegerAt(const Json& json, const char* key) {
  auto it = json.find(key);
  if (it == json.end() || !it->is_number_integer()) return std::nullopt;
  return it->get<int64_t>();
}

template <typename T, typename Key>
Result<std::map<std::string, T>> Keyed(const Json& list, const char* kind, Key key) {
  std::map<std::string, T> out;
  for (const Json& item : list) {
    ASSIGN_OR_RETURN(T action, OuterAs<T>(kind, item));
    std::string name = action.*key;
    out.emplace(std::move(name), std::move(action));
  }
  return out;
}

std::set<std::string> AsSet(const std::optional<std::vector<std::string>>& names) {
  return names.has_value() ? std::set<std::string>(names->begin(), names->end()) : std::set<std::string>();
}

// Adds that put no rows into the table may be of files that are active already, which must not count twice.
bool RewritesEntries(std::span<const Action> commit) {
  bool adds = false;
  for (const Action& action : commit) {
    if (std::holds_alternative<RemoveFile>(action)) return false;
    const auto* add = std::get_if<AddFile>(&action);
    adds = adds || (add != nullptr && !add->data_change);
  }
  return adds;
}

}  // namespace

std::string ChecksumFileName(int64_t version) { return PaddedVersion(version) + ".crc"; }

std::string ChecksumText(const VersionChecksum& sum) {
  Json json;
  if (sum.txn_id) json["txnId"] = *sum.txn_id;
  json["tableSizeBytes"] = sum.table_size_bytes;
  json["numFiles"] = sum.num_files;
  if (sum.num_deleted_records) json["numDeletedRecordsOpt"] = *sum.num_deleted_records;
  if (sum.num_deletion_vectors) json["numDeletionVectorsOpt"] = *sum.num_deletion_vectors;
  json["numMetadata"] = 1;
  json["numProtocol"] = 1;
  if (sum.in_commit_timestamp_ms) json["inCommitTimestampOpt"] = *sum.in_commit_timestamp_ms;
  if (sum.transactions) {
    json["setTransactions"] = Json::array();
    for (const auto& [id, txn] : *sum.transactions) json["setTransactions"].push_back(Inner(txn));
  }
  if (sum.domains) {
    json["domainMetadata"] = Json::array();
    for (const auto& [name, domain] : *sum.domains) json["domainMetadata"].push_back(Inner(domain));
  }
  json["metadata"] = Inner(sum.metadata);
  json["protocol"] = Inner(sum.protocol);
  if (sum.deleted_record_counts) {
    json["deletedRecordCountsHistogramOpt"]["deletedRecordCounts"] = Json(*sum.deleted_record_counts);
  }
  return WriteJson(json);
}

Result<VersionChecksum> ParseChecksum(std::string_view text) {
  ASSIGN_OR_RETURN(Json json, ParseJson(text));
  std::optional<int64_t> size, files;
  if (json.is_object()) {
    size = IntegerAt(json, "tableSizeBytes");
    files = IntegerAt(json, "numFiles");
  }
  if (!size || !files || !json.contains("metadata") || !json.contains("protocol")) {
    return MakeError(ErrorCode::kMalformedRequest, "not a version checksum");
  }
  VersionChecksum sum;
  sum.table_size_bytes = *size;
  sum.num_files = *files;
  ASSIGN_OR_RETURN(sum.metadata, OuterAs<Metadata>("metaData", json["metadata"]));
  ASSIGN_OR_RETURN(sum.protocol, OuterAs<Protocol>("protocol", json["protocol"]));
  if (json.contains("txnId") && json["txnId"].is_string()) sum.txn_id = json["txnId"].get<std::string>();
  sum.in_commit_timestamp_ms = IntegerAt(json, "inCommitTimestampOpt");
  sum.num_deletion_vectors = IntegerAt(json, "numDeletionVectorsOpt");
  sum.num_deleted_records = IntegerAt(json, "numDeletedRecordsOpt");
  if (json.contains("setTransactions") && json["setTransactions"].is_array()) {
    ASSIGN_OR_RETURN(sum.transactions, Keyed<SetTransaction>(json["setTransactions"], "txn", &SetTransaction::app_id));
  }
  if (json.contains("domainMetadata") && json["domainMetadata"].is_array()) {
    ASSIGN_OR_RETURN(sum.domains, Keyed<DomainMetadata>(json["domainMetadata"], "domainMetadata", &DomainMetadata::domain));
  }
  return sum;
}

VersionChecksum ChecksumOf(const Snapshot& snapshot) {
  VersionChecksum sum;
  sum.metadata = snapshot.metadata();
  sum.protocol = snapshot.protocol();
  sum.transactions = snapshot.state().transactions;
  sum.domains = snapshot.state().domain_metadata;
  sum.num_deletion_vectors = 0;
  sum.num_deleted_records = 0;
  sum.deleted_record_counts.emplace().fill(0);
  const FileList& files = snapshot.files();
  sum.table_size_bytes = files.total_size();
  sum.num_files = static_cast<int64_t>(files.size());
  (*sum.deleted_record_counts)[0] = sum.num_files;
  files.ForEachVector([&](const DeletionVectorDescriptor& vector) {
    --(*sum.deleted_record_counts)[0];
    ++(*sum.deleted_record_counts)[HistogramBin(vector.cardinality)];
    ++*sum.num_deletion_vectors;
    *sum.num_deleted_records += vector.cardinality;
  });
  return sum;
}

std::optional<VersionChecksum> ChecksumAfter(VersionChecksum sum, std::span<const Action> commit) {
  sum.txn_id.reset();
  sum.in_commit_timestamp_ms.reset();
  if (RewritesEntries(commit)) return std::nullopt;
  for (const Action& action : commit) {
    if (const auto* add = std::get_if<AddFile>(&action)) {
      Count(&sum, add->size, add->deletion_vector, 1);
    } else if (const auto* remove = std::get_if<RemoveFile>(&action)) {
      if (IsVectorFile(remove->path)) continue;
      if (!remove->size) return std::nullopt;
      Count(&sum, *remove->size, remove->deletion_vector, -1);
    } else if (const auto* metadata = std::get_if<Metadata>(&action)) {
      sum.metadata = *metadata;
    } else if (const auto* protocol = std::get_if<Protocol>(&action)) {
      sum.protocol = *protocol;
    } else if (const auto* txn = std::get_if<SetTransaction>(&action)) {
      if (sum.transactions) (*sum.transactions)[txn->app_id] = *txn;
    } else if (const auto* domain = std::get_if<DomainMetadata>(&action)) {
      if (!sum.domains) continue;
      sum.domains->erase(domain->domain);
      if (!domain->removed) sum.domains->emplace(domain->domain, *domain);
    } else if (const auto* info = std::get_if<CommitInfo>(&action)) {
      sum.txn_id = info->txn_id;
      sum.in_commit_timestamp_ms = info->in_commit_timestamp_ms;
    }
  }
  return sum;
}

std::string ChecksumMismatch(const VersionChecksum& sum, const SnapshotState& state) {
  int64_t size = state.files.total_size();
  auto differs = [](const char* what, const std::string& sum_says, const std::string& log_says) {
    return std::string(what) + " is " + log_says + " in the log and " + sum_says + " in the checksum";
  };
  if (sum.num_files != static_cast<int64_t>(state.files.size())) {
    return differs("The number of files", std::to_string(sum.num_files), std::to_string(state.files.size()));
  }
  if (sum.table_size_bytes != size) {
    return differs("The table size", std::to_string(sum.table_size_bytes), std::to_string(size));
  }
  const Protocol &a = sum.protocol, &b = state.protocol;
  bool same_protocol = a.min_reader_version == b.min_reader_version && a.min_writer_version == b.min_writer_version &&
                       AsSet(a.reader_features) == AsSet(b.reader_features) &&
                       AsSet(a.writer_features) == AsSet(b.writer_features);
  if (!same_protocol) return differs("The protocol", ActionToJson(a), ActionToJson(b));
  const Metadata &m = sum.metadata, &n = state.metadata;
  bool same_metadata = m.id == n.id && m.schema_string == n.schema_string &&
                       m.partition_columns == n.partition_columns && m.configuration == n.configuration;
  if (!same_metadata) return differs("The metadata", ActionToJson(m), ActionToJson(n));
  return "";
}

}  // namespace ashlar::delta
