// Checkpoints as bytes: damaged ones, and Parquet files of other shapes under a checkpoint's name, are refused
// or read, and never more than that.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "base/file.h"
#include "delta/actions.h"
#include "delta/files/file_list.h"
#include "engine/duck_connection.h"
#include "engine/parquet_actions.h"

namespace ashlar::engine {
namespace {

constexpr int kDamages = 400;

// The same sequence in every run.
class Sequence {
 public:
  uint64_t Below(uint64_t bound) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state_ >> 33) % bound;
  }

 private:
  uint64_t state_ = 7;
};

class CheckpointBytes : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/ashlar-engine-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    root_ = folder;
    auto engine = Engine::Open({.memory_limit_bytes = 1u << 28, .threads = 1, .temp_directory = root_ + "/spill"});
    ASSERT_TRUE(engine.ok()) << FullMessage(engine.error());
    engine_ = *std::move(engine);
    parquet_ = std::make_unique<EngineParquetActions>(*engine_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string Path() const { return root_ + "/c.parquet"; }
  Result<int> Read() {
    int count = 0;
    Status read = parquet_->Read(Path(), [&](delta::Action) {
      ++count;
      return OkStatus();
    });
    // By columns, as a snapshot reads them.
    delta::FileListBuilder files;
    Status by_columns = parquet_->ReadFiles(Path(), files, [](delta::Action) { return OkStatus(); });
    if (!by_columns.ok()) return by_columns.error();
    if (!read.ok()) return read.error();
    return count;
  }
  void WriteCheckpoint() {
    std::vector<delta::Action> actions = {delta::Protocol{3, 7, {{"deletionVectors"}}, {{"deletionVectors"}}, {}}};
    for (int i = 0; i < 200; ++i) {
      delta::AddFile add;
      add.path = "part-" + std::to_string(i);
      add.partition_values = {{"p", std::to_string(i % 3)}, {"q", std::nullopt}};
      add.size = i;
      add.modification_time_ms = 1;
      add.stats = "{\"numRecords\":" + std::to_string(i) + "}";
      if (i % 7 == 0) add.deletion_vector = {"u", "ab^-aqEH.-t@S}K{vb[*k^", 1, 40, 2};
      actions.emplace_back(std::move(add));
    }
    Status written = parquet_->Write(Path(), {}, [&](const std::function<Status(const delta::Action&)>& sink) -> Status {
      for (const delta::Action& action : actions) RETURN_IF_ERROR(sink(action));
      return OkStatus();
    });
    ASSERT_TRUE(written.ok()) << FullMessage(written.error());
  }
  void Put(const std::string& bytes) {
    std::ofstream(Path(), std::ios::binary | std::ios::trunc).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  std::string root_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<EngineParquetActions> parquet_;
};

// Cuts, flips and copies bytes about; the last part of the file, where the footer is, more often.
std::string Damaged(std::string bytes, Sequence* chance) {
  for (uint64_t times = 1 + chance->Below(4); times > 0 && bytes.size() > 16; --times) {
    bool in_footer = chance->Below(2) == 0;
    size_t at = in_footer ? bytes.size() - 1 - chance->Below(std::min<uint64_t>(bytes.size(), 2000)) : chance->Below(bytes.size());
    size_t length = std::min<size_t>(1 + chance->Below(16), bytes.size() - at);
    switch (chance->Below(5)) {
      case 0:
        bytes.resize(at);
        break;
      case 1:
        bytes.replace(at, length, std::string(length, static_cast<char>(0xFF)));
        break;
      case 2:
        bytes.erase(at, length);
        break;
      case 3:
        bytes.replace(at, length, bytes.substr(chance->Below(bytes.size() - length), length));
        break;
      default:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << chance->Below(8)));
    }
  }
  return bytes;
}

TEST_F(CheckpointBytes, DamagedFilesAreRefusedOrRead) {
  WriteCheckpoint();
  std::string whole = *ReadFile(Path());
  ASSERT_EQ(*Read(), 201);
  Sequence chance;
  int refused = 0;
  for (int i = 0; i < kDamages; ++i) {
    Put(Damaged(whole, &chance));
    Result<int> read = Read();
    if (read.ok()) continue;
    ++refused;
    bool known = read.error().code == ErrorCode::kDataLoss || read.error().code == ErrorCode::kMalformedRequest;
    EXPECT_TRUE(known) << i << ": " << FullMessage(read.error());
  }
  EXPECT_GT(refused, kDamages / 4);
}

TEST_F(CheckpointBytes, OtherShapesAreRefusedOrRead) {
  const std::string rest = "'size': 1, 'modificationTime': 2, 'stats': '{}', 'dataChange': true";
  auto connection = engine_->NewConnection();
  auto& duck = static_cast<DuckConnection&>(*connection);
  for (const std::string& shape : std::vector<std::string>{
           "1 AS add", "'x' AS add", "[1] AS add", "{'path': 'a'} AS add",
           "{'path': 'a', 'partitionValues': MAP {1: 'x'}, " + rest + "} AS add",
           "{'path': 'a', 'partitionValues': MAP {'k': 1}, " + rest + "} AS add",
           "{'path': 'a', 'partitionValues': MAP {'k': ['x']}, " + rest + "} AS add",
           "{'path': 'a', 'partitionValues': [{'key': 'k', 'value': 'v'}], " + rest + "} AS add",
           "{'path': 'a', 'partitionValues': {'k': 'v'}, " + rest + "} AS add",
           "{'path': 5, 'partitionValues': MAP {'k': 'v'}, " + rest + "} AS add",
           "{'path': 'a', 'partitionValues': MAP {'k': 'v'}, 'size': 'many', 'modificationTime': DATE '2024-01-01', "
           "'stats': {'numRecords': 1}, 'dataChange': 'yes'} AS add",
           "{'path': 'a', 'partitionValues': MAP {'k': 'v'}, 'size': 1e300, 'modificationTime': 2, 'stats': NULL, "
           "'dataChange': NULL} AS add",
           "NULL::STRUCT(path VARCHAR) AS add, {'minReaderVersion': '1'} AS protocol", "{'minReaderVersion': 1} AS PROTOCOL",
           "1 AS \"a\"\"b\", {'x': 1} AS metaData"}) {
    ASSERT_TRUE(duck.RunForText("COPY (SELECT " + shape + ") TO '" + Path() + "' (FORMAT parquet)").ok()) << shape;
    Result<int> read = Read();
    bool known = read.ok() || read.error().code == ErrorCode::kDataLoss || read.error().code == ErrorCode::kMalformedRequest;
    EXPECT_TRUE(known) << shape << ": " << FullMessage(read.error());
  }
}

}  // namespace
}  // namespace ashlar::engine
