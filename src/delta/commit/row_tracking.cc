#include "delta/commit/row_tracking.h"

#include <algorithm>

#include "base/check.h"
#include "base/json.h"
#include "base/saturating.h"
#include "delta/features.h"
#include "delta/stats.h"

namespace ashlar::delta {
namespace {

auto Find(std::vector<DomainMetadata>& domains) {
  return std::ranges::find(domains, std::string_view(kRowTrackingDomain), &DomainMetadata::domain);
}

// The mark is at least this.
Status Raise(int64_t mark, std::vector<DomainMetadata>& domains) {
  auto own = Find(domains);
  if (own == domains.end()) {
    domains.push_back(RowTrackingDomain(mark));
    return OkStatus();
  }
  int64_t before = -1;
  if (!own->removed) {
    ASSIGN_OR_RETURN(before, HighWaterMarkOf(*own));
  }
  *own = RowTrackingDomain(std::max(mark, before));
  return OkStatus();
}

// Ids above the mark for the files that have none, and `version` as that of their rows. Gives the new mark.
int64_t Assign(std::vector<AddFile>& files, int64_t high_water_mark, int64_t version) {
  for (AddFile& file : files) {
    if (!file.default_row_commit_version) file.default_row_commit_version = version;
    std::optional<int64_t> rows = NumRecords(file);
    CHECK(rows.has_value()) << "a staged file without numRecords";
    // Of a copied table: its ids are taken.
    if (file.base_row_id) high_water_mark = std::max(high_water_mark, SaturatingAdd(*file.base_row_id, *rows - 1));
  }
  for (AddFile& file : files) {
    if (file.base_row_id) continue;
    std::optional<int64_t> rows = NumRecords(file);
    file.base_row_id = high_water_mark + 1;
    high_water_mark = SaturatingAdd(high_water_mark, *rows);
  }
  return high_water_mark;
}

}  // namespace

bool AssignsRowIds(const Protocol& protocol, const Metadata& metadata) {
  return IsFeatureListed(protocol, "rowTracking") &&
         !BooleanProperty(metadata.configuration, "delta.rowTrackingSuspended", false);
}

bool TracksRows(const Metadata& metadata) {
  return BooleanProperty(metadata.configuration, "delta.enableRowTracking", false);
}

void NameRowTrackingColumns(StringMap& configuration, Random& random) {
  if (!BooleanProperty(configuration, "delta.enableRowTracking", false)) return;
  if (!configuration.contains(kRowIdColumn)) configuration[kRowIdColumn] = "_row-id-col-" + NewUuid(random);
  if (!configuration.contains(kRowVersionColumn)) {
    configuration[kRowVersionColumn] = "_row-commit-version-col-" + NewUuid(random);
  }
}

Result<int64_t> HighWaterMarkOf(const DomainMetadata& domain) {
  CHECK_EQ(domain.domain, std::string(kRowTrackingDomain));
  auto json = ParseJson(domain.configuration);
  bool known = json.ok() && json->is_object() && json->contains("rowIdHighWaterMark") &&
               (*json)["rowIdHighWaterMark"].is_number_integer();
  if (!known) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "The metadata domain delta.rowTracking does not hold a high water mark: " + domain.configuration);
  }
  return (*json)["rowIdHighWaterMark"].get<int64_t>();
}

Result<int64_t> HighWaterMarkOf(const Snapshot& snapshot) {
  auto domain = snapshot.state().domain_metadata.find(kRowTrackingDomain);
  if (domain == snapshot.state().domain_metadata.end()) return int64_t{-1};
  return HighWaterMarkOf(domain->second);
}

DomainMetadata RowTrackingDomain(int64_t high_water_mark) {
  Json json;
  json["rowIdHighWaterMark"] = high_water_mark;
  json["domainName"] = kRowTrackingDomain;
  return {kRowTrackingDomain, WriteJson(json), false};
}

Status BeginRowIds(const Snapshot* read, std::vector<DomainMetadata>& domains) {
  int64_t mark = -1;
  if (read != nullptr) {
    ASSIGN_OR_RETURN(mark, HighWaterMarkOf(*read));
  }
  return Raise(mark, domains);
}

Status RebaseRowIds(const std::vector<Action>& winner, const Metadata& metadata, std::vector<DomainMetadata>& domains) {
  for (const Action& action : winner) {
    const auto* protocol = std::get_if<Protocol>(&action);
    if (protocol != nullptr && AssignsRowIds(*protocol, metadata)) RETURN_IF_ERROR(Raise(-1, domains));
  }
  if (Find(domains) == domains.end()) return OkStatus();
  for (const Action& action : winner) {
    const auto* domain = std::get_if<DomainMetadata>(&action);
    if (domain == nullptr || domain->domain != kRowTrackingDomain || domain->removed) continue;
    ASSIGN_OR_RETURN(int64_t mark, HighWaterMarkOf(*domain));
    RETURN_IF_ERROR(Raise(mark, domains));
  }
  return OkStatus();
}

std::vector<DomainMetadata> GiveRowIds(const Snapshot* read, const std::vector<DomainMetadata>& domains, int64_t version,
                                       std::vector<AddFile>& files) {
  std::vector<DomainMetadata> said = domains;
  auto own = Find(said);
  if (own == said.end() || own->removed) return said;
  Result<int64_t> begun = HighWaterMarkOf(*own);
  CHECK(begun.ok()) << "a mark of ours that we cannot read";
  int64_t mark = Assign(files, *begun, version);
  Result<int64_t> known = read == nullptr ? int64_t{-1} : HighWaterMarkOf(*read);
  if (known.ok() && mark <= *known) said.erase(own);
  else *own = RowTrackingDomain(mark);
  return said;
}

}  // namespace ashlar::delta
