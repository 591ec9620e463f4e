// Tests a lane by its events and effects alone, step by step: what leaves before it works on, and what is left
// of a life that fails.
#include "tests/unit/lane/driven_lane.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string_view>
#include <variant>

using namespace millrace;
using namespace millrace::lane_test;

namespace {

/// A lane between events and effects; readers open when the test says so.
class bare_lane {
public:
  explicit bare_lane(lane::lane_options options,
                     delivery::lane_log::start how = delivery::lane_log::start::at_lowest)
      : core(time, std::move(options), how, 7) {}

  /// Takes the effects since the last call, by their kinds.
  std::vector<std::string> kinds() {
    core.take_effects(given);
    std::vector<std::string> out;
    for (const auto& e : given)
      out.emplace_back(kind_of(e));
    return out;
  }
  /// Works until there is nothing more to do; the kinds of each step's effects.
  std::vector<std::vector<std::string>> steps() {
    std::vector<std::vector<std::string>> out;
    while (core.has_work()) {
      core.work();
      if (auto k = kinds(); !k.empty())
        out.push_back(std::move(k));
    }
    return out;
  }
  /// Opens it; all three receivers are up and stand at these positions of partition 0.
  void begin_at(const std::vector<std::int64_t>& positions) {
    core.start();
    core.on_opened(lane::live_reader);
    for (std::size_t r = 0; r < positions.size(); ++r)
      core.on_receiver_up(r);
    for (std::size_t r = 0; r < positions.size(); ++r) {
      core.on_answer("parsed/0", r, delivery::answer{{1, r + 1}, {{0, positions[r]}, no_watermark}});
      last_steps = steps();
    }
  }
  /// Gives the source's answer; the test works.
  void give(source::chunk c, lane::reader_number reader = lane::live_reader) {
    core.on_chunk({++ticket, std::make_shared<const source::chunk>(std::move(c)), {}, {}}, reader);
  }
  [[nodiscard]] std::vector<std::string> ranges() const {
    std::vector<std::string> out;
    for (const auto& e : given)
      if (const auto* const f = std::get_if<lane::effects::send_frame>(&e); f != nullptr && f->receiver == 0)
        out.push_back(std::to_string(f->frame.from.minor) + "-" + std::to_string(f->frame.to.minor));
    return out;
  }

  noted time;
  lane::lane core;
  lane::effect_list given;
  std::vector<std::vector<std::string>> last_steps;
  std::uint64_t ticket = 0;

private:
  static std::string_view kind_of(const lane::effect& e) {
    static constexpr std::array<std::string_view, std::variant_size_v<lane::effect>> kinds{
        "wake_in", "look_in", "ask",   "frame",   "open",   "close",   "assign",    "read",   "durable",
        "look",    "parse",   "found", "slowest", "failed", "attempt", "went_well", "fenced", "say"};
    return kinds[e.index()];
  }
};

using kinds = std::vector<std::string>;
using step_list = std::vector<kinds>;

const kinds to_three{"frame", "frame", "frame"};

lane::lane_options by_frames_of(std::uint64_t records) {
  auto o = options_of({"0"});
  o.frame_records = records;
  return o;
}

}  // namespace

TEST_CASE("the source is opened first; the parser is made, and partitions are looked for, once it is open") {
  auto o = options_of({"0"});
  o.discover_every = 30s;
  bare_lane l(std::move(o));
  CHECK(l.kinds().empty());
  l.core.start();
  CHECK(l.kinds() == kinds{"open"});
  SECTION("it opens") {
    l.core.on_opened(lane::live_reader);
    CHECK(l.kinds() == kinds{"look_in"});
    CHECK_FALSE(l.core.is_over());
  }
  SECTION("it does not") {
    l.core.on_could_not_open(broken_source);
    CHECK(l.kinds() == kinds{"failed"});
    CHECK(l.core.is_over());
  }
  CHECK_FALSE(l.core.has_work());
}

TEST_CASE("reading begins with the step after the last answer") {
  bare_lane l(options_of({"0"}));
  l.begin_at({4, 4, 4});
  CHECK(l.last_steps == step_list{{"assign"}, {"read"}});
}

TEST_CASE(
    "the request for the next chunk leaves before the chunk is worked on, and each frame before the next") {
  bare_lane l(by_frames_of(1));
  l.begin_at({0, 2, 4});
  l.give(chunk_of("0", 0, {"1", "2", "3", "4", "5"}));
  CHECK(l.kinds() == kinds{"read"});
  REQUIRE(l.core.has_work());
  l.core.work();
  CHECK(l.kinds() == kinds{"frame"});
  CHECK(l.ranges() == ranges{"0-2"});
  l.core.work();
  CHECK(l.kinds() == kinds{"frame", "frame"});
  CHECK(l.ranges() == ranges{"2-4"});
  l.core.work();
  CHECK(l.kinds() == to_three);
  CHECK(l.ranges() == ranges{"4-5"});
  CHECK(l.steps().empty());
}

