// Tests how a sink takes rows of lanes and windows of shards, and when it commits them: who hears what before the next call
// to the target begins.
#include "tests/unit/sink/driven_sink.hpp"

using namespace millrace;
using test::driven_sink;
using test::words;
using namespace std::chrono_literals;

namespace {

/// A sink of one window stage with these shards, open, all introduced.
class with_window : public driven_sink {
public:
  explicit with_window(const std::vector<log_id>& logs, bool is_numbered = false, micros every = 100ms)
      : driven_sink([&](auto& o) {
          o.commit_every = every;
          test::add_window(o, logs, is_numbered);
        }) {
    for (const auto& log : logs)
      CHECK(introduce(log));
    open();
    for (const auto& log : logs)
      resumes(log);
    (void)happened();
  }
};

/// A sink of one lane that is open, and the lane has asked.
class with_lane : public driven_sink {
public:
  explicit with_lane(micros every = 100ms, sink::first_commit first = sink::first_commit::goes_untold)
      : driven_sink(
            [&](auto& o) {
              o.commit_every = every;
              o.lane_logs["clicks/0"] = {};
            },
            first) {
    open();
    CHECK(ask());
    (void)happened();
  }
};

std::vector<std::int64_t> values_of(const data::batch& b, std::size_t column = 0) {
  const auto ints = b.columns[column]->ints();
  return {ints.begin(), ints.end()};
}

}  // namespace

TEST_CASE("credit goes back once the target has the rows, and before the commit begins") {
  with_lane s(0us);
  s.send(5, {1, 2}, 100);
  CHECK(s.happened() == words{"write", "credit 100"});
  s.pass(0us);  // what waits in the mailbox comes first
  CHECK(s.happened() == words{"commit", "acknowledge clicks/0 5"});
  CHECK(values_of(s.target.written[0]) == std::vector<std::int64_t>{1, 2});
  CHECK(s.target.stored->batch == 1);
  CHECK(s.gauges->rows == 2);
  CHECK(s.gauges->bytes == 100);
}

