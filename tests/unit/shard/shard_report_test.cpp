// Tests when a shard gives its report: one that has come to the end says that a capture of that end is
// durable.
#include "actors/stream/shard/shard_actor.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/delivery/window_output.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace millrace;

namespace {

const log_id log_before = "w/0/0";

struct said_to_supervisor {
  std::vector<messages::report_part> reports;
  int completed = 0;
  std::vector<std::size_t> stopped = {};  // the number of reports by then
};
caf::behavior report_reader(caf::event_based_actor*, said_to_supervisor* all) {
  return {[=](const messages::report_part& m) { all->reports.push_back(m); },
          [=](const messages::completed&) { ++all->completed; },
          [=](const messages::stopped&) { all->stopped.push_back(all->reports.size()); },
          [](const messages::stage_failed&) {}};
}

/// Has what it was given to write until the test lets it be durable, or fail.
struct captures_held {
  caf::actor from;
  std::vector<std::shared_ptr<const std::string>> bytes;
};
caf::behavior capture_holder(caf::event_based_actor* self, captures_held* all) {
  return {[=](const messages::write_capture& m) {
    all->from = caf::actor_cast<caf::actor>(self->current_sender());
    all->bytes.push_back(m.bytes);
  }};
}

delivery::shard_core::setup setup_of_reporting() {
  delivery::shard_core::setup s;
  s.log = "b/0/0";
  s.life = 1;
  s.upstream = {log_before};
  return s;
}

class reporting_scene : test::turned_system {
public:
  reporting_scene() {
    auto core = std::make_shared<delivery::shard_core>(setup_of_reporting(),
                                                       std::make_unique<delivery::test::noting_windows>());
    shard::shard_options o;
    o.name = "b/0/0";
    writer_ = system_.spawn(capture_holder, &writes);
    o.snapshot_writer = caf::actor_cast<messages::snapshot_writer>(writer_);
    supervisor_ = system_.spawn(report_reader, &all);
    shard_ = caf::actor_cast<caf::actor>(shard::spawn_shard(
        system_, std::move(o), core, 1, caf::actor_cast<messages::supervisor>(supervisor_)));
    // CAF 0.17 needs an argument: of none it makes a null pointer that it dereferences.
    const auto takes_all = [](int) -> caf::behavior {
      return {[](const messages::resume_output&) {}, [](const messages::furthest_known&) {},
              [](const messages::output_taken&) {}, [](const messages::output_acknowledged&) {}};
    };
    upstream_ = system_.spawn(takes_all, 0);
    say(messages::sender_up{log_before, caf::actor_cast<messages::output_sender>(upstream_), 3});
  }
  ~reporting_scene() { kill_all({shard_, upstream_, writer_, supervisor_}); }

  template<class Message>
  void say(Message m) {
    caf::anon_send(shard_, std::move(m));
    turns_.run();
  }
  void give(delivery::output_frame f) {
    say(messages::output{std::make_shared<const delivery::output_frame>(std::move(f)), 3});
  }
  void end() { give(delivery::test::progress(log_before, lowest_position, end_of_time)); }
  void written(std::optional<error> failure = {}) {
    caf::anon_send(writes.from, messages::capture_written{false, std::move(failure)});
    turns_.run();
  }
  /// Returns whether the newest capture says that the shard is at the end.
  [[nodiscard]] bool is_end_written() const {
    delivery::shard_core next(setup_of_reporting(), std::make_unique<delivery::test::noting_windows>());
    std::vector<std::string> captures;
    for (const auto& b : writes.bytes)
      captures.push_back(*b);
    return next.restore(captures) && next.ended();
  }

  said_to_supervisor all;
  captures_held writes;

private:
  caf::actor shard_, upstream_, writer_, supervisor_;
};

}  // namespace

TEST_CASE("a shard that has not come to the end reports at once, whatever is not durable yet") {
  reporting_scene s;
  s.give(delivery::test::part(log_before, lowest_position, 60, 0, 3, false));
  s.say(messages::collect_report{});
  CHECK(s.all.reports.size() == 1);
  CHECK(s.writes.bytes.empty());
}

TEST_CASE("a shard that has come to the end reports once that end is durable") {
  reporting_scene s;
  s.end();
  REQUIRE(s.all.completed == 1);
  s.say(messages::collect_report{});
  CHECK(s.all.reports.empty());
  REQUIRE(s.writes.bytes.size() == 1);
  CHECK(s.is_end_written());
  s.written();
  CHECK(s.all.reports.size() == 1);
  s.say(messages::collect_report{});  // no count has changed since
  CHECK(s.all.reports.size() == 2);
  CHECK(s.writes.bytes.size() == 1);
}

TEST_CASE("where that end cannot be written the report is given without it") {
  reporting_scene s;
  s.end();
  s.say(messages::collect_report{});
  REQUIRE(s.writes.bytes.size() == 1);
  s.written(error{ec::io, fault::outside, true, "no space", {}});
  CHECK(s.all.reports.size() == 1);
  s.say(messages::collect_report{});
  CHECK(s.all.reports.size() == 2);
}

TEST_CASE("a shard that is stopped while its report waits gives the report before it stops") {
  reporting_scene s;
  s.end();
  s.say(messages::collect_report{});
  s.say(messages::stop{});
  REQUIRE_FALSE(s.writes.bytes.empty());
  CHECK(s.all.stopped.empty());
  for (auto left = s.writes.bytes.size(); left > 0; --left)
    s.written();
  CHECK(s.all.stopped == std::vector<std::size_t>{1});
}
