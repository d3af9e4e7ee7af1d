// FaultInjectingStore: wraps a store and makes chosen calls fail, stay unknown, or forget their bytes
// in a crash. For tests of everything that must survive such a store.
#pragma once

#include <map>
#include <mutex>
#include <optional>

#include "objectstore/hints.h"
#include "objectstore/object_store.h"

namespace ashlar::objectstore {

enum class StoreCall { kList, kRead, kHead, kPutIfAbsent, kPutHint, kPutOverwrite, kDelete };

enum class Fault {
  kError,           // kIoError; nothing happened
  kUnknownDone,     // the write happened, the caller hears "unknown" (kIoError from PutOverwrite)
  kUnknownNotDone,  // the write did not happen, the caller hears "unknown"
  kUnsynced,        // the write succeeds, and is gone after Crash()
  kTorn,            // of PutHint: the write succeeds, and half of it is left after Crash()
};

// Thread safe.
class FaultInjectingStore final : public ObjectStore, public HintStore {
 public:
  explicit FaultInjectingStore(ObjectStore& store) : store_(store) {}

  // The `nth` call of this kind from now (1 = the next) meets `fault`. Several may be pending.
  void FailAt(StoreCall call, int nth, Fault fault);
  // Writes as a program does that never calls fsync: readable now, gone after Crash().
  Status WriteUnsynced(const std::string& path, std::string_view bytes);
  // Makes an unsynced object durable.
  void Sync(const std::string& path);
  // Power loss: every unsynced write goes back to what was there before it.
  Status Crash();
  int CountOf(StoreCall call) const;

  Result<std::vector<ObjectInfo>> ListFrom(const std::string& directory,
                                           const std::string& start_name) override;
  Result<std::string> Read(const std::string& path) override;
  Result<std::string> ReadRange(const std::string& path, int64_t offset, int64_t length) override;
  Result<ObjectInfo> Head(const std::string& path) override;
  Result<PutOutcome> PutIfAbsent(const std::string& path, std::string_view bytes) override;
  // Never synced: what no fault says otherwise of is gone after Crash().
  Result<PutOutcome> PutHint(const std::string& path, std::string_view bytes) override;
  Status PutOverwrite(const std::string& path, std::string_view bytes) override;
  Status Delete(const std::string& path) override;

 private:
  // Counts the call and gives the fault it meets, if any.
  std::optional<Fault> Next(StoreCall call);
  // Remembers what a crash brings back.
  void RememberBefore(const std::string& path);
  void RememberAs(const std::string& path, std::optional<std::string> after_crash);

  ObjectStore& store_;
  mutable std::mutex mutex_;
  std::map<StoreCall, int> counts_;
  std::map<std::pair<StoreCall, int>, Fault> faults_;
  std::map<std::string, std::optional<std::string>> unsynced_;
};

}  // namespace ashlar::objectstore
