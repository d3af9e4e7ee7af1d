// A table in memory for tests: commits by hand, a clock that stands still, and checkpoints whose "Parquet"
// is the actions' own JSON lines.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "delta/log/file_name.h"
#include "delta/parquet_actions.h"
#include "delta/snapshot.h"
#include "objectstore/memory_store.h"

namespace ashlar::delta {

class JsonLinesActions final : public ParquetActions {
 public:
  explicit JsonLinesActions(objectstore::ObjectStore& store) : store_(store) {}
  Status Read(const std::string& path, const ActionSink& sink) override {
    ASSIGN_OR_RETURN(std::string text, store_.Read(path));
    if (text == "torn") return MakeError(ErrorCode::kDataLoss, "not a Parquet file: " + path);
    return ParseActions(text, sink);
  }
  Status Write(const std::string& path, const CheckpointLayout& layout, const ActionSource& source) override {
    std::string text;
    RETURN_IF_ERROR(source([&](const Action& action) {
      text += CheckpointRowJson(action, layout) + "\n";
      return OkStatus();
    }));
    return store_.PutOverwrite(path, text);
  }

 private:
  objectstore::ObjectStore& store_;
};

// Chance that is the same in every run.
class CountingRandom final : public Random {
 public:
  explicit CountingRandom(uint64_t seed = 1) : state_(seed) {}
  void Fill(void* bytes, size_t count) override {
    auto* out = static_cast<unsigned char*>(bytes);
    for (size_t i = 0; i < count; ++i) {
      state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
      out[i] = static_cast<unsigned char>(state_ >> 56);
    }
  }
  uint64_t Below(uint64_t bound) { return NextUint64() % bound; }

 private:
  uint64_t state_;
};

inline Schema IdSchema() { return *Schema::ParseDdl("id BIGINT, p STRING"); }

inline Metadata MetadataOf(const Schema& schema, std::vector<std::string> partitions = {},
                           StringMap configuration = {}) {
  Metadata metadata;
  metadata.id = "11111111-2222-3333-4444-555555555555";
  metadata.schema_string = schema.ToJsonText();
  metadata.partition_columns = std::move(partitions);
  metadata.configuration = std::move(configuration);
  return metadata;
}

// A file whose ids are [min, max].
inline AddFile FileOf(const std::string& path, int64_t min, int64_t max, PartitionValues values = {}) {
  AddFile file;
  file.path = path;
  file.size = 100;
  file.partition_values = std::move(values);
  file.stats = "{\"numRecords\":" + std::to_string(max - min + 1) + ",\"minValues\":{\"id\":" +
               std::to_string(min) + "},\"maxValues\":{\"id\":" + std::to_string(max) +
               "},\"nullCount\":{\"id\":0}}";
  return file;
}

class TestTable {
 public:
  explicit TestTable(const Clock& clock) : store(clock), parquet(store) {}

  TableLocation location() { return {&store, root, &parquet}; }
  std::string LogPath(const std::string& name) const { return LogDirectory(root) + "/" + name; }
  void Put(const std::string& name, const std::string& text) {
    CHECK(store.PutOverwrite(LogPath(name), text).ok());
  }
  static std::string Lines(const std::vector<Action>& actions) {
    std::string text;
    for (const Action& action : actions) text += ActionToJson(action) + "\n";
    return text;
  }
  void Commit(int64_t version, const std::vector<Action>& actions) {
    Put(CommitFileName(version), Lines(actions));
  }
  Result<std::shared_ptr<const Snapshot>> Load(const TimeTravel& at = {}) {
    return Snapshot::Load(location(), at);
  }

  const std::string root = "/tables/t";
  objectstore::MemoryObjectStore store;
  JsonLinesActions parquet;
};

}  // namespace ashlar::delta
