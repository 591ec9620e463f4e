// Tests how a sink ends: complete, stopped, or stopped while its target fails.
#include "tests/unit/sink/driven_sink.hpp"

using namespace millrace;
using test::driven_sink;
using test::words;
using namespace std::chrono_literals;

namespace {

/// The dead-letter sink, which has none of its own.
class letters_sink : public driven_sink {
public:
  explicit letters_sink(const std::function<void(sink::sink_settings&)>& more = [](auto&) {})
      : driven_sink([&](auto& o) {
          o.lane_logs["clicks/0"] = {};
          o.takes_dead_letters = true;
          o.schema = config::dead_letter_schema();
          more(o);
        }) {
    open();
    CHECK(ask());
    (void)happened();
  }
  void send_letters(std::int64_t to, std::size_t count) {
    delivery::lane_frame f;
    delivery::dead_letters letters;
    for (std::size_t i = 0; i < count; ++i)
      letters.push_back({"parse", "clicks:0", {0, to}, "no number", "x"});
    f.content = std::make_shared<const delivery::dead_letters>(std::move(letters));
    f.counts = {{"parse", {.in = count, .dead = count}}};
    send_frame(std::move(f), to);
  }
};

}  // namespace

TEST_CASE("a sink that takes dead letters writes them as rows, and says so once they are durable") {
  letters_sink s;
  s.send_letters(5, 2);
  CHECK(s.settings.losses->all().empty());
  s.send_letters(6, 0);
  s.report();  // what it has taken, committed or not
  CHECK(s.reported->counts.of("parse").dead == 2);
  CHECK(s.reported->vector.at("clicks/0").at == position{0, 6});
  s.pass(100ms);
  CHECK(s.happened() == words{"write", "report", "commit", "acknowledge clicks/0 6"});
  CHECK(s.target.written[0].rows == 2);
  CHECK(s.settings.losses->all().at("parse").dead_letters == 2);
}

TEST_CASE("dead letters that were not committed are not told as lost") {
  letters_sink s;
  s.send_letters(5, 2);
  s.target.fails["commit"] = test::gone;
  s.pass(100ms);
  s.pass(5s);
  CHECK(s.settings.losses->all().empty());
  CHECK(s.ask("clicks/0", 2));
  s.send_letters(5, 2);
  s.pass(100ms);
  CHECK(s.settings.losses->all().at("parse").dead_letters == 2);
}

TEST_CASE("rows that a window could not form are dead letters, too, which no tick commits") {
  const bool is_numbered = GENERATE(false, true);
  letters_sink s([&](auto& o) { test::add_window(o, {"counts/0"}, is_numbered); });
  CHECK(s.introduce("counts/0"));
  s.resumes("counts/0");
  (void)s.happened();
  delivery::output_frame f;
  f.log = "counts/0";
  f.since = lowest_position;
  f.reached = {10, whole};
  f.failed = {{"counts", "counts/0", {10, 0}, "too large", "{}"}};
  s.tell([&](auto& l) { l.on_output(f, 1); });
  CHECK(s.happened() == words{"write", "taken counts/0 10"});
  CHECK(s.target.written[0].rows == 1);
}

TEST_CASE(
    "the dead-letter sink is complete once its logs have ended, and again where a log was found since") {
  letters_sink s;
  s.send_end();
  CHECK(s.happened() == words{"commit", "acknowledge clicks/0 1", "complete with 0"});
  CHECK(s.ask("clicks/0", 2));
  CHECK(s.happened() == words{"answer 1", "acknowledge clicks/0 1"});
  s.tell([](auto& l) { l.on_found("clicks/1", {{0, 0}, no_watermark}); });
  CHECK(s.happened().empty());
  CHECK(s.ask("clicks/1"));
  CHECK(s.happened() == words{"answer 0"});
  delivery::lane_frame f;
  f.log = "clicks/1";
  f.stamp = s.answered->stamp;
  f.to = {0, 1};
  f.watermark = end_of_time;
  s.tell([&](auto& l) { l.on_lane_frame(f); });
  CHECK(s.happened() == words{"commit", "acknowledge clicks/1 1", "complete with 1"});
}

TEST_CASE("a sink that is stopped commits what it has, reports and ends") {
  driven_sink s;
  s.open();
  CHECK(s.ask());
  s.target.commit_in = 10s;  // a stop does not wait to gather
  s.send(5, {1});
  (void)s.happened();
  s.stop();
  CHECK(s.happened() == words{"commit", "acknowledge clicks/0 5", "report", "stopped", "end"});
  CHECK(s.reported->vector.at("clicks/0").at == position{0, 5});
}

TEST_CASE("a sink that is stopped before it was open ends at once") {
  driven_sink s([](auto& o) { o.has_committed = true; });
  s.stop();
  CHECK(s.happened() == words{"report", "stopped", "end"});
  s.open();
  CHECK(s.happened().empty());
}

TEST_CASE("a stop waits until the first commit is kept, and does not wait for the target") {
  driven_sink s({}, sink::first_commit::is_told);
  s.open();
  CHECK(s.ask());
  s.send(5, {1});
  (void)s.happened();
  s.stop();
  CHECK(s.happened() == words{"commit", "keep", "acknowledge clicks/0 5"});
  s.stop();
  CHECK(s.happened().empty());
  s.target.fails["keep alive"] = test::gone;
  s.pass(61s);
  CHECK(s.happened() == words{"keep alive", "shop/rows: nobody answers; waiting for it"});
  s.pass(61s);
  CHECK(s.happened().empty());  // it does not open again
  s.tell([](auto& l) { l.on_kept(std::nullopt); });
  CHECK(s.happened() == words{"report", "stopped", "end"});
}

TEST_CASE("a commit that fails at the stop is left to the next run, and the stop is told once") {
  driven_sink s;
  s.open();
  CHECK(s.ask());
  s.send(5, {1});
  (void)s.happened();
  s.target.fails["commit"] = test::gone;
  s.stop();
  CHECK(s.happened() ==
        words{"commit", "shop/rows: nobody answers; waiting for it", "report", "stopped", "end"});
  s.stop();
  s.pass(100s);
  CHECK(s.happened().empty());
}

TEST_CASE("a sink that fails or is fenced at the stop says that first") {
  const bool is_fenced = GENERATE(true, false);
  driven_sink s;
  s.open();
  CHECK(s.ask());
  s.send(5, {1});
  (void)s.happened();
  s.target.fails["commit"] = is_fenced ? test::taken_over : test::misfit;
  s.stop();
  if (is_fenced)
    CHECK(s.happened() == words{"commit", "shop/rows: this life is over: a newer life has it", "report",
                                "fenced", "report", "stopped", "end"});
  else
    CHECK(s.happened() == words{"commit", "failed: rows: no such table", "report", "stopped", "end"});
}
