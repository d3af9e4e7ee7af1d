// Tables for people: aligned by display width, numbers at the right.
#pragma once

#include "cli/sql/result_rows.h"

namespace ashlar::cli {

// A line a row. The first thousand rows set the widths; later ones may stand out.
std::unique_ptr<RowWriter> MakeTableWriter(const TableStyle& style, TextSink sink);
// A line a value.
std::unique_ptr<RowWriter> MakeExpandedWriter(const TableStyle& style, TextSink sink);

// Widths of columns made to fit: the widest give way first, none goes below four.
std::vector<size_t> FitWidths(std::vector<size_t> widths, size_t available);

}  // namespace ashlar::cli
