// Decides which tables a query may name, and what DuckDB is told to read for each: visible files only, listed
// here, so that what a sink has not yet published is never opened.
#pragma once

#include "tools/table/stage_table.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::duckdb {

/// Holds what --table says.
struct table_argument {
  std::string name;
  std::string what;  // a stage, TOPOLOGY.STAGE, a folder or a file
};
[[nodiscard]] expected<table_argument> parse_table_argument(const std::string& text);

struct known_topology {
  std::string name;
  std::vector<table::stage_table> tables;
};

/// A table under the name by which a query may ask for it.
struct source {
  std::string schema{};  // the schema in DuckDB, where two topologies have tables of one name; else empty
  std::string name;
  bool asked_for = false;                       // named by --table: it must be readable
  std::string select{};                         // the query that it stands for
  std::vector<std::filesystem::path> places{};  // folders and files that belong to it
};

/// Looks into the file system. Errors name the argument and what could be meant.
[[nodiscard]] expected<std::vector<source>> sources_of(const std::vector<known_topology>& topologies,
                                                       const std::vector<table_argument>& arguments);

/// The files beneath a folder, in the order of their paths, without those that begin with a dot or an
/// underscore or lie in such a folder. None for a folder that is not there.
[[nodiscard]] expected<std::vector<std::string>> visible_files(const std::filesystem::path& folder);

/// Returns Parquet, JSON or CSV by the file's name, with .gz after the latter two; no value for others.
[[nodiscard]] table::files kind_of_file(std::string_view name);

}  // namespace millrace::duckdb
