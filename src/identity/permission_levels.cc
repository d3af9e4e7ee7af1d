#include "identity/permission_levels.h"

namespace ashlar::identity {
namespace {

constexpr PermissionLevelRow kClusterLevels[] = {
    {"CAN_ATTACH_TO", 1, "Can attach notebooks, and see metrics and logs"},
    {"CAN_RESTART", 2, "Can attach, start, restart and terminate"},
    {"CAN_MANAGE", 3, "Can attach, start, terminate, edit, delete and change permissions"},
};
constexpr PermissionLevelRow kWarehouseLevels[] = {
    {"CAN_VIEW", 1, "Can see the warehouse"},
    {"CAN_USE", 2, "Can start the warehouse and run queries"},
    {"CAN_MONITOR", 3, "Can use the warehouse and see everybody's queries"},
    {"CAN_MANAGE", 4, "Can use, edit, stop, delete and change permissions"},
    {"IS_OWNER", 5, "Owns the warehouse"},
};
constexpr PermissionLevelRow kJobLevels[] = {
    {"CAN_VIEW", 1, "Can see the job and its runs"},
    {"CAN_MANAGE_RUN", 2, "Can see, run, cancel and repair"},
    {"CAN_MANAGE", 3, "Can run, edit, delete and change permissions"},
    {"IS_OWNER", 4, "Owns the job, which runs in the owner's name"},
};
constexpr PermissionLevelRow kWorkspaceLevels[] = {
    {"CAN_READ", 1, "Can see and comment"},
    {"CAN_RUN", 2, "Can see and run"},
    {"CAN_EDIT", 3, "Can run and edit"},
    {"CAN_MANAGE", 4, "Can edit, delete, move and change permissions"},
};

constexpr ObjectTypeRow kTypes[] = {
    {"clusters", "cluster", "/clusters/", false, kClusterLevels},
    {"warehouses", "warehouses", "/sql/warehouses/", true, kWarehouseLevels},
    {"jobs", "job", "/jobs/", true, kJobLevels},
    {"notebooks", "notebook", "/notebooks/", false, kWorkspaceLevels},
    {"directories", "directory", "/directories/", false, kWorkspaceLevels},
    {"files", "file", "/files/", false, kWorkspaceLevels},
};

}  // namespace

const ObjectTypeRow* FindObjectType(std::string_view type) {
  for (const ObjectTypeRow& row : kTypes) {
    if (row.type == type) return &row;
  }
  return nullptr;
}

int RankOf(const ObjectTypeRow& type, std::string_view level) {
  for (const PermissionLevelRow& row : type.levels) {
    if (row.level == level) return row.rank;
  }
  return 0;
}

}  // namespace ashlar::identity
