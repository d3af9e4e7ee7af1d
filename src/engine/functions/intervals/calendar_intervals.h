// The functions of INTERVAL (calendar intervals).
#pragma once

namespace ashlar::engine {

class Registrar;

void RegisterCalendarIntervals(Registrar& registrar);

}  // namespace ashlar::engine
