// The configuration of a session: Spark's entries with their defaults, as data. Unknown keys may be
// set and read back, as in Spark.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ashlar::session {

// Not thread safe.
class Confs {
 public:
  // Errors: CANNOT_MODIFY_CONFIG (46110) for static entries, INVALID_CONF_VALUE.* (22022) for values the
  // entry does not take.
  Status Set(const std::string& key, const std::string& value);
  // What stands where nothing is set: the server's own choice instead of Spark's. Errors: as Set.
  Status SetDefault(const std::string& key, const std::string& value);
  Status Reset(const std::string& key);
  void ResetAll() { values_.clear(); }
  // The value set, or the default; nullopt when it has neither.
  std::optional<std::string> Get(const std::string& key) const;
  std::string GetOr(const std::string& key, std::string_view fallback) const;
  // Whether the session or the server's start said it: it is no default of ours.
  bool IsSaid(const std::string& key) const { return values_.contains(key) || defaults_.contains(key); }
  // Everything set, and what has a default; sorted.
  std::map<std::string, std::string> All() const;
  static bool IsStatic(std::string_view key);
  static bool IsKnown(std::string_view key);

  bool ansi() const { return GetOr("spark.sql.ansi.enabled", "true") == "true"; }
  bool case_sensitive() const { return GetOr("spark.sql.caseSensitive", "false") == "true"; }
  std::string time_zone() const { return GetOr("spark.sql.session.timeZone", "UTC"); }

 private:
  std::map<std::string, std::string> defaults_;
  std::map<std::string, std::string> values_;
};

}  // namespace ashlar::session
