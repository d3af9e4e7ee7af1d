// Stands behind pch.h for the modules that use nlohmann's JSON: it takes 1.5 s to read, each time.
// A source still includes what it uses.
#pragma once

#include <nlohmann/json.hpp>
