// What the table that a statement writes to may become.
#pragma once

namespace ashlar::sql {

// An option of the written table, set by whoever knows it: schema evolution may widen the types of its
// columns. The analysed target's relation then has the columns as they will be.
inline constexpr const char* kWidenTypes = "ashlar.widenTypes";

}  // namespace ashlar::sql
