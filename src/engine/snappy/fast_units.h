// The inner loop of UncompressSnappy for processors with AVX and BMI (x86-64 since 2013).
#pragma once

#include "engine/snappy/block.h"

namespace ashlar::engine {

bool HaveFastSnappyUnits();

// Unpacks what can be unpacked with loads and stores that are wider than what they are for, but stay inside of `block`:
// all but the last hundred bytes or so. False: the block is not valid.
bool UnpackFastSnappyUnits(SnappyBlock& block);

}  // namespace ashlar::engine
