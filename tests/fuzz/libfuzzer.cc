// One libFuzzer target: FUZZ_ENTRY says which.
#include <cstddef>
#include <cstdint>

#include "entries.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  ashlar::fuzz::FUZZ_ENTRY({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
