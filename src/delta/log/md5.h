// MD5 (RFC 1321) in lower-case hex: the protocol's checksum of _last_checkpoint. For nothing else.
#pragma once

#include <string>
#include <string_view>

namespace ashlar::delta {

std::string Md5Hex(std::string_view bytes);

}  // namespace ashlar::delta
