// What schema_of_variant says of a VARIANT.
#pragma once

#include <string>

#include "engine/functions/variant/variant_node.h"

namespace ashlar::engine {

// "OBJECT<a: BIGINT, b: ARRAY<VARIANT>>"
std::string VariantSchema(const VariantNode& node);

}  // namespace ashlar::engine
