#include "engine/write/staging.h"

#include <stdio.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "base/file.h"
#include "base/id.h"
#include "base/thread_pool.h"
#include "objectstore/store_url.h"
#include "objectstore/uploads.h"

namespace ashlar::engine {
namespace {

// Each holds a part of an object, and a copy of it while it is sent.
constexpr size_t kUploads = 4;

class LocalStaging final : public Staging {
 public:
  LocalStaging(std::string root, std::string uuid) : Staging(std::move(uuid)), root_(std::move(root)) {}
  ~LocalStaging() override {
    std::error_code ignored;  // the folder is hidden: what stays is no data
    std::filesystem::remove_all(place(), ignored);
  }

  std::string place() const override { return root_ + "/_ashlar_staging-" + uuid_; }
  Status Make(Holds holds) override {
    // A new table's folder is an entry of its parent's.
    for (std::filesystem::path made = root_; !std::filesystem::exists(made) && made.has_parent_path(); made = made.parent_path()) {
      folders_.insert(made.parent_path().string());
    }
    if (holds == Holds::kManyFiles) return MakeDirectories(place());
    return folders_.empty() ? OkStatus() : MakeDirectories(root_);
  }

  Status Publish(const std::string& from, const std::string& relative) override {
    std::string to = root_ + "/" + relative;
    std::string parent = to.substr(0, to.rfind('/'));
    if (parent != root_) RETURN_IF_ERROR(MakePartitionFolder(parent));
    if (rename(from.c_str(), to.c_str()) != 0) return ErrnoError("rename", to);
    files_.push_back(to);
    for (std::string dir = parent; dir.size() >= root_.size(); dir = dir.substr(0, dir.rfind('/'))) {
      folders_.insert(dir);
      if (dir == root_) break;
    }
    return {};
  }
  Status Finish() override {
    // Named before they are synced: a journal writes a file and its name at once.
    for (const std::string& file : files_) RETURN_IF_ERROR(SyncFile(file));
    for (const std::string& folder : folders_) RETURN_IF_ERROR(SyncDirectory(folder));
    return {};
  }

 private:
  Status MakePartitionFolder(const std::string& path) {
    RETURN_IF_ERROR(MakeDirectories(path));
    // A link made meanwhile in its place must not lead us out of the table.
    if (std::filesystem::weakly_canonical(path) != std::filesystem::weakly_canonical(root_) / path.substr(root_.size() + 1)) {
      return MakeError(ErrorCode::kPermissionDenied, "A folder of the table is a link: " + path);
    }
    return {};
  }

  const std::string root_;
  std::vector<std::string> files_;
  std::set<std::string> folders_;
};

class StoreStaging final : public Staging {
 public:
  StoreStaging(const delta::TableLocation& table, std::string temporary_folder, std::string uuid)
      : Staging(std::move(uuid)), table_(table), temporary_folder_(std::move(temporary_folder)) {}
  ~StoreStaging() override {
    std::error_code ignored;  // emptied at the driver's end too
    std::filesystem::remove_all(place(), ignored);
  }

  std::string place() const override { return temporary_folder_ + "/staging-" + uuid_; }
  Status Make(Holds holds) override {
    if (temporary_folder_.empty()) {
      return MakeError(ErrorCode::kInvalidState, "There is no folder to make the files of " + table_.root + " in");
    }
    return MakeDirectories(holds == Holds::kManyFiles ? place() : temporary_folder_, 0700);
  }
  Status Publish(const std::string& from, const std::string& relative) override {
    pending_.emplace_back(from, table_.root + "/" + relative);
    return {};
  }

  Status Finish() override {
    std::mutex mutex;
    std::optional<Error> first_error;
    {
      ThreadPool pool(std::clamp<size_t>(pending_.size(), 1, kUploads));
      for (size_t i = 0; i < pending_.size(); ++i) {
        pool.Submit([&, i] {
          {
            std::lock_guard lock(mutex);
            if (first_error) return;  // the write is given up
          }
          Status uploaded = Upload(pending_[i].first, pending_[i].second);
          std::lock_guard lock(mutex);
          if (!uploaded.ok() && !first_error) first_error = uploaded.error();
        });
      }
    }
    if (first_error) return *first_error;
    return {};
  }

 private:
  Status Upload(const std::string& from, const std::string& to) {
    RETURN_IF_ERROR(objectstore::UploadFile(*table_.store, from, to));
    std::error_code ignored;
    std::filesystem::remove(from, ignored);
    return {};
  }

  const delta::TableLocation table_;
  const std::string temporary_folder_;
  std::vector<std::pair<std::string, std::string>> pending_;
};

}  // namespace

std::string Staging::FileName(size_t i, const ParquetCodec& codec) const {
  char number[16];
  snprintf(number, sizeof(number), "%05zu", i);
  return "part-" + std::string(number) + "-" + uuid_ + ".c000" + std::string(codec.file_suffix) + ".parquet";
}

std::unique_ptr<Staging> MakeStaging(const delta::TableLocation& table, const std::string& temporary_folder) {
  std::string uuid = NewUuid(SystemRandom());
  if (!objectstore::IsStorePath(table.root)) return std::make_unique<LocalStaging>(table.root, std::move(uuid));
  return std::make_unique<StoreStaging>(table, temporary_folder, std::move(uuid));
}

}  // namespace ashlar::engine
