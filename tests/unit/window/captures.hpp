// States of windows as bytes, for tests: captured, applied, and damaged.
#pragma once

#include "tests/unit/window/window_fixture.hpp"

#include <random>
#include <string>
#include <string_view>

namespace millrace::window::test {

inline std::string all_of(shard_windows& w) {
  wire::writer out;
  w.capture_all(out);
  return out.take();
}

inline std::string changes_of(shard_windows& w) {
  wire::writer out;
  w.capture_changes(out);
  return out.take();
}

inline expected<void> applied_to(shard_windows& w, std::string_view bytes) {
  wire::reader in(bytes);
  return w.apply(in);
}

/// Damages a state 4,000 times; returns how often it is refused. The others can be fired.
inline int refusals_of_damage(const definition& d, const std::string& bytes) {
  std::mt19937_64 engine(5);
  int refused = 0;
  for (int round = 0; round < 4000; ++round) {
    auto damaged = bytes;
    for (auto n = engine() % 3 + 1; n > 0; --n)
      damaged[engine() % damaged.size()] = static_cast<char>(engine());
    const auto other = make_shard_windows(d);
    if (!applied_to(*other, damaged))
      ++refused;
    else
      (void)fire_all(*other, no_watermark, end_of_time);
  }
  return refused;
}

}  // namespace millrace::window::test
