// Runs the random schedules of a property test, each of them named by its seed.
#pragma once

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

namespace millrace::test {

/// Returns the number that the variable holds; none where it is not set.
inline std::optional<std::uint64_t> number_from_environment(const char* name) {
  const auto* const text = std::getenv(name);
  return text != nullptr ? std::optional(std::strtoull(text, nullptr, 10)) : std::nullopt;
}

/// Says which seeds run: `usual` of them, from 0 on. MILLRACE_SEEDS sets another number, and MILLRACE_SEED
/// replays one seed.
struct seeds {
  explicit seeds(std::uint64_t usual)
      : only(number_from_environment("MILLRACE_SEED")),
        count(only ? 1 : number_from_environment("MILLRACE_SEEDS").value_or(usual)) {}

  /// Calls `run` for each; its text says what was wrong, and fails the test.
  template<class Run>
  void check(const Run& run) const {
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto seed = only.value_or(i);
      if (const std::optional<std::string> text = run(seed)) {
        std::cout << "seed " << seed << " fails after: " << *text << std::endl;
        FAIL(fmt::format("MILLRACE_SEED={}: {}", seed, *text));
      }
    }
  }

  std::optional<std::uint64_t> only;
  std::uint64_t count;
};

}  // namespace millrace::test
