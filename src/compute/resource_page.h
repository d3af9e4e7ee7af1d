// A page of a list of clusters or warehouses. Pure.
#pragma once

#include <string>
#include <vector>

#include "api/field.h"
#include "base/result.h"
#include "compute/resources_table.h"

namespace ashlar::compute {

struct ResourcePage {
  std::vector<ResourceRow> rows;
  std::string next_token;  // empty: this was the last
};

// Of `rows`, in the order of ResourcesTable::List, those after the token's; all of them without a size.
// A resource that comes or goes between two pages moves no other. Errors: kInvalidParameterValue.
Result<ResourcePage> PageOf(std::vector<ResourceRow> rows, const api::Field<int64_t>& size,
                            const api::Field<std::string>& token);

}  // namespace ashlar::compute
