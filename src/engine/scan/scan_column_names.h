// Which column of a file is which column of the table. Includes DuckDB: only for scan_*.cc.
//
// The columns a query sees are k0, k1, … with nested fields f0, f1, …. Each file's own column
// definitions are renamed to these names once it is open, so that DuckDB's mapping by name finds equal
// names and, where nothing was changed since the file was written, equal types: then nothing is
// remapped and filters reach the row groups.
#pragma once

#include "duckdb/common/multi_file/multi_file_data.hpp"
#include "engine/scan/table_scan.h"

namespace ashlar::engine {

// The definition of a column of the query, nested parts included; absent in a file it is NULL.
duckdb::MultiFileColumnDefinition GlobalColumn(const std::string& name, const DataType& type);

// Renames a file's columns: those of the table as in `global` (GlobalColumn for each), others to names
// no column has. Also corrects types that Parquet leaves open: INT96 and unannotated byte arrays.
void NameFileColumns(const TableScan& scan, const duckdb::vector<duckdb::MultiFileColumnDefinition>& global,
                     duckdb::vector<duckdb::MultiFileColumnDefinition>& local);

}  // namespace ashlar::engine
