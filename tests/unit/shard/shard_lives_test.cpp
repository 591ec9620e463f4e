// Tests which life of an upstream shard a shard listens to, and under which handle, turn by turn under CAF's
// testing scheduler.
#include "actors/stream/shard/shard_actor.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/delivery/window_output.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <vector>

using namespace millrace;

namespace {

const log_id upstream_log = "w/0/0";

caf::behavior asked_shard(caf::event_based_actor*, std::vector<messages::resume_output>* asked) {
  return {[=](const messages::resume_output& m) { asked->push_back(m); },
          [](const messages::furthest_known&) {}, [](const messages::output_taken&) {},
          [](const messages::output_acknowledged&) {}};
}

/// One shard downstream of another one's log, which has two handles.
class series_scene : test::turned_system {
public:
  series_scene() {
    delivery::shard_core::setup s;
    s.log = "b/0/0";
    s.life = 1;
    s.upstream = {upstream_log};
    auto made = std::make_unique<delivery::test::noting_windows>();
    windows_ = made.get();
    core_ = std::make_shared<delivery::shard_core>(std::move(s), std::move(made));
    shard::shard_options o;
    o.name = "b/0";
    shard_ = caf::actor_cast<caf::actor>(shard::spawn_shard(system_, std::move(o), core_, 1, {}));
    for (auto& asked : of_handles)
      handles_.push_back(system_.spawn(asked_shard, &asked));
    turns_.run();
  }
  ~series_scene() { kill_all({shard_, handles_[0], handles_[1]}); }

  void introduce(std::size_t handle, const life& now, std::uint64_t stand_in = 0) {
    caf::anon_send(shard_, messages::sender_up{upstream_log,
                                               caf::actor_cast<messages::output_sender>(handles_[handle]),
                                               now, stand_in});
    turns_.run();
  }
  void sends(const life& of, delivery::output_frame f) {
    caf::anon_send(shard_,
                   messages::output{std::make_shared<const delivery::output_frame>(std::move(f)), of});
    turns_.run();
  }
  [[nodiscard]] position stands() const { return core_->in().vector().at(upstream_log).at; }
  [[nodiscard]] const std::vector<position>& rows() const { return windows_->rows; }

  std::vector<messages::resume_output> of_handles[2];

private:
  delivery::test::noting_windows* windows_ = nullptr;
  std::shared_ptr<delivery::shard_core> core_;
  caf::actor shard_;
  std::vector<caf::actor> handles_;
};

using delivery::test::part;

}  // namespace

TEST_CASE(
    "an upstream shard's life is asked again in a new session of its link, from where this one stands") {
  series_scene s;
  s.introduce(0, 3, 1);
  REQUIRE(s.of_handles[0].size() == 1);
  CHECK(s.of_handles[0].back().at == lowest_position);
  s.sends(3, part(upstream_log, lowest_position, 60, 0, 3, false));
  REQUIRE(s.stands() == position{60, 2});
  // The next frames were under way in a session that is over.
  s.introduce(1, 3, 2);
  REQUIRE(s.of_handles[1].size() == 1);
  CHECK(s.of_handles[1].back().at == position{60, 2});
  CHECK(s.of_handles[1].back().life == life(1));
  s.sends(3, part(upstream_log, {60, 1}, 60, 2, 6, false));
  CHECK(s.stands() == position{60, 5});
  CHECK(s.rows() == std::vector<position>{{60, 0}, {60, 1}, {60, 2}, {60, 3}, {60, 4}, {60, 5}});
}

TEST_CASE("a sender that is introduced once more as it is known is not asked again, nor is an earlier life") {
  series_scene s;
  const std::uint64_t stand_in = GENERATE(0, 1);
  s.introduce(0, 3, stand_in);
  s.introduce(0, 3, stand_in);
  s.introduce(1, 3, stand_in);  // the number tells, not the handle
  s.introduce(1, 2, 9);
  CHECK(s.of_handles[0].size() == 1);
  CHECK(s.of_handles[1].empty());
  s.introduce(1, 4);
  CHECK(s.of_handles[1].size() == 1);
  s.sends(3, part(upstream_log, lowest_position, 60, 0, 3, false));
  CHECK(s.stands() == lowest_position);
}