TEST_CASE("a chunk is given to a helper before the next one is asked for") {
  auto o = options_of({"0"});
  o.ahead = {1, 1};
  bare_lane l(std::move(o));
  l.begin_at({0, 0, 0});
  l.give(chunk_of("0", 0, {"1"}));
  CHECK(l.kinds() == kinds{"parse", "read"});
  CHECK(l.steps().empty());
}

TEST_CASE(
    "a frame that was formed before a record that gets a frame of its own leaves in a step of its own") {
  auto o = options_of({"0"});
  o.failing.failed({"parsed/0", {0, 2}, {0, 3}, 1, {}, true}, "no memory");
  bare_lane l(std::move(o));
  l.begin_at({0, 0, 0});
  l.give(chunk_of("0", 0, {"1", "2", "3"}));
  l.kinds();
  CHECK(l.steps() == step_list{to_three, to_three});
}

TEST_CASE(
    "an attempt that throws has effects: the supervisor is told of it, and what went before stays sent") {
  auto o = options_of({"0"});
  o.failing.failed({"parsed/0", {0, 0}, {0, 4}, 4, {}, true}, "no memory");  // one record at a time
  bare_lane l(std::move(o));
  l.begin_at({0, 0, 0});
  l.give(chunk_of("0", 0, {"1", "X", "3", "4"}));
  CHECK(l.kinds() == kinds{"read"});
  l.core.work();
  CHECK(l.kinds() == to_three);
  CHECK(l.ranges() == ranges{"0-1"});
  CHECK_THROWS_WITH(
      [&] {
        while (l.core.has_work())
          l.core.work();
      }(),
      "X");
  CHECK(l.kinds() == kinds{"say", "attempt"});
}

TEST_CASE("a receiver that is behind gets a reader: it opens, is told where to begin, and reads") {
  bare_lane l(options_of({"0"}), delivery::lane_log::start::at_furthest);
  l.core.start();
  l.core.on_opened(lane::live_reader);
  for (std::size_t r = 0; r < 3; ++r)
    l.core.on_receiver_up(r);
  for (std::size_t r = 0; r < 3; ++r)
    l.core.on_answer("parsed/0", r, delivery::answer{{1, 1}, {{0, r == 1 ? 4 : 10}, no_watermark}});
  l.kinds();
  l.core.work();
  CHECK(l.kinds() == kinds{"read"});
  l.core.work();
  CHECK(l.kinds() == kinds{"open"});
  SECTION("it opens") {
    l.core.on_opened(1);
    CHECK(l.kinds() == kinds{"say", "assign"});
    CHECK(l.steps() == step_list{{"read"}});
    l.give(chunk_of("0", 4, {"1", "2", "3", "4", "5", "6"}), 1);
    CHECK(l.kinds().empty());
    CHECK(l.steps() == step_list{{"frame"}, {"close"}});
  }
  SECTION("it cannot be opened: the life ends, and no other reader is") {
    l.core.on_could_not_open(broken_source);
    CHECK(l.kinds() == kinds{"failed"});
    CHECK(l.steps().empty());
    CHECK(l.core.is_over());
  }
}

TEST_CASE("a life that is over begins nothing, and says once why") {
  bare_lane l(options_of({"0"}));
  l.begin_at({0, 0, 0});
  SECTION("it has failed") {
    for (int n = 0; n < 2; ++n) {
      l.core.on_chunk({1, nullptr, broken_source, {}}, lane::live_reader);
      CHECK(l.steps() == (n == 0 ? step_list{{"failed"}} : step_list{}));
    }
  }
  SECTION("it was told to stop") {
    l.core.on_stop();
    l.give(caught_up(chunk_of("0", 0, {"1"})));
    CHECK(l.kinds().empty());
  }
  CHECK(l.core.is_over());
  l.core.on_wake_up();
  l.core.on_set_paused(true);
  l.core.on_receiver_down(0);
  CHECK_FALSE(l.core.has_work());
}

TEST_CASE("a newer life of the lane ends this one after it has said so") {
  bare_lane l(options_of({"0"}));
  l.begin_at({0, 0, 0});
  l.core.on_answer("parsed/0", 1, std::nullopt);
  CHECK(l.kinds() == kinds{"say", "fenced"});
  CHECK_FALSE(l.core.has_work());
}
