// Data skipping: which files can hold a row that satisfies a predicate, by partition values and
// statistics. Sound, not complete: a file is skipped only when no row of it can match.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "delta/snapshot.h"
#include "types/value.h"

namespace ashlar::delta {

// A predicate over one row, with SQL's three-valued logic. Built by the functions below.
struct Predicate {
  enum class Kind : uint8_t {
    kAnd,         // of all children; true when there are none
    kOr,          // of all children; false when there are none
    kNot,         // of the one child
    kEq,          // column op values[0]; NULL when either is NULL
    kNe,
    kLt,
    kLe,
    kGt,
    kGe,
    kEqNullSafe,  // <=>
    kIn,          // column equals one of values; NULL values count as in SQL
    kIsNull,
    kStartsWith,  // values[0] is the prefix
    kUnknown,     // may be anything: what the caller could not express
  };
  Kind kind = Kind::kUnknown;
  std::vector<std::string> column;  // logical path from the top, through structs; any case
  std::vector<Value> values;
  std::vector<Predicate> children;
  bool operator==(const Predicate&) const = default;
};

Predicate And(std::vector<Predicate> children);
Predicate Or(std::vector<Predicate> children);
Predicate Not(Predicate child);
Predicate Compare(Predicate::Kind op, std::vector<std::string> column, Value value);
Predicate In(std::vector<std::string> column, std::vector<Value> values);
Predicate IsNull(std::vector<std::string> column);
Predicate UnknownPredicate();

enum class FileMatch {
  kNone,  // no row satisfies it
  kSome,  // cannot be told, or some rows do
  kAll,   // every row satisfies it
};

struct BoundPredicate;

// A predicate bound to a snapshot's columns. Thread safe.
class FileFilter {
 public:
  FileFilter(const Snapshot& snapshot, Predicate predicate);
  ~FileFilter();
  FileFilter(FileFilter&&) noexcept;
  FileMatch Match(const AddFile& file) const;
  // By partition values alone, as conflict checks need it: files without statistics are fine.
  FileMatch MatchPartition(const PartitionValues& values) const;
  // The numbers of the list's files whose Match is not kNone, ascending. Looks at columns, not at files.
  std::vector<size_t> Select(const FileList& files) const;
  // Whether only partition columns are read.
  bool PartitionOnly() const;

 private:
  std::unique_ptr<const BoundPredicate> bound_;
};

// The numbers in snapshot.files() of the files that may match.
std::vector<size_t> SelectFiles(const Snapshot& snapshot, const Predicate& predicate);

}  // namespace ashlar::delta
