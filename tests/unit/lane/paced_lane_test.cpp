// A lane under `rate`, with its real source actor, minute by minute under CAF's testing scheduler.
#include "actors/stream/lane/lane_actor.hpp"
#include "tests/support/chunk_of.hpp"
#include "tests/support/fake_reader.hpp"
#include "tests/support/turn_by_turn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

using namespace millrace;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t records_a_chunk = 5'000;

/// A log without an end.
class endless final : public test::fake_reader {
  std::optional<source::chunk> give() override {
    auto c = test::chunk_of("0", at_, std::vector<std::string>(records_a_chunk, "x"));
    at_ = c.to.minor;
    return c;
  }
};

class rows_without_columns final : public parser::record_parser {
public:
  parser::parsed parse(const source::chunk& c) override {
    parser::parsed p;
    p.rows = {std::make_shared<const data::schema>(), {}, c.records()};
    for (std::uint32_t i = 0; i < c.records(); ++i)
      p.records.push_back(i);
    return p;
  }
};

struct taken {
  std::int64_t records = 0;
  std::int64_t frames = 0;
  std::int64_t largest = 0;  // frame
  std::optional<messages::take_frame> last;
};

/// Takes frames and says so at once, which gives the lane a turn, as any receiver does.
caf::behavior receiver(caf::event_based_actor* self, taken* t) {
  return {[=](const messages::ask_position& m) {
            self->send(m.from, messages::position_answered{m.log, m.receiver,
                                                           delivery::answer{{1, 1}, {{0, 0}, no_watermark}}});
          },
          [=](const messages::take_frame& m) {
            const auto n = m.frame->to.minor - m.frame->from.minor;
            t->records += n;
            ++t->frames;
            t->largest = std::max(t->largest, n);
            t->last = m;
            self->send(m.from, messages::credit_returned{m.frame->log, m.receiver, m.frame->stamp, 0});
          }};
}

lane::lane_options paced(double rate) {
  auto topology = std::make_shared<config::topology>();
  topology->stages.resize(2);
  topology->stages[0].name = "clicks";
  topology->stages[1].name = "parsed";
  topology->stages[1].plan = config::parser_plan();
  auto plan = std::make_shared<lane::lane_plan>();
  plan->source = topology->stages.data();
  plan->parser = &topology->stages[1];
  plan->edges.push_back({lane::edge::kind::dead_letters, 0, "dead_letters", 0, 1});
  plan->receivers = 1;
  plan->topology = std::move(topology);
  lane::lane_options o;
  o.name = "parsed/lane0";
  o.plan = std::move(plan);
  o.partitions = {"0"};
  o.rate = rate;
  o.make_reader = []() -> expected<std::unique_ptr<source::reader>> { return std::make_unique<endless>(); };
  o.make_parser = []() -> expected<std::unique_ptr<parser::record_parser>> {
    return std::make_unique<rows_without_columns>();
  };
  return o;
}

class running_lane : test::turned_system {
public:
  explicit running_lane(double rate)
      : receiver_(system_.spawn(receiver, &taken_)),
        lane_(caf::actor_cast<caf::actor>(
            lane::spawn_lane(system_, paced(rate), 1, delivery::lane_log::start::at_lowest, {}, {}))) {
    caf::anon_send(lane_, messages::receiver_up{0, caf::actor_cast<messages::frame_receiver>(receiver_), 1});
    turns_.run();
  }
  ~running_lane() { kill_all({lane_, receiver_}); }

  void pass(std::chrono::microseconds d) {
    turns_.advance_time(d);
    turns_.run();
  }
  /// Gives the lane a turn for another reason than time, as acknowledgements and other partitions do.
  void nudge() {
    const auto& m = taken_.last;
    if (m)
      caf::anon_send(lane_, messages::credit_returned{m->frame->log, m->receiver, m->frame->stamp, 0});
    turns_.run();
  }
  [[nodiscard]] std::size_t timers() const { return turns_.clock().schedule().size(); }
  [[nodiscard]] const taken& got() const { return taken_; }

private:
  taken taken_;
  caf::actor receiver_;
  caf::actor lane_;
};

}  // namespace

TEST_CASE("a paced lane has no more timers under way after minutes than after a second") {
  const double rate = GENERATE(1.0, 100.0, 10'000.0);
  running_lane l(rate);
  std::size_t most = 0;
  for (auto t = 0us; t < 3min; t += 777us) {
    l.pass(777us);
    l.nudge();
    most = std::max(most, l.timers());
  }
  CHECK(most <= 2);
  CHECK(std::abs(static_cast<double>(l.got().records) - rate * 180) <= 1 + rate / 100);
}

TEST_CASE("under a slow rate each record comes when its time has come") {
  running_lane l(1);
  CHECK(l.got().records == 1);
  for (std::int64_t second = 1; second < 120; ++second) {
    l.pass(999ms);
    CHECK(l.got().records == second);
    l.pass(1ms);
    CHECK(l.got().records == second + 1);
  }
}

TEST_CASE("under a fast rate a frame holds fifty milliseconds' worth") {
  running_lane l(10'000);
  for (auto t = 0us; t < 10s; t += 100us)
    l.pass(100us);
  CHECK(l.got().records >= 99'500);
  CHECK(l.got().records <= 100'001);
  CHECK(l.got().frames <= 230);
  CHECK(l.got().largest <= 550);
}
