// multipart/form-data (RFC 7578), as SDKs upload notebooks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ashlar::api {

struct FormPart {
  std::string name;
  std::string value;  // raw bytes
  bool operator==(const FormPart&) const = default;
};

// Errors: kMalformedRequest for a body that does not follow its boundary.
Result<std::vector<FormPart>> ParseMultipart(std::string_view content_type, std::string_view body);

}  // namespace ashlar::api
