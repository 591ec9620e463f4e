// Tests the node's side of a topology that a director directs.
#include "runtime/control/actor_desk.hpp"
#include "tests/support/those.hpp"

#include <catch2/catch.hpp>

namespace millrace::control::desk_trial {
namespace {

using millrace::test::those;

const std::string lane = "p/lane0";

actor_desk desk() { return actor_desk("clicks", {{lane, false}, {"strict/lane0", true}}); }

std::vector<prepare_life> asked(const desk_effect_list& all) {
  std::vector<prepare_life> out;
  for (const auto& s : those<desk_effects::say>(all))
    if (const auto* const p = std::get_if<prepare_life>(&s.what))
      out.push_back(*p);
  return out;
}
std::vector<actor_news> said(const desk_effect_list& all) {
  std::vector<actor_news> out;
  for (const auto& s : those<desk_effects::say>(all))
    if (const auto* const p = std::get_if<actor_said>(&s.what))
      out.push_back(p->what);
  return out;
}

life_prepared answer(const prepare_life& p) { return {p.topology, p.actor, p.next}; }

/// The actor lives.
actor_desk with(const std::string& actor, const life& now) {
  auto d = desk();
  const auto asks = asked(d.begin(actor, 1, now));
  REQUIRE(asks.size() == 1);
  REQUIRE(those<desk_effects::spawn>(d.on_message(answer(asks.front()))).size() == 1);
  return d;
}

/// Ends the life as by a bug, on this record.
void fail(actor_desk& d, const std::string& actor, const life& now, std::int64_t at,
          bool taken_before = false) {
  d.on_attempt_failed({actor,
                       now,
                       {"p/0", {0, at}, {0, at + 1}, 1, position{0, at}, false, taken_before},
                       "it hurts",
                       {{"p/0", {0, 2}}}});
  d.end(actor, now.term);
}

actor_told receiver(const life& to, bool lives, const life& l) {
  return {"clicks", to, lives ? "b" : "", director_effects::tell_receiver{lane, 0, "w/0/0", lives, l}};
}

TEST_CASE("a life begins with what the director has prepared for it, once") {
  auto d = desk();
  const auto asks = asked(d.begin("w/0/0", 4, 7));
  REQUIRE(asks.size() == 1);
  CHECK(asks.front() == prepare_life{"clicks", "w/0/0", 7});
  CHECK(d.on_message(life_prepared{"clicks", "w/0/0", 6}).empty());
  CHECK(d.on_message(life_prepared{"clicks", "nobody", 7}).empty());
  const auto spawns = those<desk_effects::spawn>(d.on_message(answer(asks.front())));
  REQUIRE(spawns.size() == 1);
  CHECK(spawns.front().generation == 4);
  CHECK(spawns.front().with.next == life(7));
  CHECK(d.on_message(answer(asks.front())).empty());
}

TEST_CASE("an answer that comes when the life is over begins nothing") {
  auto d = desk();
  const auto asks = asked(d.begin("w/0/0", 1, 7));
  d.end("w/0/0", 7);
  CHECK(d.on_message(answer(asks.front())).empty());
  CHECK(asked(d.begin("w/0/0", 1, {8, 1})).size() == 1);
  CHECK(d.on_message(life_prepared{"clicks", "w/0/0", 8}).empty());  // the answer is for a lower count
  d.end("w/0/0", 7);                                                 // late: its predecessor's
  CHECK(those<desk_effects::spawn>(d.on_message(life_prepared{"clicks", "w/0/0", {8, 1}})).size() == 1);
}

TEST_CASE("the director hears that a life is there, again where it is another one, and that it is no more") {
  auto d = with("w/0/0", {7, 1});
  CHECK(those<desk_effects::say>(d.on_new_director()).empty());  // its life is not made yet
  CHECK(d.began("w/0/0", 7).empty());                            // an earlier one
  const auto says = [](const desk_effect_list& all, const to_director& what) {
    const auto out = those<desk_effects::say>(all);
    return out.size() == 1 && out.front().what.index() == what.index();
  };
  CHECK(says(d.began("w/0/0", {7, 1}), actor_began{}));
  CHECK(says(d.on_new_director(), actor_began{}));
  CHECK(says(d.end("w/0/0", 7), actor_over{}));
  CHECK(d.end("w/0/0", 7).empty());
  CHECK(d.on_new_director().empty());
}

TEST_CASE("orders reach the life that they are for") {
  auto d = with(lane, {7, 1});
  CHECK(d.on_message(actor_told{"clicks", 6, "", director_effects::stop{lane}}).empty());
  CHECK(d.on_message(actor_told{"clicks", 7, "", director_effects::stop{"nobody"}}).empty());
  CHECK(those<desk_effects::deliver>(d.on_message(actor_told{"clicks", 7, "", director_effects::stop{lane}}))
            .size() == 1);
  d.end(lane, 7);
  CHECK(d.on_message(actor_told{"clicks", 7, "", director_effects::stop{lane}}).empty());
}

TEST_CASE("a former life under the same term says nothing, and one that has raised its count does") {
  auto d = with("w/0/0", life(7, 2));
  CHECK(said(d.on_news(messages::stopped{"w/0/0", life(7, 1)})).empty());
  CHECK(said(d.on_news(messages::stopped{"w/0/0", life(7, 2)})).size() == 1);
  CHECK(said(d.on_news(messages::stopped{"w/0/0", life(7, 5)})).size() == 1);
}

TEST_CASE("an introduction that says the same comes once; a silent peer's comes again") {
  auto d = with(lane, 7);
  const auto delivered = [&](const actor_told& m) { return those<desk_effects::deliver>(d.on_message(m)); };
  REQUIRE(delivered(receiver(7, true, 3)).size() == 1);
  CHECK(delivered(receiver(7, true, 3)).empty());
  CHECK(delivered(receiver(7, false, 3)).size() == 1);
  CHECK(delivered(receiver(7, true, 3)).size() == 1);
  CHECK(delivered(receiver(7, true, 4)).front().node == "b");
  CHECK(delivered(receiver(7, true, 4)).empty());
  d.forget_introductions("c");
  CHECK(delivered(receiver(7, true, 4)).empty());
  d.forget_introductions("b");
  CHECK(delivered(receiver(7, true, 4)).size() == 1);
  CHECK(delivered({"clicks", 7, "", director_effects::collect{lane}}).size() == 1);
  CHECK(delivered({"clicks", 7, "", director_effects::collect{lane}}).size() == 1);
}

TEST_CASE("a new director hears what holds: lives that wait, and the last word of each kind") {
  auto d = with(lane, 7);
  CHECK(said(d.on_news(messages::stands_at{lane, 7, 10})).size() == 1);
  CHECK(said(d.on_news(messages::stands_at{lane, 7, 20})).size() == 1);
  CHECK(said(d.on_news(messages::partition_found{lane, 7, "1", {}})).size() == 1);
  CHECK(said(d.on_news(messages::stands_at{lane, 6, 30})).empty());  // its predecessor said it
  CHECK(asked(d.begin("raw", 1, 8)).size() == 1);
  const auto again = d.on_new_director();
  REQUIRE(said(again).size() == 1);
  CHECK(std::get<messages::stands_at>(said(again).front()).slowest == 20);
  CHECK(asked(again) == std::vector<prepare_life>{{"clicks", "raw", 8}});
  d.end(lane, 7);
  CHECK(said(d.on_new_director()).empty());
}

TEST_CASE("records that make a lane fail are given up before its next life, which knows how far it is") {
  auto d = desk();
  for (std::uint32_t count = 0; count < 3; ++count) {
    const life now{7, count};
    const auto asks = asked(d.begin(lane, 1, now));
    REQUIRE(asks.size() == 1);
    CHECK(asks.front().give_up.empty());
    CHECK(those<desk_effects::recovered>(d.on_message(answer(asks.front()))).empty());
    fail(d, lane, now, 5);
  }
  const auto asks = asked(d.begin(lane, 1, {7, 3}));
  REQUIRE(asks.size() == 1);
  CHECK(asks.front().give_up ==
        std::vector<delivery::verdict>{
            {"p/0", {0, 5}, "made the stage fail 3 times and was given up: it hurts"}});
  CHECK(asks.front().settled == std::map<log_id, position>{{"p/0", {0, 2}}});
  const auto effects = d.on_message(answer(asks.front()));
  const auto recovered = those<desk_effects::recovered>(effects);
  REQUIRE(recovered.size() == 1);
  CHECK(recovered.front().actor == lane);
  CHECK(recovered.front().now == life(7, 3));
  const auto spawns = those<desk_effects::spawn>(effects);
  REQUIRE(spawns.size() == 1);
  CHECK(spawns.front().failing.given_up_in_a_row() == 1);
  d.on_went_well({lane, 6, "p/0", {0, 6}});  // an older life
  d.on_went_well({lane, {7, 3}, "p/0", {0, 6}});
  d.end(lane, 7);
  const auto next = asked(d.begin(lane, 1, 8));
  CHECK(next.front().give_up.empty());
  CHECK(those<desk_effects::spawn>(d.on_message(answer(next.front()))).front().failing.given_up_in_a_row() ==
        0);
}

TEST_CASE("with on_error fail nothing is recorded, and the next life ends at the record") {
  auto d = desk();
  for (std::uint32_t count = 0; count < 3; ++count) {
    static_cast<void>(d.on_message(answer(asked(d.begin("strict/lane0", 1, {7, count})).front())));
    fail(d, "strict/lane0", {7, count}, 5);
  }
  const auto asks = asked(d.begin("strict/lane0", 1, {7, 3}));
  CHECK(asks.front().give_up.empty());
  CHECK(those<desk_effects::spawn>(d.on_message(answer(asks.front()))).front().with.verdicts.size() == 1);
}

TEST_CASE("a lane that fails on what has gone well before begins no more") {
  auto d = desk();
  for (std::uint32_t count = 0; count < 3; ++count) {
    static_cast<void>(d.on_message(answer(asked(d.begin(lane, 1, {7, count})).front())));
    fail(d, lane, {7, count}, 5, true);
  }
  const auto out = those<desk_effects::give_up>(d.begin(lane, 1, {7, 3}));
  REQUIRE(out.size() == 1);
  CHECK(out.front().actor == lane);
  CHECK(out.front().why.message.find("the record of p/0 at position 5") != std::string::npos);
}

}  // namespace
}  // namespace millrace::control::desk_trial
