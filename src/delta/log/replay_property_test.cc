// A snapshot, however it was reached, is what a naive replay of its commits gives: random histories with
// checkpoints, loaded at every version and followed from version to version.
#include <gtest/gtest.h>

#include "delta/log/checkpoint.h"
#include "delta/log/test_table.h"

namespace ashlar::delta {
namespace {

// The state of a version by the letter of the protocol, without thought for cost.
struct NaiveState {
  std::vector<std::pair<std::string, AddFile>> files;
  std::map<std::string, RemoveFile> tombstones;
  std::map<std::string, int64_t> applications;

  void Apply(const Action& action) {
    if (const auto* add = std::get_if<AddFile>(&action)) {
      Drop(FileKey(*add));
      files.emplace_back(FileKey(*add), *add);
    } else if (const auto* remove = std::get_if<RemoveFile>(&action)) {
      Drop(FileKey(*remove));
      tombstones[FileKey(*remove)] = *remove;
    } else if (const auto* txn = std::get_if<SetTransaction>(&action)) {
      applications[txn->app_id] = txn->version;
    }
  }
  void Drop(const std::string& key) {
    std::erase_if(files, [&](const auto& file) { return file.first == key; });
    tombstones.erase(key);
  }
};

class RandomHistory {
 public:
  explicit RandomHistory(uint64_t seed) : random_(seed) {}
  uint64_t Below(uint64_t bound) { return random_.Below(bound); }

  std::vector<Action> NextCommit(int64_t version, const NaiveState& state) {
    std::vector<Action> actions = {CommitInfo()};
    if (version == 0) actions.insert(actions.end(), {Protocol(), MetadataOf(IdSchema())});
    std::set<std::string> touched;
    auto add = [&](AddFile file) {
      if (touched.insert(FileKey(file)).second) actions.push_back(std::move(file));
    };
    for (const auto& [key, file] : state.files) {
      if (Below(6) != 0 || !touched.insert(key).second) continue;
      actions.push_back(RemovalOf(file, kNowMs));
      if (Below(3) == 0) {
        AddFile marked = file;
        marked.deletion_vector = DeletionVectorDescriptor{"u", "v" + std::to_string(Below(1000)), 1, 4, 1};
        add(marked);
      }
    }
    for (const auto& [key, file] : state.tombstones) {
      // A removed file comes back, as RESTORE does it.
      if (Below(20) == 0 && touched.insert(key).second) actions.push_back(Restored(file));
    }
    for (uint64_t n = Below(4); n > 0; --n) add(FileOf("f " + std::to_string(Below(500)), 0, static_cast<int64_t>(Below(9))));
    for (uint64_t n = Below(2); n > 0; --n) actions.push_back(SetTransaction{"app" + std::to_string(Below(3)), version, std::nullopt});
    return actions;
  }

 private:
  static constexpr int64_t kNowMs = 1700000000000;

  static AddFile Restored(const RemoveFile& removed) {
    AddFile file;
    file.path = removed.path;
    file.size = removed.size.value_or(0);
    file.deletion_vector = removed.deletion_vector;
    return file;
  }

  CountingRandom random_;
};

// dataChange says nothing about a version; a checkpoint does not keep what a tombstone had besides.
AddFile Plain(AddFile file) {
  file.data_change = true;
  return file;
}

void ExpectSame(const Snapshot& snapshot, const NaiveState& state, const std::string& where) {
  std::map<std::string, AddFile> files, naive;
  for (const AddFile& file : snapshot.files()) files.emplace(FileKey(file), Plain(file));
  for (const auto& [key, file] : state.files) naive.emplace(key, Plain(file));
  EXPECT_EQ(snapshot.files().size(), state.files.size()) << where;
  ASSERT_EQ(files, naive) << where;
  std::set<std::string> tombstones, naive_tombstones;
  for (const auto& chunk : snapshot.state().tombstones.chunks()) {
    for (const RemoveFile& file : chunk->files) EXPECT_TRUE(tombstones.insert(FileKey(file)).second) << where;
  }
  for (const auto& [key, file] : state.tombstones) naive_tombstones.insert(key);
  EXPECT_EQ(tombstones, naive_tombstones) << where;
  for (const auto& [id, version] : state.applications) EXPECT_EQ(snapshot.TransactionVersion(id), version) << where;
}

TEST(Replay, EqualsANaiveReplayOverRandomHistories) {
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    FakeClock clock{1700000000000};
    TestTable table{clock};
    CountingRandom ids(seed);
    RandomHistory history(seed);
    std::vector<NaiveState> states(1);
    std::shared_ptr<const Snapshot> followed;
    for (int64_t version = 0; version < 30; ++version) {
      std::vector<Action> actions = history.NextCommit(version, states.back());
      NaiveState next = states.back();
      for (const Action& action : actions) next.Apply(action);
      states.push_back(next);
      table.Commit(version, actions);
      std::string where = "seed " + std::to_string(seed) + ", version " + std::to_string(version);
      if (followed == nullptr || history.Below(5) == 0) {
        auto loaded = table.Load();
        ASSERT_TRUE(loaded.ok()) << loaded.error().message;
        followed = *loaded;
      } else if (history.Below(3) != 0) {
        auto updated = Snapshot::Update(table.location(), followed);
        ASSERT_TRUE(updated.ok()) << updated.error().message;
        followed = *updated;
      }
      ExpectSame(*followed, states[static_cast<size_t>(followed->version()) + 1], where);
      if (followed->version() == version && version > 0 && history.Below(4) == 0) {
        ASSERT_TRUE(WriteCheckpoint(table.location(), *followed, {.now_ms = clock.NowMs(), .random = ids}).ok());
      }
    }
    for (int64_t version = 0; version < 30; ++version) {
      auto loaded = table.Load({.version = version});
      ASSERT_TRUE(loaded.ok()) << loaded.error().message;
      ExpectSame(**loaded, states[static_cast<size_t>(version) + 1], "seed " + std::to_string(seed) + ", again");
    }
  }
}

}  // namespace
}  // namespace ashlar::delta
