// The permission levels of each type of workspace object, as data. A level includes those below it.
#pragma once

#include <span>
#include <string_view>

namespace ashlar::identity {

struct PermissionLevelRow {
  std::string_view level;
  int rank;  // compares levels of one type; IS_OWNER and CAN_MANAGE may do the same
  std::string_view description;
};

struct ObjectTypeRow {
  std::string_view type;         // in the path of the permissions API: "jobs"
  std::string_view object_type;  // in its answers: "job"
  std::string_view id_prefix;    // object_id is this and the id: "/jobs/"
  bool has_owner;                // exactly one user or service principal IS_OWNER
  std::span<const PermissionLevelRow> levels;
};

// nullptr for a type without permissions here.
const ObjectTypeRow* FindObjectType(std::string_view type);
// 0 for a level that the type does not have.
int RankOf(const ObjectTypeRow& type, std::string_view level);
// The name of the greatest level that is not ownership: what admins hold on everything.
inline constexpr std::string_view kCanManage = "CAN_MANAGE";
inline constexpr std::string_view kIsOwner = "IS_OWNER";

}  // namespace ashlar::identity
