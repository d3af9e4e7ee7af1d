// One-row appends by module delta alone, on this machine's disk: what a commit takes, and what the same number of
// syncs takes. Prints "commit_ms", "syncs" (of one commit) and "syncs_ms", each a median.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/id.h"
#include "delta/committer.h"
#include "delta/schema.h"
#include "delta/snapshot.h"
#include "delta/transaction.h"
#include "objectstore/local_store.h"

namespace {
std::atomic<int> syncs = 0;
}

// Stands before the C library's, to be counted.
extern "C" int fsync(int fd) {
  ++syncs;
  return static_cast<int>(syscall(SYS_fsync, fd));
}

namespace ashlar::delta {
namespace {

template <typename Run>
double MedianMs(int times, Run run) {
  std::vector<double> taken;
  for (int i = 0; i < times; ++i) {
    auto begin = std::chrono::steady_clock::now();
    run(i);
    taken.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  std::ranges::sort(taken);
  return taken[taken.size() / 2];
}

template <typename T>
T Must(Result<T> result) {
  CHECK(result.ok()) << FullMessage(result.error());
  return *std::move(result);
}

Operation Named(const char* name) {
  Operation operation;
  operation.name = name;
  return operation;
}

int Main(const std::string& folder, int times) {
  objectstore::LocalObjectStore store;
  StoreCommitter committer(store);
  TableLocation table{&store, folder + "/table", nullptr};
  TransactionEnvironment environment{SystemClock(), SystemRandom()};
  NewTable defined;
  defined.schema = Must(Schema::ParseDdl("id BIGINT, k BIGINT, v DOUBLE, s STRING, d DATE"));
  defined.properties["delta.checkpointInterval"] = "1000000";  // a checkpoint is another cost
  Transaction create(table, committer, Must(DefineTable(defined, SystemClock(), SystemRandom())), environment);
  create.SetOperation(Named("CREATE TABLE"));
  Must(create.Commit());
  std::shared_ptr<const Snapshot> snapshot = Must(Snapshot::Load(table));
  syncs = 0;
  double commit_ms = MedianMs(times, [&](int i) {
    snapshot = Must(Snapshot::Update(table, snapshot));
    Transaction append(table, committer, snapshot, environment);
    AddFile file;
    file.path = "part-" + std::to_string(i) + ".parquet";
    file.size = 1000;
    file.stats = R"({"numRecords":1})";
    append.Add(std::move(file));
    append.SetOperation(Named("WRITE"));
    Must(append.Commit());
  });
  double each = static_cast<double>(syncs) / times;
  std::string bytes(2000, 'x');
  int rounds = static_cast<int>(each + 0.5);
  double syncs_ms = MedianMs(times, [&](int i) {
    for (int j = 0; j < rounds; ++j) {
      std::string path = folder + "/sync-" + std::to_string(i * rounds + j);
      int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
      CHECK(fd >= 0 && write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
      CHECK_EQ(fsync(fd), 0);
      close(fd);
    }
  });
  printf("commit_ms %.3f\nsyncs %.2f\nsyncs_ms %.3f\n", commit_ms, each, syncs_ms);
  return 0;
}

}  // namespace
}  // namespace ashlar::delta

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: delta_append_bench FOLDER TIMES\n");
    return 2;
  }
  std::filesystem::create_directories(argv[1]);
  return ashlar::delta::Main(argv[1], std::stoi(argv[2]));
}
