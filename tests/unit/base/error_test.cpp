#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

using namespace millrace;

TEST_CASE("an error says whose fault it is and whether trying again may help") {
  CHECK(user_error(ec::not_found, "m").value().whose == fault::user);
  CHECK_FALSE(user_error(ec::not_found, "m").value().retry);
  CHECK(outside_error(ec::unavailable, "m").value().retry);
  CHECK_FALSE(fatal_error(ec::fenced, "m").value().retry);
  CHECK(our_error("m").value().whose == fault::ours);
  error e{ec::io, fault::outside, true, "the disk is full", {}};
  CHECK(describe(e) == "the disk is full");
  e.stage = "table";
  CHECK(describe(e) == "table: the disk is full");
}

namespace {

expected<std::unique_ptr<int>> owned(int n) {
  if (n < 0)
    return user_error(ec::invalid_argument, "negative");
  return std::make_unique<int>(n);
}

expected<int> sum(int a, int b) {
  ASSIGN_OR_RETURN(const auto x, owned(a));
  ASSIGN_OR_RETURN(auto y, owned(b));
  *y += *x;
  return *y;
}

expected<int> doubled(int a, int& calls) {
  if (a > 5)
    RETURN_IF_ERROR(owned(a - 10));
  else
    ++calls;
  return 2 * a;
}

}  // namespace

TEST_CASE("an error passes through to the caller, and a value is the caller's own") {
  CHECK(sum(1, 2) == 3);
  REQUIRE_FALSE(sum(1, -1));
  CHECK(sum(1, -1).error().message == "negative");
  int calls = 0;
  CHECK(doubled(3, calls) == 6);
  CHECK(doubled(10, calls) == 20);
  CHECK(doubled(6, calls).error().code == ec::invalid_argument);
  CHECK(calls == 1);
}

TEST_CASE("every error code has a text of its own") {
  std::set<std::string_view> texts;
  for (auto code = static_cast<int>(ec::invalid_argument); code <= static_cast<int>(ec::internal); ++code)
    texts.insert(to_string(static_cast<ec>(code)));
  CHECK(texts.size() == static_cast<std::size_t>(ec::internal) + 1);
  CHECK(texts.count("unknown") == 0);
}

TEST_CASE("positions are ordered, the whole of a window behind all its rows") {
  CHECK(position{0, 9} < position{1, 0});
  CHECK(position{1, 5} < position{1, whole});
  CHECK(lowest_position < position{std::numeric_limits<std::int64_t>::min() + 1, 0});
  CHECK(position{0, whole} < highest_position);
}

TEST_CASE("slots are shared out among shards evenly and in order") {
  for (const std::uint32_t shards : {1U, 3U, 16U, 1000U, 1024U}) {
    std::vector<unsigned> slots(shards);
    std::uint32_t last = 0;
    for (std::uint32_t slot = 0; slot < key_slots; ++slot) {
      const auto shard = shard_of_slot(slot, shards);
      REQUIRE(shard < shards);
      REQUIRE(shard >= last);
      last = shard;
      ++slots[shard];
    }
    const auto [least, most] = std::minmax_element(slots.begin(), slots.end());
    CHECK(*most - *least <= 1);
  }
  CHECK(slot_of(0xFFFF'FFFF'FFFF'FFFF) == 1023);
}
