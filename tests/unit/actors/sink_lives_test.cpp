// Tests which life of a shard a sink listens to, and which life it says that it is, turn by turn under CAF's
// testing scheduler.
#include "actors/stream/sink/sink_actor.hpp"
#include "tests/support/fake_target.hpp"
#include "tests/support/turn_by_turn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

using namespace millrace;

namespace {

const log_id counts_log = "counts/0/0";

/// A life of a shard, which notes what it is asked.
caf::behavior shard(caf::event_based_actor*, std::vector<messages::resume_output>* asked) {
  return {[=](const messages::resume_output& m) { asked->push_back(m); },
          [](const messages::output_taken&) {}, [](const messages::output_acknowledged&) {}};
}

/// A downstream sink one shard, the lives of that, and the supervisor.
class scene : test::turned_system {
public:
  explicit scene(bool target_is_away = false, bool has_committed = false) : is_away(target_is_away) {
    sink::sink_options o;
    o.has_committed = has_committed;
    o.name = "rows";
    auto& window = o.windows.emplace_back();
    window.stage = 1;
    window.logs = {counts_log};
    o.make_writer = [this]() -> expected<std::unique_ptr<sink::writer>> {
      if (is_away)
        return unexpected(test::gone);
      return target.writer();
    };
    supervisor_ = system_.spawn(
        [this](caf::event_based_actor*, std::uint64_t) -> caf::behavior {
          return {[this](const messages::report_part& m) { lives_said.push_back(m.life); },
                  [this](const messages::stopped& m) { lives_said.push_back(m.life); },
                  [this](const messages::fenced& m) { fenced.push_back(m.life); }};
        },
        0);
    sink = caf::actor_cast<caf::actor>(
        sink::spawn_sink(system_, std::move(o), 5, caf::actor_cast<messages::supervisor>(supervisor_)));
    for (auto& asked : of_lives)
      shards_.push_back(system_.spawn(shard, &asked));
    for (std::size_t n = 0; n < 2; ++n)
      dead.push_back(system_.spawn(
          [this](caf::event_based_actor*, std::size_t number) -> caf::behavior {
            return {[this, number](const messages::ask_position&) { letters_asked.push_back(number); }};
          },
          n));
    run();
  }
  ~scene() { kill_all({supervisor_, sink, shards_[0], shards_[1], dead[0], dead[1]}); }

  void run() {
    turns_.run();
    turns_.advance_time(std::chrono::seconds(3));
    turns_.run();
  }
  /// The shard's life `n` lives, or its predecessor does.
  void introduce(std::size_t n) { introduce(n, n); }
  /// The handle that the `n`th life has is that of `now`.
  void introduce(std::size_t n, const life& now, std::uint64_t stand_in = 0) {
    caf::anon_send(sink,
                   messages::sender_up{counts_log, caf::actor_cast<messages::output_sender>(shards_[n - 1]),
                                       now, stand_in});
    run();
  }
  void resumes(incarnation of, position from) {
    caf::anon_send(sink, messages::output_resumed{counts_log, of, from});
    run();
  }
  void sends(incarnation of, position since, position reached) {
    auto f = std::make_shared<delivery::output_frame>();
    f->log = counts_log;
    f->since = since;
    f->reached = reached;
    caf::anon_send(sink, messages::output{std::move(f), of});
    run();
  }
  [[nodiscard]] std::optional<position> committed() const {
    if (!target.stored || !target.stored->positions.contains(counts_log))
      return std::nullopt;
    return target.stored->positions.at(counts_log).at;
  }
  [[nodiscard]] std::vector<std::uint64_t> claims() const {
    std::vector<std::uint64_t> out;
    for (const auto& c : target.claims)
      out.push_back(c.life);
    return out;
  }

  test::fake_target target;
  bool is_away = false;
  std::vector<messages::resume_output> of_lives[2];
  std::vector<life> lives_said;
  std::vector<life> fenced;
  std::vector<std::size_t> letters_asked;  // dead letters that were asked where they stand
  caf::actor sink;
  std::vector<caf::actor> dead;

private:
  caf::actor supervisor_;
  std::vector<caf::actor> shards_;
};

}  // namespace

TEST_CASE("a sink that is asked before it has reached its target reports once it knows its counts") {
  scene s(true, true);
  caf::anon_send(s.sink, messages::collect_report{});
  s.run();
  CHECK(s.lives_said.empty());
  s.is_away = false;
  s.run();
  CHECK(s.lives_said.size() == 1);
}

TEST_CASE("a sink that has never committed reports at once, whether it has reached its target or not") {
  scene s(true);
  caf::anon_send(s.sink, messages::collect_report{});
  s.run();
  CHECK(s.lives_said.size() == 1);
  s.is_away = false;
  s.run();
  CHECK(s.lives_said.size() == 1);
}

