#include "base/json.h"
#include "delta/deletion_vector.h"
#include "delta/log/test_table.h"
#include "entries.h"

namespace ashlar::fuzz {
namespace {

using delta::DeletionVector;

constexpr uint64_t kFewRows = 1 << 16;

// What was read says the same in every way it can be asked, and is written as what is read back.
void CheckVector(const DeletionVector& vector) {
  std::string bytes = vector.Serialize();
  Result<DeletionVector> again = DeletionVector::Parse(bytes);
  CHECK(again.ok()) << FullMessage(again.error());
  CHECK_EQ(again->cardinality(), vector.cardinality());
  CHECK(again->Serialize() == bytes);
  std::vector<uint32_t> live;
  vector.AppendLive(0, 1000, &live);
  for (uint32_t row : live) CHECK(!vector.Contains(row));
  uint64_t deleted = 0;
  vector.ForEachInRange(0, 1000, [&](uint64_t row) { deleted += row < 1000 && vector.Contains(row) ? 1 : 0; });
  CHECK_EQ(live.size() + deleted, size_t{1000});
  if (vector.cardinality() > kFewRows) return;
  CHECK(DeletionVector::FromRows(vector.ToRows()).Serialize() == bytes);
  CHECK_EQ(UnionOf(vector, *again).cardinality(), vector.cardinality());
  CHECK_EQ(HaveCommonRows(vector, *again), vector.cardinality() > 0);
}

void Load(std::string_view descriptor_json, std::string_view file) {
  std::string line = "{\"add\":{\"path\":\"f\",\"deletionVector\":" + std::string(descriptor_json) + "}}";
  Result<std::optional<delta::Action>> action = delta::ActionFromJson(line);
  if (!action.ok() || !action->has_value() || !std::holds_alternative<delta::AddFile>(**action)) return;
  const auto& add = std::get<delta::AddFile>(**action);
  if (!add.deletion_vector.has_value()) return;
  FakeClock clock(0);
  objectstore::MemoryObjectStore store(clock);
  Result<std::string> path = delta::DeletionVectorPath("/t", *add.deletion_vector);
  if (path.ok()) CHECK(store.PutOverwrite(*path, file).ok());
  Result<DeletionVector> vector = delta::LoadDeletionVector(store, "/t", *add.deletion_vector);
  if (vector.ok()) CheckVector(*vector);
}

}  // namespace

void FuzzVector(std::string_view bytes) {
  size_t line_end = std::min(bytes.find('\n'), bytes.size());
  std::string_view first = bytes.substr(0, line_end);
  std::string_view rest = bytes.substr(std::min(line_end + 1, bytes.size()));
  Load(first, rest);
  // The bitmap itself, without the checksum that keeps a fuzzer out.
  Result<DeletionVector> vector = DeletionVector::Parse(rest);
  if (vector.ok()) CheckVector(*vector);
  std::optional<std::string> decoded = delta::Z85Decode(first);
  if (decoded.has_value()) CHECK(delta::Z85Encode(*decoded) == first);
}

}  // namespace ashlar::fuzz
