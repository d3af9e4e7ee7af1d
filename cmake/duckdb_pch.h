// Stands behind pch.h for the sources that include DuckDB: its headers take 8 to 10 s to read, each time.
// A source still includes what it uses.
#pragma once

#include <duckdb.hpp>
#include <duckdb/common/multi_file/multi_file_function.hpp>
#include <duckdb/execution/expression_executor.hpp>
#include <duckdb/function/aggregate_function.hpp>
#include <duckdb/function/scalar_function.hpp>
#include <duckdb/main/extension/extension_loader.hpp>
#include <duckdb/parser/expression/constant_expression.hpp>
