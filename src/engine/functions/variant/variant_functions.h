// The functions of VARIANT and its casts.
#pragma once

namespace ashlar::engine {

class Registrar;

void RegisterVariants(Registrar& registrar);

}  // namespace ashlar::engine
