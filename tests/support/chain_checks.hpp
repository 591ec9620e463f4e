// Checks of an actor's chain that hold in any store. A place opens chains: open(term).
#pragma once

#include "runtime/chain/chain.hpp"
#include "tests/support/must.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace millrace::test {

inline void is_fenced(const error& e) {
  CHECK(e.code == ec::fenced);
  CHECK_FALSE(e.retry);
}

/// Appends every byte, and an empty record, and checks what this life and the next one find. `opening`: how many
/// numbers an opening takes.
template<class Place>
void check_records_are_kept(Place& at, std::uint64_t opening) {
  using texts = std::vector<std::string>;
  std::string every;
  for (int byte = 0; byte < 256; ++byte)
    every += static_cast<char>(byte);
  {
    const auto c = at.open(1);
    CHECK(chain::records_of(must(c->read())).empty());
    CHECK(must(c->append(every, false)) == opening + 1);
    CHECK(must(c->append("", true)) == opening + 2);
    CHECK(c->bytes() == 256);
    CHECK(c->size().increments == 3);
    CHECK(c->size().increments_bytes == 256);
    CHECK(must(c->read()).increments == texts{every, ""});
  }
  const auto c = at.open(2);
  const auto found = must(c->read());
  CHECK(found.base.empty());
  CHECK(found.increments == texts{every, ""});
  CHECK(found.sequence == 2 * opening + 2);
  CHECK(c->bytes() == 256);
  CHECK(must(c->append("x", false)) == 2 * opening + 3);
}

/// Appends a, the base A, b, the base AB, and c; returns the number of c.
inline std::uint64_t append_two_generations(chain::actor_chain& c) {
  must(c.append("a", false));
  CHECK(must(c.append_base("A")));
  must(c.append("b", false));
  CHECK(must(c.append_base("AB")));
  return must(c.append("c", false));
}

/// Checks that the next lives go on from A where AB is damaged.
template<class Place>
void check_older_generation(Place& at) {
  const auto next = at.open(2);
  const auto found = must(next->read());
  CHECK(found.base == "A");
  CHECK(found.increments == std::vector<std::string>{"b", "c"});
  CHECK(found.passed_over == 1);
  CHECK(next->size().is_base_due);
  CHECK(must(next->append_base("ABC")));
  CHECK(must(at.open(3)->read()).base == "ABC");
}

/// Checks that a new chain refuses a payload above the largest, and goes on with a record of this number.
template<class Chain>
void check_larger_is_refused(Chain& c, std::size_t largest, std::uint64_t number) {
  const auto refused = c.append(std::string(largest + 1, 'x'), false);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::unsupported);
  CHECK_THAT(refused.error().message, Catch::Contains("remedy"));
  CHECK(must(c.append("a", false)) == number);
  CHECK(c.life() == chain::life{1, 0});
}

/// Says how long appends of 1 KB and of 500 KB take until they are durable. `payload_of`: makes so many bytes.
template<class Payload>
void tell_speed(chain::actor_chain& c, Payload payload_of) {
  for (const auto& [bytes, times] : {std::pair<std::size_t, std::size_t>{1'000, 1'000}, {500'000, 300}}) {
    const std::string payload = payload_of(bytes);
    std::vector<double> took;
    for (std::size_t i = 0; i < times; ++i) {
      const auto begun = std::chrono::steady_clock::now();
      must(c.append(payload, false));
      took.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
    }
    std::ranges::sort(took);
    WARN(bytes << " bytes: p50 " << took[times / 2] << " ms, p99 " << took[times * 99 / 100] << " ms");
  }
}

}  // namespace millrace::test
