// ALTER TABLE … DROP FEATURE name [TRUNCATE HISTORY]. A feature stands in a table's properties as
// "delta.feature.<name>": dropping it unsets that, and is an AlterTableStatement of this action.
#pragma once

#include <optional>
#include <string>

#include "sql/statement.h"

namespace ashlar::sql {

struct FeatureDrop {
  std::string feature;
  bool truncate_history = false;
};

inline void SetFeatureDrop(AlterTableStatement& alter, FeatureDrop drop) {
  alter.action = AlterTableStatement::Action::kUnsetProperties;
  alter.new_name = std::move(drop.feature);
  alter.text = drop.truncate_history ? "TRUNCATE HISTORY" : "";
}

// nullopt for every other ALTER TABLE.
inline std::optional<FeatureDrop> FeatureDropOf(const AlterTableStatement& alter) {
  if (alter.action != AlterTableStatement::Action::kUnsetProperties || alter.new_name.empty()) return std::nullopt;
  return FeatureDrop{alter.new_name, !alter.text.empty()};
}

}  // namespace ashlar::sql
