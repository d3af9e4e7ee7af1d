#include "base/version.h"

namespace ashlar {

std::string_view Version() { return ASHLAR_VERSION; }

}  // namespace ashlar
