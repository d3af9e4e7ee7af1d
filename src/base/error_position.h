// Where an error points in the SQL text, worded as Spark words it. The Error itself carries only a byte range.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace ashlar {

// Whether the error's span lies in the text. At the end of the text it may be empty.
bool HasPosition(const Error& error, std::string_view sql);

// "== SQL (line 2, position 1) ==", the line and the underlined fragment; a syntax error has Spark's shorter heading.
// Lines and positions count characters from 1. Needs HasPosition.
std::string PositionSummary(const Error& error, std::string_view sql);

// FullMessage() and where in `sql` it happened, by the kind of error: a syntax error "(line 1, pos 0)" with the text,
// an analysis error "; line 1 pos 7", one of the data the summary. FullMessage() alone when the place is not known.
std::string PositionedMessage(const Error& error, std::string_view sql);

}  // namespace ashlar
