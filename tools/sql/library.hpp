// Finds libduckdb.so, which Debian does not have, and loads it.
#pragma once

#include "runtime/base/error.hpp"
#include "tools/sql/duckdb_api.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace millrace::duckdb {

/// The release that tools/duckdb fetches and the tests run with. Others are taken as they are.
inline constexpr std::string_view duckdb_release = "1.5.6";

/// These decide where to look: $MILLRACE_DUCKDB, ${XDG_CACHE_HOME:-~/.cache}, the folder of the binary.
struct library_places {
  std::string chosen;  // a file, or a folder that holds it; then nothing else is tried
  std::filesystem::path cache;
  std::filesystem::path binary;
};
[[nodiscard]] library_places library_places_here();

/// Pure: in the order in which they are tried; a bare name is one that the system looks for.
[[nodiscard]] std::vector<std::string> library_candidates(const library_places& places);

/// Loaded once and for good. Errors say what was tried, and the remedy; `who` needs it.
[[nodiscard]] expected<const duckdb_api*> load_duckdb(const library_places& places,
                                                      std::string_view who = "millrace sql");

}  // namespace millrace::duckdb
