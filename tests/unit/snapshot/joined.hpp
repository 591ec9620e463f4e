// A merge for tests: what the chain's records hold, one after the other.
#pragma once

#include "runtime/snapshot/snapshot.hpp"

#include <string>

namespace millrace::snapshot::test {

[[nodiscard]] inline expected<std::string> join(const snapshots::chain& c) {
  auto all = c.base;
  for (const auto& i : c.increments)
    all += i;
  return all;
}

}  // namespace millrace::snapshot::test
