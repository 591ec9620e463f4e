// Bytes of our own formats against golden files: a change that shows here needs a new version number and a
// page in docs/design. MILLRACE_WRITE_GOLDEN=1 writes the files anew.
#pragma once

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace millrace::test {

/// `path` from the repository's root, where the unit tests run.
inline void check_golden(const std::string& path, const std::string& bytes) {
  if (std::getenv("MILLRACE_WRITE_GOLDEN"))
    std::ofstream(path, std::ios::binary) << bytes;
  std::ifstream in(path, std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(in), {}};
  INFO(path);
  REQUIRE(golden == bytes);
}

}  // namespace millrace::test
