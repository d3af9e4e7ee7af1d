// What a machine must offer for `ashlar serve` to work well.
#pragma once

#include <string>
#include <vector>

#include "cli/machine/check.h"

namespace ashlar::cli {

// The folder is not made when it is missing: its nearest parent is looked at instead.
std::vector<Check> CheckDataFolder(const std::string& folder);
// `listen` as for serve: "HOST:PORT".
Check CheckPort(const std::string& listen);
// Runs ashlar-driver beside this program, which opens its engine and says what it is made of.
Check CheckDriver(const std::string& driver_binary);
Check CheckMemory();
Check CheckOpenFiles();
Check CheckTemporaryFolder();
Check CheckClock();
Check CheckProcessControl();

}  // namespace ashlar::cli