TEST_CASE("the first rows wait for others for 5 ms, and rows soon after a commit for commit_every") {
  with_lane s;
  s.send(4, {0});
  s.pass(4ms);
  CHECK(s.happened() == words{"write"});
  s.pass(1ms);
  CHECK(s.happened() == words{"commit", "acknowledge clicks/0 4"});
  s.send(5, {1});
  s.pass(60ms);
  s.send(6, {2});
  s.pass(39ms);
  CHECK(s.happened() == words{"write", "write"});
  s.pass(1ms);
  CHECK(s.happened() == words{"commit", "acknowledge clicks/0 6"});
  CHECK(s.gauges->history.all().back().rows == 2);
  CHECK(s.gauges->wait_micros == 105'000);
}

TEST_CASE("progress alone is committed now and then, and has no number") {
  with_lane s;
  s.send(5, {});
  CHECK(s.happened().empty());
  s.pass(1s);
  CHECK(s.happened() == words{"commit", "acknowledge clicks/0 5"});
  CHECK(s.target.stored->batch == 0);
  CHECK(s.gauges->row_commits == 0);
}

TEST_CASE("a target that wants to gather rows is looked at later, but at the end of its logs") {
  with_lane s(0us);
  s.target.commit_in = 10s;
  s.send(5, {1});
  s.pass(9s);
  s.send(6, {2});
  s.target.commit_in = 0us;
  CHECK(s.happened() == words{"write", "write"});
  s.pass(1s);
  CHECK(s.happened() == words{"commit", "acknowledge clicks/0 6"});
  s.target.commit_in = 10s;
  s.send(7, {1});
  s.send_end();
  s.pass(0us);
  CHECK(s.happened() == words{"write", "commit", "acknowledge clicks/0 8"});
}

TEST_CASE("a frame that was sent under an older answer gives its credit back at once") {
  with_lane s;
  s.ask();
  (void)s.happened();
  const auto older = *s.answered;
  CHECK(s.ask("clicks/0", 2));
  (void)s.happened();
  delivery::lane_frame f;
  f.log = "clicks/0";
  f.stamp = older.stamp;
  f.to = {0, 5};
  f.bytes = 30;
  s.tell([&](auto& l) { l.on_lane_frame(f); });
  CHECK(s.happened() == words{"credit 30"});
}

TEST_CASE("frames that waited for another come out after it, and each gives its credit back before the next "
          "is written") {
  with_lane s;
  s.stands.at = {0, 5};
  s.send(9, {2}, 20);
  CHECK(s.happened().empty());
  s.stands.at = {0, 0};
  s.send(5, {1}, 10);
  CHECK(s.happened() == words{"write", "credit 10", "write", "credit 20"});
}

TEST_CASE("a gap on an edge is our own bug") {
  with_lane s;
  s.send(5, {1});
  s.stands.at = {0, 3};
  CHECK_THROWS_WITH(s.send(9, {2}), "rows: a gap or an overlap on the edge from clicks/0");
  with_window w({"counts/0"});
  w.send_window("counts/0", no_watermark, 10, {1});
  CHECK_THROWS_WITH(w.send_window("counts/0", 20, 30, {1}), "rows: a gap on the edge from counts/0");
}

TEST_CASE("while its target is closed a sink takes nothing") {
  driven_sink s([](auto& o) {
    o.lane_logs["clicks/0"] = {};
    test::add_window(o, {"counts/0"});
  });
  CHECK(s.introduce("counts/0"));
  s.answered.emplace();
  s.send(5, {1}, 10);
  s.send_window("counts/0", no_watermark, 10, {1});
  s.pass(100s);
  CHECK(s.happened().empty());
}

TEST_CASE("rows of a window wait until all of its shards have passed it, and are in one order") {
  with_window s({"counts/0", "counts/1"});
  s.send_window("counts/0", no_watermark, 10, {3, 4});
  CHECK(s.gauges->held_frames == 1);
  CHECK(s.happened().empty());
  s.send_window("counts/1", no_watermark, 20, {5});
  CHECK(s.gauges->held_frames == 1);
  CHECK(s.happened() == words{"write", "end of window", "taken counts/0 10"});
  CHECK(values_of(s.target.written[0]) == std::vector<std::int64_t>{3, 4});
  s.pass(100ms);
  CHECK(s.happened() == words{"commit", "acknowledge counts/0 10", "acknowledge counts/1 19"});
}

TEST_CASE("each tick has a commit of its own, whose word goes out before the next one begins") {
  with_window s({"counts/0", "counts/1"}, true);
  s.send_window("counts/0", no_watermark, 10, {1});
  s.send_window("counts/0", 10, 20, {2});
  CHECK(s.happened().empty());
  s.send_window("counts/1", no_watermark, 20, {});
  CHECK(s.happened() == words{"write", "end of window", "commit", "acknowledge counts/0 19",
                              "acknowledge counts/1 20", "taken counts/0 10", "write", "end of window",
                              "commit", "acknowledge counts/0 20", "acknowledge counts/1 20",
                              "taken counts/0 20"});
  CHECK(s.target.stored->batch == 2);
}

TEST_CASE("rows that the target had before leave without a window") {
  driven_sink s([](auto& o) { test::add_window(o, {"counts/0"}); });
  s.target.stored = sink::progress{{{"counts/0", {{10, whole}, 10}}}, {}, 1};
  CHECK(s.introduce("counts/0"));
  s.open();
  s.resumes("counts/0");
  (void)s.happened();
  s.send_window("counts/0", no_watermark, 10, {1});
  CHECK(s.happened() == words{"taken counts/0 10"});
  s.send_window("counts/0", no_watermark, 10, {1});
  CHECK(s.happened().empty());  // told before
}

TEST_CASE("a sink listens to the present life of a shard alone") {
  with_window s({"counts/0"});
  CHECK_FALSE(s.introduce("counts/0", 1));
  CHECK_FALSE(s.introduce("counts/0", 0));
  CHECK(s.introduce("counts/0", 2));
  CHECK(s.happened() == words{"resume counts/0"});
  s.send_window("counts/0", no_watermark, 10, {1});
  s.resumes("counts/0");
  CHECK(s.happened().empty());
  CHECK(s.introduce("counts/0", 2, 1));  // the same life, in the next session of a link
  CHECK(s.happened() == words{"resume counts/0"});
}

TEST_CASE("a write that fails abandons what was not committed, and no credit goes back for it") {
  with_lane s;
  s.send(1, {});
  s.pass(1s);
  (void)s.happened();
  s.stands.at = {0, 5};
  s.send(9, {2}, 20);
  s.stands.at = {0, 1};
  s.target.fails["write"] = test::gone;
  s.send(5, {1}, 10);
  CHECK(s.happened() == words{"write", "shop/rows: nobody answers; waiting for it"});
  s.pass(5s);
  CHECK(s.happened() == words{"open", "ask again clicks/0", "acknowledge clicks/0 1"});
  CHECK(s.gauges->away);  // it was a write that failed: an opening proves nothing
  CHECK(s.ask("clicks/0", 2));
  s.send(5, {1}, 10);
  s.pass(100ms);
  CHECK(s.happened() == words{"answer 1", "acknowledge clicks/0 1", "write", "credit 10", "commit",
                              "shop/rows: the target answers again", "acknowledge clicks/0 5"});
}

TEST_CASE("a window whose rows cannot be written is not taken") {
  with_window s({"counts/0"});
  s.target.fails["write"] = test::gone;
  s.send_window("counts/0", no_watermark, 10, {1});
  CHECK(s.happened() == words{"write", "shop/rows: nobody answers; waiting for it"});
  s.pass(5s);
  CHECK(s.happened() == words{"open", "resume counts/0"});
  CHECK_FALSE(s.resumed->at);
}

TEST_CASE("a tick whose commit fails is not taken, and the next one is not written") {
  with_window s({"counts/0", "counts/1"}, true);
  s.send_window("counts/0", no_watermark, 10, {1});
  s.send_window("counts/0", 10, 20, {2});
  s.target.fails["commit"] = test::gone;
  s.send_window("counts/1", no_watermark, 20, {});
  CHECK(s.happened() ==
        words{"write", "end of window", "commit", "shop/rows: nobody answers; waiting for it"});
}

TEST_CASE("a commit that fails is tried again from what the target has; its number is used once") {
  with_lane s;
  s.send(5, {1});
  s.target.fails["commit"] = test::gone;
  s.pass(5ms);
  CHECK(s.happened() == words{"write", "commit", "shop/rows: nobody answers; waiting for it"});
  s.pass(5s);
  CHECK(s.happened() == words{"open", "ask again clicks/0"});
  CHECK(s.ask("clicks/0", 2));
  s.send(5, {1});
  s.pass(100ms);
  CHECK(s.target.stored->batch == 1);
  CHECK(s.gauges->commits == 1);
}

TEST_CASE("a commit that a newer life refuses ends this one") {
  with_lane s;
  s.send(5, {1});
  s.target.fails["commit"] = test::taken_over;
  s.pass(100ms);
  CHECK(s.happened() == words{"write", "commit", "shop/rows: this life is over: a newer life has it",
                              "report", "fenced", "end"});
}

TEST_CASE("calls to the target are timed, and behind event time it is counted how far") {
  with_lane s;
  s.call_takes = 2ms;
  delivery::lane_frame f;
  f.content = std::make_shared<const delivery::row_batches>(delivery::row_batches{test::numbers({1})});
  f.watermark = 400'000;
  s.send_frame(f, 5);
  s.pass(100ms);
  CHECK(s.gauges->in_target.mean() == micros(4'000));
  CHECK(s.gauges->last_micros == 2'000);
  CHECK(s.gauges->last_rows == 1);
  CHECK_FALSE(s.gauges->call.age(s.time.now()));
  with_window w({"counts/0"});
  w.send_window("counts/0", no_watermark, 10, {1});
  w.pass(100ms);
  CHECK(w.gauges->row_commits == 1);
}

TEST_CASE("the first commit is told once, and again where it could not be kept") {
  with_lane s(100ms, sink::first_commit::is_told);
  s.send(5, {1});
  s.pass(100ms);
  CHECK(s.happened() == words{"write", "commit", "keep", "acknowledge clicks/0 5"});
  s.send(6, {1});
  s.pass(100ms);
  CHECK(s.happened() == words{"write", "commit", "acknowledge clicks/0 6"});  // the answer is under way
  s.tell([](auto& l) { l.on_kept(test::gone); });
  CHECK(s.happened() == words{"shop/rows: nobody answers; tried again with the next commit"});
  s.send(7, {1});
  s.pass(100ms);
  CHECK(s.happened() == words{"write", "commit", "keep", "acknowledge clicks/0 7"});
  s.tell([](auto& l) { l.on_kept(test::gone); });
  CHECK(s.happened().empty());  // the log has it
  s.send(8, {1});
  s.pass(100ms);
  CHECK(s.happened() == words{"write", "commit", "keep", "acknowledge clicks/0 8"});
  s.tell([](auto& l) { l.on_kept(std::nullopt); });
  s.send(9, {1});
  s.pass(100ms);
  CHECK(s.happened() == words{"write", "commit", "acknowledge clicks/0 9"});
}

TEST_CASE("a target is kept alive while there is nothing to commit") {
  with_lane s;
  s.send(5, {1});
  s.pass(100ms);
  CHECK(s.happened() == words{"write", "commit", "acknowledge clicks/0 5"});
  s.pass(59s);
  CHECK(s.happened().empty());
  s.pass(1s);
  CHECK(s.happened() == words{"keep alive"});
  s.target.fails["keep alive"] = test::gone;
  s.pass(60s);
  CHECK(s.happened() == words{"keep alive", "shop/rows: nobody answers; waiting for it"});
  s.pass(5s);
  CHECK(s.happened() == words{"open", "ask again clicks/0", "acknowledge clicks/0 5", "keep alive",
                              "shop/rows: the target answers again"});
}

TEST_CASE("a target is kept alive as soon as it wants, but not amid rows") {
  with_lane s(10s);
  s.target.keep_alive_in = 0us;
  s.send(5, {1});
  s.pass(5ms);
  CHECK(s.happened() == words{"write", "commit", "acknowledge clicks/0 5"});
  s.pass(100ms);
  CHECK(s.happened() == words{"keep alive"});
  s.send(6, {1});
  s.pass(9s);
  CHECK(s.happened() == words{"write"});
}
