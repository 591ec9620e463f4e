// A sink's actor over a target of the test's own, turn by turn under CAF's testing scheduler. One actor stands for its lane,
// for the keeper of the state folder and for the supervisor.
#pragma once

#include "actors/stream/sink/sink_actor.hpp"
#include "tests/support/fake_target.hpp"
#include "tests/support/turn_by_turn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

namespace millrace::test {

class spawned_sink : turned_system {
public:
  explicit spawned_sink(bool has_committed = true,
                        std::function<std::optional<error>(const std::string&)> on_call = {}) {
    target.on_call = std::move(on_call);
    others_ = system_.spawn(
        [](caf::event_based_actor*, spawned_sink* s) -> caf::behavior {
          return {[=](const messages::keep_value& m) { s->to_keep.push_back(m); },
                  [=](const messages::position_answered& m) { s->answer = m.answer; },
                  [=](const messages::stopped&) { s->stopped = true; },
                  [=](const messages::ask_again&) { s->asked_again = true; },
                  [](const messages::report_part&) {},
                  [](const messages::credit_returned&) {},
                  [](const messages::acknowledged&) {},
                  [](const messages::completed&) {}};
        },
        this);
    sink::sink_options o;
    o.name = "rows";
    o.topology = std::make_shared<const config::topology>();
    o.make_writer = [this]() -> expected<std::unique_ptr<sink::writer>> { return target.writer(); };
    o.has_committed = has_committed;
    o.keeper = caf::actor_cast<messages::state_keeper>(others_);
    o.lane_logs["clicks/0"] = {};
    gauges = o.gauges;
    sink_ = caf::actor_cast<caf::actor>(
        sink::spawn_sink(system_, std::move(o), 1, caf::actor_cast<messages::supervisor>(others_)));
    turns_.run();
  }
  ~spawned_sink() { kill_all({sink_, others_}); }

  template<class M>
  void say(M m) {
    caf::send_as(others_, sink_, std::move(m));
    turns_.run();
  }
  void pass(std::chrono::seconds time) {
    turns_.run();
    turns_.advance_time(time);
    turns_.run();
  }
  /// The lane's next life asks where the sink stands, which it answers.
  void ask() {
    say(messages::ask_position{"clicks/0", ++lane_life_, 0, lane()});
    REQUIRE(answer);
  }
  /// The lane sends what goes up to `to`: a row, or progress alone.
  void send(std::int64_t to, bool row) {
    delivery::lane_frame f;
    f.log = "clicks/0";
    f.stamp = answer->stamp;
    f.from = answer->have.at;
    f.to = {f.from.major, to};
    if (row)
      f.content = std::make_shared<const delivery::row_batches>(delivery::row_batches{{nullptr, {}, 1}});
    say(messages::take_frame{std::make_shared<const delivery::lane_frame>(std::move(f)), 0, lane()});
  }

  fake_target target;
  std::shared_ptr<sink::sink_gauges> gauges;
  std::vector<messages::keep_value> to_keep;
  std::optional<delivery::answer> answer;
  bool asked_again = false;
  bool stopped = false;

private:
  [[nodiscard]] messages::frame_sender lane() const {
    return caf::actor_cast<messages::frame_sender>(others_);
  }

  caf::actor others_;
  caf::actor sink_;
  incarnation lane_life_ = 0;
};

}  // namespace millrace::test
