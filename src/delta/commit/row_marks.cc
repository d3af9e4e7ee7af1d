#include "delta/commit/row_marks.h"

#include <algorithm>
#include <map>

#include "base/check.h"
#include "delta/stats.h"

namespace ashlar::delta {
namespace {

std::string DecodedPath(const std::string& log_path) { return FileKey(log_path, std::nullopt); }

Result<DeletionVector> VectorOf(const VectorFiles& files, const AddFile& file) {
  if (!file.deletion_vector.has_value()) return DeletionVector::FromRows({});
  return LoadDeletionVector(*files.table.store, files.table.root, *file.deletion_vector, files.table.source_roots);
}

// The files of which a commit did nothing but mark rows: their new forms by decoded path.
std::map<std::string, const AddFile*> MarkedBy(const std::vector<Action>& commit) {
  std::map<std::string, const AddFile*> added;
  for (const Action& action : commit) {
    const auto* add = std::get_if<AddFile>(&action);
    if (add != nullptr && add->deletion_vector.has_value()) added.emplace(DecodedPath(add->path), add);
  }
  std::map<std::string, const AddFile*> marked;
  for (const Action& action : commit) {
    const auto* remove = std::get_if<RemoveFile>(&action);
    auto found = remove == nullptr ? added.end() : added.find(DecodedPath(remove->path));
    if (found != added.end()) marked.insert(*found);
  }
  return marked;
}

}  // namespace

Result<std::vector<MarkedFile>> MarkRows(const VectorFiles& files, std::vector<RowMark> marks) {
  std::vector<MarkedFile> marked;
  std::vector<DeletionVector> vectors;
  for (RowMark& mark : marks) {
    CHECK(mark.rows != nullptr && mark.rows->cardinality() > 0) << mark.file.path;
    ASSIGN_OR_RETURN(DeletionVector before, VectorOf(files, mark.file));
    CHECK(!HaveCommonRows(*mark.rows, before)) << "a deleted row is deleted again: " << mark.file.path;
    DeletionVector all = UnionOf(before, *mark.rows);
    auto deleted = static_cast<int64_t>(all.cardinality());
    CHECK_LE(deleted, mark.physical_rows) << mark.file.path;
    MarkedFile file{mark.file, std::nullopt, std::move(mark.rows), mark.physical_rows};
    if (deleted < mark.physical_rows) {
      file.after = std::move(mark.file);
      file.after->data_change = true;
      file.after->stats = WideStats(file.after->stats, mark.physical_rows);
      vectors.push_back(std::move(all));
    }
    marked.push_back(std::move(file));
  }
  ASSIGN_OR_RETURN(auto descriptors,
                   WriteDeletionVectors(*files.table.store, files.table.root, files.random, vectors, files.created));
  size_t next = 0;
  for (MarkedFile& file : marked) {
    if (file.after.has_value()) file.after->deletion_vector = std::move(descriptors[next++]);
  }
  CHECK_EQ(next, descriptors.size());
  return marked;
}

Result<RowRebase> RebaseMarks(const VectorFiles& files, const std::vector<Action>& winner, StagedChange& change) {
  RowRebase rebase;
  std::map<std::string, MarkedFile*> own;
  for (MarkedFile& mark : change.marks) own.emplace(DecodedPath(mark.before.path), &mark);
  // Other rows of a file matter to who read them for more, even where it marks rows of its own there.
  const bool other_rows_matter = change.ReadsAnything() && !change.reads_rows_to_mark;
  for (const auto& [path, add] : MarkedBy(winner)) {
    auto mark = own.find(path);
    if (mark == own.end()) {
      bool removes = std::ranges::any_of(change.removes, [&marked = path](const auto& r) { return DecodedPath(r.path) == marked; });
      if (change.reads_rows_to_mark && !removes) rebase.settled_paths.insert(path);
      continue;
    }
    ASSIGN_OR_RETURN(DeletionVector theirs, VectorOf(files, *add));
    if (HaveCommonRows(*mark->second->rows, theirs)) continue;
    mark->second->moved_to = *add;
    if (!other_rows_matter) rebase.settled_paths.insert(path);
    rebase.moved = true;
  }
  return rebase;
}

Status Remark(const VectorFiles& files, int64_t now_ms, StagedChange& change) {
  std::vector<RowMark> moved;
  for (const MarkedFile& mark : change.marks) {
    if (mark.moved_to.has_value()) moved.push_back({*mark.moved_to, mark.physical_rows, mark.rows});
  }
  ASSIGN_OR_RETURN(std::vector<MarkedFile> again, MarkRows(files, std::move(moved)));
  size_t next = 0;
  for (MarkedFile& mark : change.marks) {
    if (!mark.moved_to.has_value()) continue;
    std::erase_if(change.removes, [&](const RemoveFile& r) { return FileKey(r) == FileKey(mark.before); });
    if (mark.after.has_value()) {
      std::erase_if(change.adds, [&](const AddFile& a) { return FileKey(a) == FileKey(*mark.after); });
    }
    mark = std::move(again[next++]);
    change.removes.push_back(RemovalOf(mark.before, now_ms));
    if (mark.after.has_value()) change.adds.push_back(*mark.after);
  }
  CHECK_EQ(next, again.size());
  return OkStatus();
}

}  // namespace ashlar::delta
