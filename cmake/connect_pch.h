// Stands behind pch.h for the sources that include Spark Connect's messages: they take 6 s to read, each time.
// A source still includes what it uses.
#pragma once

#include "spark/connect/base.pb.h"

#include <nlohmann/json.hpp>
