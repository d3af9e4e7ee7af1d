#include "engine/write/row_collector.h"

#include "base/check.h"

namespace ashlar::engine {

bool RowCollector::Add(int64_t file, int64_t row) {
  if (of_file_ == nullptr || file != file_) {
    CHECK(file >= 0 && static_cast<size_t>(file) < snapshot_.files().size()) << "not a file of the snapshot: " << file;
    of_file_ = &rows_[static_cast<size_t>(file)];
    file_ = file;
  }
  return of_file_->Add(static_cast<uint64_t>(row));
}

RowsByFile RowCollector::Build() const {
  RowsByFile rows;
  for (const auto& [file, bitmap] : rows_) rows[file] = std::make_shared<const delta::DeletionVector>(bitmap.Build());
  return rows;
}

void RowCollector::Clear() {
  of_file_ = nullptr;
  rows_.clear();
}

void ReplacedRows::Begin() {
  std::lock_guard lock(mutex_);
  rows_.Clear();
}

void ReplacedRows::Add(const int64_t* files, const int64_t* rows, size_t count) {
  std::lock_guard lock(mutex_);
  for (size_t i = 0; i < count; ++i) {
    bool is_new = rows_.Add(files[i], rows[i]);
    CHECK(is_new) << "row " << rows[i] << " of file " << files[i] << " gets two new forms";
  }
}

RowsByFile ReplacedRows::Build() const {
  std::lock_guard lock(mutex_);
  return rows_.Build();
}

}  // namespace ashlar::engine