TEST_CASE("a sink that is stopped reports, though it has not reached its target") {
  scene s(true, GENERATE(false, true));
  caf::anon_send(s.sink, messages::stop{});
  s.run();
  CHECK(s.lives_said.size() == 2);  // its report, and that it has stopped
}

TEST_CASE("what an earlier life of a shard still had under way to a sink is dropped") {
  scene s;
  s.introduce(1);
  REQUIRE(s.of_lives[0].size() == 1);
  s.introduce(2);
  REQUIRE(s.of_lives[1].size() == 1);
  // The earlier life knew a later mark for a sink that is new to it: it is gone, and so is what it said.
  s.resumes(1, {50, whole});
  s.sends(1, {50, whole}, {60, whole});
  s.resumes(2, {20, whole});
  s.sends(2, {20, whole}, {30, whole});
  CHECK(s.committed() == position{30, whole});
}

TEST_CASE("news of an earlier life of a shard that comes late is dropped") {
  scene s;
  s.introduce(2);
  s.introduce(1);
  CHECK(s.of_lives[0].empty());
  s.resumes(2, lowest_position);
  s.sends(2, lowest_position, {30, whole});
  CHECK(s.committed() == position{30, whole});
}

TEST_CASE("a life of a shard is asked again in a new session of its link, from where the target stands") {
  scene s;
  s.introduce(1, 1, 1);
  s.resumes(1, lowest_position);
  s.sends(1, lowest_position, {30, whole});
  REQUIRE(s.committed() == position{30, whole});
  s.introduce(1, 1, 1);
  s.introduce(2, 1, 1);  // the number tells, not the handle
  CHECK(s.of_lives[0].size() == 1);
  CHECK(s.of_lives[1].empty());
  s.introduce(2, 1, 2);
  REQUIRE(s.of_lives[1].size() == 1);
  CHECK(s.of_lives[1].back().at == position{30, whole});
  CHECK(s.of_lives[1].back().life == s.of_lives[0].back().life);
  s.resumes(1, {30, whole});
  s.sends(1, {20, whole}, {40, whole});
  CHECK(s.committed() == position{40, whole});
}

TEST_CASE("a sink keeps the dead letters' newer life when news comes late that an older one is over") {
  scene s;
  const auto letters = [&](std::size_t n) { return caf::actor_cast<messages::frame_receiver>(s.dead[n]); };
  caf::anon_send(s.sink, messages::receiver_up{0, letters(0), 1});
  caf::anon_send(s.sink, messages::receiver_up{0, letters(1), 2});
  caf::anon_send(s.sink, messages::receiver_down{0, 1});
  s.run();
  CHECK(s.letters_asked == std::vector<std::size_t>{0, 1});
  caf::anon_send(s.sink, messages::ask_again{"any", 0});
  s.run();
  CHECK(s.letters_asked == std::vector<std::size_t>{0, 1, 1});
  caf::anon_send(s.sink, messages::receiver_down{0, 2});
  caf::anon_send(s.sink, messages::ask_again{"any", 0});
  caf::anon_send(s.sink, messages::receiver_up{0, letters(0), 2});
  s.run();
  CHECK(s.letters_asked == std::vector<std::size_t>{0, 1, 1, 0});
}

TEST_CASE("a sink whose target a newer life holds reports, says so once, and is gone") {
  scene s;
  s.introduce(1);
  s.resumes(1, lowest_position);
  s.sends(1, lowest_position, {30, whole});
  REQUIRE(s.committed() == position{30, whole});
  s.target.fails["commit"] = test::taken_over;
  s.sends(1, {30, whole}, {40, whole});
  CHECK(s.fenced == std::vector<life>{{5, 1}});
  CHECK(s.lives_said == std::vector<life>{{5, 1}});  // its report
  CHECK(s.claims().size() == 1);                     // it does not claim the target again
  caf::anon_send(s.sink, messages::stop{});
  s.run();
  CHECK(s.lives_said.size() == 1);
}

TEST_CASE("each opening of its target raises the count of a sink's life, which all that it says carries") {
  scene s;
  s.introduce(1);
  s.resumes(1, lowest_position);
  CHECK(s.claims() == std::vector<std::uint64_t>{number_of({5, 1})});
  CHECK(s.of_lives[0].back().life == life{5, 1});
  s.target.fails["commit"] = test::gone;
  s.sends(1, lowest_position, {30, whole});
  CHECK(s.claims() == std::vector<std::uint64_t>{number_of({5, 1}), number_of({5, 2})});
  REQUIRE(s.of_lives[0].size() == 2);
  CHECK(s.of_lives[0].back().life == life{5, 2});
  caf::anon_send(s.sink, messages::collect_report{});
  caf::anon_send(s.sink, messages::stop{});
  s.run();
  CHECK(s.lives_said == std::vector<life>{{5, 2}, {5, 2}, {5, 2}});
}
