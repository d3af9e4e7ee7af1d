#include "archive.h"

#include <algorithm>

#include "base/text.h"
#include "delta/features.h"
#include "delta/history.h"
#include "delta/log/log_segment.h"
#include "delta/skipping.h"

namespace ashlar::fuzz {
namespace {

using delta::Action;
using delta::Snapshot;

// Writing an action and reading it again changes nothing; of what is kept as JSON text, from the second
// time on.
void CheckRoundTrip(const Action& action) {
  std::string text = delta::ActionToJson(action);
  Result<std::optional<Action>> again = delta::ActionFromJson(text);
  CHECK(again.ok() && again->has_value()) << text;
  CHECK(std::holds_alternative<delta::Metadata>(action) || **again == action) << text;
  CHECK(delta::ActionToJson(**again) == text) << text;
}

std::vector<std::string> FileTexts(const Snapshot& snapshot) {
  std::vector<std::string> texts;
  for (const delta::AddFile& file : snapshot.files()) texts.push_back(delta::ActionToJson(file));
  std::ranges::sort(texts);
  return texts;
}

}  // namespace

NamedTexts FilesOf(std::string_view archive) {
  NamedTexts files;
  for (std::string_view line : SplitView(archive, '\n')) {
    if (line.starts_with("-- ") && line.ends_with(" --") && line.size() > 6) {
      files.emplace_back(line.substr(3, line.size() - 6), "");
    } else if (!files.empty()) {
      files.back().second.append(line).append("\n");
    }
  }
  return files;
}

ArchiveTable::ArchiveTable(std::string_view archive) {
  for (auto& [name, text] : FilesOf(archive)) {
    std::optional<delta::LogFileName> known = delta::ParseLogFileName(name);
    only_commits = only_commits && known && known->kind == delta::LogFileKind::kCommit;
    table.Put(name, text);
  }
}

void Visit(const Snapshot& snapshot) {
  snapshot.SizeInBytes();
  snapshot.RowCount();
  delta::DescribeDetail(snapshot);
  (void)delta::CheckWritable(snapshot.protocol(), snapshot.metadata(), snapshot.schema());
  (void)delta::StatisticsColumns(snapshot.schema(), snapshot.metadata());
  CheckRoundTrip(snapshot.metadata());
  CheckRoundTrip(snapshot.protocol());
  std::vector<delta::Predicate> predicates;
  for (const Field& field : snapshot.schema().fields) predicates.push_back(delta::IsNull({field.name}));
  std::vector<size_t> all = delta::SelectFiles(snapshot, delta::Or(predicates));
  CHECK(all.size() <= snapshot.files().size());
  for (const delta::AddFile& file : snapshot.files()) {
    CheckRoundTrip(file);
    (void)snapshot.DataPath(file);
    for (const std::string& column : snapshot.partition_columns()) {
      (void)snapshot.PartitionValue(file.partition_values, column);
    }
  }
  for (const auto& chunk : snapshot.state().tombstones.chunks()) {
    for (const delta::RemoveFile& file : chunk->files) CheckRoundTrip(file);
  }
  for (const auto& [id, txn] : snapshot.state().transactions) CheckRoundTrip(txn);
  for (const auto& [name, domain] : snapshot.state().domain_metadata) CheckRoundTrip(domain);
}

void CheckSame(const Snapshot& a, const Snapshot& b) {
  CHECK_EQ(a.version(), b.version());
  CHECK(a.protocol() == b.protocol());
  CHECK(a.metadata() == b.metadata());
  CHECK(a.schema() == b.schema());
  CHECK(FileTexts(a) == FileTexts(b));
  CHECK(a.state().transactions == b.state().transactions);
  CHECK(a.state().domain_metadata == b.state().domain_metadata);
}

}  // namespace ashlar::fuzz
