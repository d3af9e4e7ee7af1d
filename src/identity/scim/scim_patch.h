// SCIM patches (RFC 7644 §3.5.2) on a resource: add, remove, replace, by attribute, sub-attribute or
// `members[value eq "1"]`, or without a path. Takes the dialect of Entra ID too: capitalised operations,
// "True" for true, values to remove in the body.
#pragma once

#include <string>

#include "base/json_fwd.h"
#include "base/result.h"

namespace ashlar::identity {

// `value` is null where the operation has none. Errors: kInvalidParameterValue.
Status ApplyScimPatch(Json& resource, const std::string& op, const std::string& path,
                      const Json& value);

}  // namespace ashlar::identity
