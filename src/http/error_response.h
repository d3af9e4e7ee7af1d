// The REST rendering of an Error.
#pragma once

#include <string>

#include "base/error.h"
#include "http/message.h"
#include "http/router.h"

namespace ashlar::http {

// Status, JSON body and headers (Retry-After on 429 and 503, WWW-Authenticate on 401). The text of a
// kInternalError stays in the log: the client gets `request_id` to ask about.
Response ErrorResponse(const Error& error, const std::string& request_id, ErrorStyle style);

}  // namespace ashlar::http
