// The folder of a test, and bytes of compressed files.
#pragma once

#include "tests/support/deflated.hpp"
#include "tests/support/scratch.hpp"

#include <string>
#include <string_view>

namespace millrace::test {

using folder = scratch;

/// One gzip member.
inline std::string gzip(std::string_view bytes) { return deflated(bytes, gzip_window); }

}  // namespace millrace::test
