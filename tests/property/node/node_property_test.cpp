// The rules of the control plane on the real actors: processes of nodes in one system, over links and a store
// that fail in every way there is. Whatever happens, a life is lived once, where `control` has placed it before
// anybody was told; a node with another store runs nothing and stops nothing; and when faults cease, all that
// is to run does, once, and terms cease to rise.
// MILLRACE_SEED replays one schedule, MILLRACE_SEEDS says how many run.
#include "runtime/base/address_sanitizer.hpp"
#include "tests/property/node/random_schedule.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <iostream>

namespace millrace::node::trial {
namespace {

std::optional<std::string> failure_of(std::uint64_t seed) {
  try {
    run_random_schedule(seed);
  } catch (const wrong& e) {
    return e.text;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> number_from(const char* name) {
  const auto* text = std::getenv(name);
  return text ? std::optional(std::strtoull(text, nullptr, 10)) : std::nullopt;
}

}  // namespace

TEST_CASE("the actors of a control plane give each life once, recorded before it is sent, whatever fails") {
  const auto only = number_from("MILLRACE_SEED");
  if (!only)
    spdlog::set_level(spdlog::level::off);
  const auto seeds = only ? 1 : number_from("MILLRACE_SEEDS").value_or(with_address_sanitizer ? 50 : 300);
  for (std::uint64_t i = 1; i <= seeds; ++i) {
    const auto seed = only.value_or(i);
    if (const auto text = failure_of(seed)) {
      std::cout << "seed " << seed << " fails after: " << *text << std::endl;
      FAIL(fmt::format("MILLRACE_SEED={}: {}", seed, *text));
    }
  }
  spdlog::set_level(spdlog::level::info);
}

}  // namespace millrace::node::trial
