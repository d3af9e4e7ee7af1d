// Notebooks as source text: the header line, languages, and the cells of SQL notebooks. Pure.
//
//   -- Databricks notebook source
//   SELECT 1
//   -- COMMAND ----------
//   -- MAGIC %md
//   -- MAGIC words
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ashlar::workspace {

// As the API spells them: PYTHON, R, SCALA, SQL.
using LanguageName = std::string;

// The language that the first line declares. R and Python share theirs: PYTHON unless `path` ends in ".r".
std::optional<LanguageName> LanguageFromHeader(std::string_view source, std::string_view path);
// ".sql" and the like; nullopt for others.
std::optional<LanguageName> LanguageFromExtension(std::string_view path);
// ".sql" without further ado; empty for no language of ours.
std::string_view ExtensionOf(std::string_view language);

// The source without its header line, if it has one; and with it.
std::string WithoutHeader(std::string_view source);
std::string WithHeader(std::string_view language, std::string_view source);

// The statements' texts of a SQL notebook, one a cell that holds SQL. Cells of %md and comments alone are
// left out. Error: kNotImplemented naming the magic of any other cell (%python, %run, …).
Result<std::vector<std::string>> SplitSqlNotebook(std::string_view source);

// A script cut at the semicolons that end statements: those outside of quotes and comments. Compound
// statements (BEGIN … END) are not known here.
std::vector<std::string> SplitSqlScript(std::string_view text);

}  // namespace ashlar::workspace
