#include "runtime/delivery/intake.hpp"
#include "tests/unit/delivery/frames.hpp"

#include <catch2/catch.hpp>

namespace millrace::delivery {

using test::at;
using test::frame;
using outcome = intake::outcome;

TEST_CASE("the answer is the fence: frames of earlier answers are stale") {
  intake in(3);
  in.add_log("a", {at(5), 50});
  const auto first = in.ask("a", 1);
  REQUIRE(first);
  CHECK(first->have == mark{at(5), 50});
  CHECK(first->stamp.life == 3);
  const auto second = in.ask("a", 1);
  CHECK(second->stamp > first->stamp);
  CHECK(in.offer(frame("a", first->stamp, 5, 6)) == outcome::stale);
  CHECK(in.offer(frame("a", second->stamp, 5, 6, 60)) == outcome::taken);
  CHECK(in.vector().at("a") == mark{at(6), 60});
}

TEST_CASE("an older lane and an unknown log get no answer") {
  intake in(1);
  in.add_log("a", {});
  const auto newer = in.ask("a", 7);
  CHECK_FALSE(in.ask("a", 6));
  CHECK_FALSE(in.ask("b", 9));
  CHECK(in.offer(frame("a", newer->stamp, 0, 1)) == outcome::taken);
  CHECK(in.offer(frame("b", {1, 1}, 0, 1)) == outcome::stale);
  CHECK(in.offer(frame("a", {}, 1, 2)) == outcome::stale);
}

TEST_CASE("frames beyond the vector are held until their turn, other logs pass them") {
  intake in(1);
  in.add_log("a", {});
  in.add_log("b", {});
  const auto a = in.ask("a", 1)->stamp;
  const auto b = in.ask("b", 1)->stamp;
  CHECK(in.offer(frame("a", a, 9, 12, 12)) == outcome::held);
  CHECK(in.offer(frame("a", a, 5, 9, 9)) == outcome::held);
  CHECK(in.offer(frame("b", b, 0, 3, 3)) == outcome::taken);
  CHECK_FALSE(in.next());
  CHECK(in.offer(frame("a", a, 0, 5, 5)) == outcome::taken);
  CHECK(in.next()->from == at(5));
  CHECK(in.next()->from == at(9));
  CHECK_FALSE(in.next());
  CHECK(in.held() == 0);
  CHECK(in.offer(frame("a", a, 5, 13)) == outcome::broken);
}

TEST_CASE("a new answer drops what was held under the old one") {
  intake in(1);
  in.add_log("a", {});
  const auto old = in.ask("a", 1)->stamp;
  CHECK(in.offer(frame("a", old, 4, 5)) == outcome::held);
  const auto now = in.ask("a", 2)->stamp;
  CHECK(in.held() == 0);
  CHECK(in.offer(frame("a", now, 0, 4)) == outcome::taken);
  CHECK_FALSE(in.next());
}

TEST_CASE("idle logs do not hold the watermark back, and the end is not reached while there are any") {
  intake in(1);
  in.add_log("a", {});
  in.add_log("b", {});
  const auto a = in.ask("a", 1)->stamp;
  const auto b = in.ask("b", 1)->stamp;
  CHECK(in.watermark() == no_watermark);
  CHECK(in.offer(frame("a", a, 0, 1, 70)) == outcome::taken);
  CHECK(in.watermark() == no_watermark);
  CHECK(in.offer(test::idle("b", b, 0, no_watermark)) == outcome::taken);
  CHECK(in.watermark() == 70);
  CHECK(in.watermark_of_all() == no_watermark);
  CHECK(in.offer(frame("a", a, 1, 2, end_of_time)) == outcome::taken);
  CHECK(in.watermark() == 70);  // the last that somebody had come to
  CHECK_FALSE(in.ended());
  CHECK(in.offer(frame("b", b, 0, 1, end_of_time)) == outcome::taken);
  CHECK(in.watermark() == end_of_time);
  CHECK(in.ended());
}

TEST_CASE("where all logs are idle the watermark is the greatest, whoever falls silent last") {
  for (const std::string last : {"a", "b"}) {
    intake in(1);
    std::map<std::string, fence> stamps;
    for (const std::string log : {"a", "b", "empty"}) {
      in.add_log(log, {});
      stamps[log] = in.ask(log, 1)->stamp;
    }
    CHECK(in.offer(frame("a", stamps["a"], 0, 1, 70)) == outcome::taken);
    CHECK(in.offer(frame("b", stamps["b"], 0, 1, 40)) == outcome::taken);
    CHECK(in.offer(test::idle("empty", stamps["empty"], 0, no_watermark)) == outcome::taken);
    CHECK(in.watermark() == 40);
    const std::string first = last == "a" ? "b" : "a";
    CHECK(in.offer(test::idle(first, stamps[first], 1, first == "a" ? 70 : 40)) == outcome::taken);
    CHECK(in.offer(test::idle(last, stamps[last], 1, last == "a" ? 70 : 40)) == outcome::taken);
    CHECK(in.watermark() == 70);
    CHECK(in.watermark_of_all() == no_watermark);
    CHECK(in.offer(frame("b", stamps["b"], 1, 2, 50)) == outcome::taken);
    CHECK(in.watermark() == 50);  // it goes on, so it counts
    // Another life knows how far an ended log had come, and waits for all others until they are idle again.
    CHECK(in.offer(frame("a", stamps["a"], 1, 2, end_of_time)) == outcome::taken);
    intake again(2);
    again.restore(in.vector(), in.floors(), in.greatest());
    CHECK(again.watermark() == no_watermark);
    for (const std::string log : {"b", "empty"})
      CHECK(again.offer(test::idle(log, again.ask(log, 1)->stamp, log == "b" ? 2 : 0, no_watermark)) ==
            outcome::taken);
    CHECK(again.watermark() == 70);
  }
}

TEST_CASE("an idle mark does not outlive the fence under which it came") {
  intake in(1);
  in.add_log("a", {});
  const auto a = in.ask("a", 1)->stamp;
  CHECK(in.offer(test::idle("a", a, 0, 5)) == outcome::taken);
  CHECK(in.any_idle());
  CHECK(in.ask("a", 1).has_value());
  CHECK_FALSE(in.any_idle());
}

TEST_CASE("a log that joins holds the watermark at its floor, not below, until it is above it") {
  intake in(1);
  in.add_log("a", {});
  const auto a = in.ask("a", 1)->stamp;
  CHECK(in.offer(frame("a", a, 0, 1, 90)) == outcome::taken);
  in.join("b", {at(5), no_watermark}, 70);
  CHECK(in.watermark() == 70);
  CHECK(in.watermark_of_all() == 70);
  CHECK(in.floor("a") == no_watermark);
  CHECK(in.floor("b") == 70);
  const auto b = in.ask("b", 1);
  CHECK(b->have == mark{at(5), no_watermark});  // its lane decides lateness by its own watermark
  CHECK(in.offer(frame("b", b->stamp, 5, 6, 60)) == outcome::taken);
  CHECK(in.watermark() == 70);
  CHECK(in.offer(frame("b", b->stamp, 6, 7, 80)) == outcome::taken);
  CHECK(in.watermark() == 80);
  in.join("a", {}, 85);  // there already: nothing changes
  CHECK(in.watermark() == 80);
  CHECK(in.vector().at("a") == mark{at(1), 90});
  in.restore({{"a", {at(1), 90}}, {"b", {at(5), no_watermark}}}, {{"b", 70}});
  CHECK(in.watermark() == 70);
}

}  // namespace millrace::delivery
