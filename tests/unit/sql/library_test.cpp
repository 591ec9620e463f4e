#include "tools/sql/library.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace millrace;

TEST_CASE("the library is looked for in the cache, beside the binary, and where the system looks") {
  CHECK(duckdb::library_candidates({"", "/cache", "/usr/bin"}) ==
        std::vector<std::string>{"/cache/millrace/duckdb-1.5.6/libduckdb.so", "/usr/bin/libduckdb.so",
                                 "libduckdb.so"});
  CHECK(duckdb::library_candidates({"/my/libduckdb.so", "/cache", "/b"}) ==
        std::vector<std::string>{"/my/libduckdb.so"});
  const auto folder = std::filesystem::temp_directory_path();
  CHECK(duckdb::library_candidates({folder.string(), "/cache", "/b"}) ==
        std::vector<std::string>{(folder / "libduckdb.so").string()});
}

TEST_CASE("without a library the error says what was tried, and the remedy") {
  const auto none = duckdb::load_duckdb({"/nowhere/libduckdb.so", {}, {}});
  REQUIRE_FALSE(none);
  CHECK(none.error().message ==
        "millrace sql needs libduckdb.so, and there is none; remedy: run tools/duckdb, which fetches DuckDB "
        "1.5.6 into the "
        "cache folder, or set MILLRACE_DUCKDB to the file; tried:\n  /nowhere/libduckdb.so: not there");
}

TEST_CASE("a library that is not DuckDB is told from one that is not there") {
  const auto other = duckdb::load_duckdb({"/lib/x86_64-linux-gnu/libz.so.1", {}, {}});
  REQUIRE_FALSE(other);
  CHECK(other.error().message.find("libz.so.1 has no function duckdb_") != std::string::npos);
}
