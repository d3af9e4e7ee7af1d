// The numbers of IDENTITY columns (Delta protocol, "Identity Columns"), taken while rows are written.
// They are distinct and lie on start + n * step; what concurrent threads skip stays unused.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/duck_connection.h"
#include "engine/table_writer.h"

namespace ashlar::engine {

class IdentityNumbers {
 public:
  IdentityNumbers(DuckConnection& connection, const WriteTarget& target) : connection_(connection), target_(target) {}
  ~IdentityNumbers();
  IdentityNumbers(const IdentityNumbers&) = delete;
  IdentityNumbers& operator=(const IdentityNumbers&) = delete;

  // The SELECT (columns k0, k1, …) with a number where an identity column is NULL.
  Result<std::string> Over(const std::string& select);
  // After the rows were written: the last number taken, by column.
  Result<std::map<size_t, int64_t>> Last();

 private:
  DuckConnection& connection_;
  const WriteTarget& target_;
  std::vector<std::string> sequences_;  // one an identity column, in DuckDB's temporary schema
};

}  // namespace ashlar::engine
