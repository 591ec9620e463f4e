// Tests how long a node may be silent: by default, and as its options say.
#include "runtime/cluster/candidate.hpp"
#include "runtime/cluster/joining.hpp"
#include "runtime/cluster/lived_time.hpp"
#include "runtime/cluster/node_watch.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace millrace::cluster::silence_trial {
namespace {

constexpr micros ms(int n) { return std::chrono::milliseconds(n); }
constexpr silence patient{ms(10'000), ms(20'000)};

node_watch watch_of(const silence& limits) {
  node_watch w(limits);
  w.arrived("b", {.instance = 1, .session = 7, .heard = ms(0)});
  w.await("c", ms(0));
  return w;
}

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("a silent node is detached after half a second, and away after two") {
  auto w = watch_of({});
  CHECK(w.look(ms(499)).detached.empty());
  CHECK(w.look(ms(500)).detached == names{"b"});
  CHECK(w.look(ms(1'999)).away.empty());
  CHECK_FALSE(w.is_settled());
  CHECK(w.look(ms(2'000)).away == names{"b"});
  CHECK(w.is_settled());
}

TEST_CASE("who was silent before it was waited for is away two seconds after it was heard last") {
  auto w = watch_of({});
  w.silent_since("c", ms(-1'500));
  w.silent_since("b", ms(-9'000));  // it has registered since
  CHECK(w.look(ms(499)).away.empty());
  CHECK_FALSE(w.is_settled());
  CHECK(w.look(ms(500)).away.empty());
  CHECK(w.is_settled());
}

TEST_CASE("a patient cluster takes as long as its options say") {
  auto w = watch_of(patient);
  CHECK(w.look(ms(9'999)).detached.empty());
  CHECK(w.look(ms(10'000)).detached == names{"b"});
  CHECK(w.look(ms(19'999)).away.empty());
  CHECK_FALSE(w.is_settled());
  CHECK(w.look(ms(20'000)).away == names{"b"});
  CHECK(w.is_settled());
}

TEST_CASE("a patient candidate stands soon at first, and then after its options' silence") {
  candidate c(patient, {ms(0), 0}, ms(15'000));
  SECTION("nobody has been heard") {
    CHECK_FALSE(c.tick({ms(3'999), 0}));
    CHECK(c.tick({ms(4'000), 0}));
  }
  SECTION("a coordinator falls silent") {
    c.on_word({5, 1}, {ms(1'000), 0}, ms(300));
    CHECK_FALSE(c.tick({ms(21'299), 0}));
    CHECK(c.tick({ms(21'300), 0}));
  }
  SECTION("another node hears the coordinator, for ten times as long") {
    c.on_word({5, 1}, {ms(0), 0}, ms(300));
    for (int at = 1'000; at < 200'000; at += 5'000) {
      c.on_heard({5, 1}, {ms(at), 0}, ms(300));
      REQUIRE_FALSE(c.tick({ms(at + 4'000), 0}));
    }
    CHECK_FALSE(c.tick({ms(200'299), 0}));
    CHECK(c.tick({ms(200'300), 0}));
  }
}

TEST_CASE("a process that stood still has not lived through a silence") {
  lived_time lived;
  candidate c({}, lived.at({ms(0), 0}), ms(0));
  node_watch w({});
  w.arrived("b", {.instance = 1, .session = 7, .heard = lived.at({ms(0), 0}).running});
  c.on_word({5, 1}, lived.at({ms(100), 0}), ms(0));
  const auto awake = lived.at({ms(60'000), 9});
  CHECK(awake.wall == 9);
  CHECK_FALSE(c.tick(awake));
  CHECK(w.look(awake.running).away.empty());
  SECTION("a word that was on its way puts it off") {
    c.on_word({5, 1}, lived.at({ms(60'001), 0}), ms(0));
    for (int at = 60'100; at <= 61'900; at += 100)
      REQUIRE_FALSE(c.tick(lived.at({ms(at), 0})));
  }
  SECTION("a coordinator that stays silent is followed") {
    int at = 60'000;
    while (!c.tick(lived.at({ms(at), 0})))
      at += 100;
    CHECK(at == 61'800);
  }
  SECTION("a process that is always late gets on as well") {
    int at = 60'000;
    while (!c.tick(lived.at({ms(at), 0})))
      at += 1'000;
    CHECK(at == 67'000);
  }
}

TEST_CASE("a name is refused to a second process a second after its first would have been away") {
  name_claims claims(patient);
  present_node other{.instance = 1, .session = 7, .heard = ms(0)};
  const process_id second{"b", 2};
  CHECK(claims.judge(second, &other, {ms(0), 0}) == name_claims::judged::waiting);
  other.heard = ms(20'900);
  CHECK(claims.judge(second, &other, {ms(20'999), 0}) == name_claims::judged::waiting);
  CHECK(claims.judge(second, &other, {ms(21'000), 0}) == name_claims::judged::refused);
  CHECK(claims.judge(second, &other, {ms(31'000), 0}) == name_claims::judged::admitted);
}

}  // namespace millrace::cluster::silence_trial
