// `parquet_dump FOLDER`: the rows of a table, one JSON line each, read with Arrow. Used by tests that are
// scripts.
#include "tests/support/parquet_rows.hpp"

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: parquet_dump FOLDER\n", stderr);
    return 2;
  }
  try {
    for (const auto& row : millrace::test::table_rows(argv[1]))
      std::printf("%s\n", row.c_str());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "parquet_dump: %s\n", e.what());
    return 1;
  }
  return 0;
}
