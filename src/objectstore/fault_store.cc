#include "objectstore/fault_store.h"

namespace ashlar::objectstore {
namespace {

Error Injected(const std::string& path) {
  return MakeError(ErrorCode::kIoError, "injected fault at " + path);
}

}  // namespace

void FaultInjectingStore::FailAt(StoreCall call, int nth, Fault fault) {
  std::lock_guard lock(mutex_);
  faults_[{call, counts_[call] + nth}] = fault;
}

int FaultInjectingStore::CountOf(StoreCall call) const {
  std::lock_guard lock(mutex_);
  auto it = counts_.find(call);
  return it == counts_.end() ? 0 : it->second;
}

std::optional<Fault> FaultInjectingStore::Next(StoreCall call) {
  std::lock_guard lock(mutex_);
  auto it = faults_.find({call, ++counts_[call]});
  if (it == faults_.end()) return std::nullopt;
  return it->second;
}

void FaultInjectingStore::RememberBefore(const std::string& path) {
  Result<std::string> before = store_.Read(path);
  RememberAs(path, before.ok() ? std::optional(*before) : std::nullopt);
}

void FaultInjectingStore::RememberAs(const std::string& path, std::optional<std::string> after_crash) {
  std::lock_guard lock(mutex_);
  unsynced_.try_emplace(path, std::move(after_crash));
}

Status FaultInjectingStore::WriteUnsynced(const std::string& path, std::string_view bytes) {
  RememberBefore(path);
  return store_.PutOverwrite(path, bytes);
}

void FaultInjectingStore::Sync(const std::string& path) {
  std::lock_guard lock(mutex_);
  unsynced_.erase(path);
}

Status FaultInjectingStore::Crash() {
  std::map<std::string, std::optional<std::string>> lost;
  {
    std::lock_guard lock(mutex_);
    lost.swap(unsynced_);
  }
  for (const auto& [path, before] : lost) {
    if (before.has_value()) {
      RETURN_IF_ERROR(store_.PutOverwrite(path, *before));
    } else {
      RETURN_IF_ERROR(store_.Delete(path));
    }
  }
  return OkStatus();
}

Result<std::vector<ObjectInfo>> FaultInjectingStore::ListFrom(const std::string& directory,
                                                              const std::string& start_name) {
  if (Next(StoreCall::kList)) return Injected(directory);
  return store_.ListFrom(directory, start_name);
}

Result<std::string> FaultInjectingStore::Read(const std::string& path) {
  if (Next(StoreCall::kRead)) return Injected(path);
  return store_.Read(path);
}

Result<std::string> FaultInjectingStore::ReadRange(const std::string& path, int64_t offset,
                                                   int64_t length) {
  if (Next(StoreCall::kRead)) return Injected(path);
  return store_.ReadRange(path, offset, length);
}

Result<ObjectInfo> FaultInjectingStore::Head(const std::string& path) {
  if (Next(StoreCall::kHead)) return Injected(path);
  return store_.Head(path);
}

Result<PutOutcome> FaultInjectingStore::PutIfAbsent(const std::string& path,
                                                    std::string_view bytes) {
  std::optional<Fault> fault = Next(StoreCall::kPutIfAbsent);
  if (!fault) return store_.PutIfAbsent(path, bytes);
  switch (*fault) {
    case Fault::kError:
      return Injected(path);
    case Fault::kUnknownNotDone:
      return PutOutcome::kUnknown;
    case Fault::kUnknownDone: {
      ASSIGN_OR_RETURN(PutOutcome outcome, store_.PutIfAbsent(path, bytes));
      return outcome == PutOutcome::kWon ? PutOutcome::kUnknown : outcome;
    }
    case Fault::kUnsynced:
      RememberBefore(path);
      return store_.PutIfAbsent(path, bytes);
    case Fault::kTorn:
      break;
  }
  return Injected(path);
}

Result<PutOutcome> FaultInjectingStore::PutHint(const std::string& path, std::string_view bytes) {
  std::optional<Fault> fault = Next(StoreCall::kPutHint);
  if (fault == Fault::kError) return Injected(path);
  if (fault == Fault::kUnknownNotDone) return PutOutcome::kUnknown;
  ASSIGN_OR_RETURN(PutOutcome outcome, store_.PutIfAbsent(path, bytes));
  if (outcome != PutOutcome::kWon) return outcome;
  std::optional<std::string> left;
  if (fault == Fault::kTorn) left = std::string(bytes.substr(0, bytes.size() / 2));
  RememberAs(path, std::move(left));
  return fault == Fault::kUnknownDone ? PutOutcome::kUnknown : PutOutcome::kWon;
}

Status FaultInjectingStore::PutOverwrite(const std::string& path, std::string_view bytes) {
  std::optional<Fault> fault = Next(StoreCall::kPutOverwrite);
  if (!fault) return store_.PutOverwrite(path, bytes);
  if (*fault == Fault::kUnsynced) return WriteUnsynced(path, bytes);
  if (*fault == Fault::kUnknownDone) RETURN_IF_ERROR(store_.PutOverwrite(path, bytes));
  return Injected(path);
}

Status FaultInjectingStore::Delete(const std::string& path) {
  if (Next(StoreCall::kDelete)) return Injected(path);
  return store_.Delete(path);
}

}  // namespace ashlar::objectstore
