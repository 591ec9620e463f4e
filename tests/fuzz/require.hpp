// Every fuzz target says so of its input: a statement must hold, or the process ends with its text, so
// that libFuzzer keeps the input.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace millrace::fuzz {

inline void require(bool holds, const std::string& otherwise) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %s\n", otherwise.c_str());
  std::abort();
}

}  // namespace millrace::fuzz
