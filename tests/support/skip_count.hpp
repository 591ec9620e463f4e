// Counts the cases of a test program that were not run, and says at its very end how many there were.
#pragma once

#include <iostream>
#include <string>
#include <utility>

namespace millrace::test {

struct skip_count {
  explicit skip_count(std::string what) : needs(std::move(what)) {}
  ~skip_count() {
    if (cases != 0)
      std::cerr << "SKIPPED: " << cases << " case(s) that need " << needs << '\n';
  }
  skip_count(const skip_count&) = delete;
  skip_count& operator=(const skip_count&) = delete;

  std::string needs;
  int cases = 0;
};

}  // namespace millrace::test
