// Stands behind pch.h for every unit test. A test still includes what it uses.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
