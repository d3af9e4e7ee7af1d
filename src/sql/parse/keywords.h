// Which words end what. No keyword of Spark's default mode is reserved: any word can name a column or
// a table, and what a word means is decided by its place. These sets say where a word that could be an
// alias is rather the beginning of the next clause.
#pragma once

#include <string_view>

namespace ashlar::sql {

// The words that can name anything but a table alias: JOIN, ON, UNION, …
bool IsStrictNonReserved(std::string_view word);
// Begins the clause after a SELECT item: FROM, WHERE, ….
bool EndsSelectItem(std::string_view word);
// Begins the clause after a table reference: WHERE, GROUP, SET, ….
bool EndsTableReference(std::string_view word);
// YEAR, MONTHS, MICROSECOND, …: what may follow the number in INTERVAL 1 DAY.
bool IsIntervalUnit(std::string_view word);
// The units of TIMESTAMPADD and TIMESTAMPDIFF.
bool IsDatetimeUnit(std::string_view word);

}  // namespace ashlar::sql
