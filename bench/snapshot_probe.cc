// Measures module delta on a table whose log stands ready: bench_snapshot TABLE RUNS. One line of JSON:
// milliseconds of each, and bytes of resident memory a file. bench/snapshot.py makes the table.
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "base/check.h"
#include "base/json.h"
#include "delta/log/file_name.h"
#include "delta/skipping.h"
#include "delta/snapshot.h"
#include "engine/engine.h"
#include "engine/parquet_actions.h"
#include "objectstore/local_store.h"

namespace ashlar {
namespace {

using delta::Predicate;
using SnapshotPtr = std::shared_ptr<const delta::Snapshot>;

double MillisecondsOf(const std::function<void()>& run) {
  auto begin = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

double BestOf(int runs, const std::function<void()>& run) {
  double best = MillisecondsOf(run);
  for (int i = 1; i < runs; ++i) best = std::min(best, MillisecondsOf(run));
  return best;
}

int64_t ResidentBytes() {
  malloc_trim(0);
  long long pages = 0, resident = 0;
  FILE* file = std::fopen("/proc/self/statm", "r");
  CHECK(file != nullptr && std::fscanf(file, "%lld %lld", &pages, &resident) == 2);
  std::fclose(file);
  return resident * sysconf(_SC_PAGESIZE);
}

SnapshotPtr Load(const delta::TableLocation& table) {
  auto loaded = delta::Snapshot::Load(table);
  CHECK(loaded.ok()) << FullMessage(loaded.error());
  return *loaded;
}

Predicate IdIs(int64_t id) { return delta::Compare(Predicate::Kind::kEq, {"id"}, Value::Long(id)); }

Predicate Between(const char* column, int64_t low, int64_t high) {
  return delta::And({delta::Compare(Predicate::Kind::kGe, {column}, Value::Long(low)),
                     delta::Compare(Predicate::Kind::kLe, {column}, Value::Long(high))});
}

// The next version: one file goes, one comes. Made by hand, so that only following it is measured.
double UpdateByOneCommit(delta::TableLocation table, objectstore::LocalObjectStore& store, const SnapshotPtr& snapshot) {
  std::string path = delta::LogDirectory(table.root) + "/" + delta::CommitFileName(snapshot->version() + 1);
  delta::AddFile file = snapshot->files()[snapshot->files().size() / 2];
  std::string text = delta::ActionToJson(delta::RemovalOf(file, 0)) + "\n";
  file.path = "new.parquet";
  text += delta::ActionToJson(file) + "\n";
  CHECK(store.PutOverwrite(path, text).ok());
  SnapshotPtr next;
  double spent = MillisecondsOf([&] {
    auto updated = delta::Snapshot::Update(table, snapshot);
    CHECK(updated.ok()) << FullMessage(updated.error());
    next = *updated;
  });
  CHECK_EQ(next->files().size(), snapshot->files().size());
  CHECK_EQ(next->version(), snapshot->version() + 1);
  CHECK(store.Delete(path).ok());
  return spent;
}

int Run(const std::string& root, int runs) {
  auto engine = engine::Engine::Open({});
  CHECK(engine.ok()) << FullMessage(engine.error());
  engine::EngineParquetActions parquet(**engine);
  objectstore::LocalObjectStore store;
  delta::TableLocation table{&store, root, &parquet};
  Load(table);  // the engine's own memory, and the files in the page cache
  int64_t before = ResidentBytes();
  SnapshotPtr snapshot = Load(table);
  auto files = static_cast<int64_t>(snapshot->files().size());
  Json out;
  out["files"] = files;
  out["bytes_a_file"] = static_cast<double>(ResidentBytes() - before) / static_cast<double>(files);
  out["first_plan_ms"] = MillisecondsOf([&] { delta::SelectFiles(*snapshot, IdIs(1000)); });
  out["bytes_a_file_planned"] = static_cast<double>(ResidentBytes() - before) / static_cast<double>(files);
  out["load_ms"] = BestOf(runs, [&] { Load(table); });
  size_t found = 0;
  out["plan_ms"] = BestOf(runs, [&] { found = delta::SelectFiles(*snapshot, IdIs(1234567)).size(); });
  out["plan_files"] = found;
  out["plan_range_ms"] = BestOf(runs, [&] {
    found = delta::SelectFiles(*snapshot, delta::And({Between("id", 1000, 50000), Between("k", 10, 20)})).size();
  });
  out["plan_text_ms"] = BestOf(runs, [&] {
    delta::SelectFiles(*snapshot, delta::Compare(Predicate::Kind::kEq, {"s"}, Value::String("s500000")));
  });
  out["plan_partition_ms"] = BestOf(runs, [&] {
    delta::SelectFiles(*snapshot, delta::Compare(Predicate::Kind::kEq, {"part"}, Value::Int(7)));
  });
  out["first_update_ms"] = UpdateByOneCommit(table, store, snapshot);
  double update = 1e9;
  for (int i = 0; i < runs; ++i) update = std::min(update, UpdateByOneCommit(table, store, snapshot));
  out["update_ms"] = update;
  std::printf("%s\n", WriteJson(out).c_str());
  return 0;
}

}  // namespace
}  // namespace ashlar

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "bench_snapshot TABLE RUNS\n");
    return 2;
  }
  return ashlar::Run(argv[1], std::atoi(argv[2]));
}
