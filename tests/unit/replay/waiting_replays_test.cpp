#include "actors/replay/waiting_replays.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::replay;
using api::answers::replayed;

namespace {

struct asking {
  bool ask(const api::requests::replay& r) {
    return waits.ask(
        r, [this](expected<api::answer> a) { got.push_back(std::move(a)); }, now);
  }
  [[nodiscard]] replayed last() const { return std::get<replayed>(got.back().value()); }

  waiting_replays waits;
  waiting_replays::clock::time_point now{};
  std::vector<expected<api::answer>> got;
};

replayed over(std::uint64_t letters, std::uint64_t went_in) {
  replayed out;
  out.is_over = true;
  out.letters = letters;
  out.went_in = went_in;
  return out;
}

const api::requests::replay all{"t", "parsed", {}};
const api::requests::replay some{"t", "parsed", {"1"}};
const api::requests::replay other{"u", "parsed", {}};

}  // namespace

TEST_CASE("one replay of a topology is under way; who asks for the same one hears of its end, too") {
  asking a;
  CHECK(a.ask(all));
  CHECK_FALSE(a.ask(all));
  CHECK(a.got.empty());
  CHECK_FALSE(a.ask(some));
  REQUIRE(a.got.size() == 1);
  CHECK(a.got[0].error().code == ec::locked);
  CHECK(a.ask(other));
  CHECK(a.waits.under_way() == 2);
  a.waits.ended("t", over(3, 2));
  REQUIRE(a.got.size() == 3);
  CHECK(a.last().went_in == 2);
  CHECK(a.waits.under_way() == 1);
  CHECK(a.ask(some));
}

TEST_CASE(
    "who has waited for long is told to ask again, and an end that nobody has heard of is kept for him") {
  asking a;
  CHECK(a.ask(all));
  a.now += std::chrono::seconds(19);
  a.waits.look(a.now);
  CHECK(a.got.empty());
  a.now += std::chrono::seconds(1);
  a.waits.look(a.now);
  REQUIRE(a.got.size() == 1);
  CHECK_FALSE(a.last().is_over);
  a.waits.ended("t", over(3, 2));
  CHECK(a.got.size() == 1);
  CHECK_FALSE(a.ask(all));
  REQUIRE(a.got.size() == 2);
  CHECK(a.last() == over(3, 2));
  CHECK(a.ask(all));  // anew
}

TEST_CASE("an end that nobody has heard of is not the answer to another question") {
  asking a;
  CHECK(a.ask(all));
  a.waits.look(a.now + std::chrono::minutes(1));
  a.waits.ended("t", user_error(ec::not_found, "gone"));
  CHECK(a.ask(some));
  a.waits.ended("t", over(1, 1));
  CHECK(a.last().letters == 1);
}
