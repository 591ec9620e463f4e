// Positions: what is committed is what comes back; claims and fences.
#include "tests/unit/sql_sink/place.hpp"

#include <thread>

using namespace sink_sql_test;
using data::type_id;

namespace {

const std::vector<data::field> columns{{"n", type_id::bigint}};

std::size_t stored_rows(place& at) { return at.query("select n from t", 1).size(); }

}  // namespace

EVERY_DATABASE(progress_comes_back, "progress comes back as it was committed") {
  auto w = at.writer(columns);
  REQUIRE_FALSE(must(w->open(life(1))));
  REQUIRE_FALSE(must(w->open(life(1))));  // still nothing committed
  sink::progress p;
  p.positions["clicks/active/0"] = {{0, 12345}, no_watermark};
  p.positions["counts/0/7"] = {lowest_position, end_of_time};
  p.positions["counts/0/8"] = {highest_position, -1};
  p.positions["a log with 'quotes' \\ and \xF0\x9F\x98\x80"] = {{-1, whole}, 0};
  const std::string path(3000, '\xC3');
  std::string long_log = "p/";
  for (int i = 0; i < 2000; ++i)
    long_log += "\xC3\xBC";
  p.positions[long_log + "1"] = {{1, 1}, 1};
  p.positions[long_log + "2"] = {{2, 2}, 2};
  for (int i = 0; i < 256; ++i)
    p.counters += static_cast<char>(i);
  p.batch = 1ULL << 60;
  must(w->commit(p));
  auto found = must(w->open(life(2, true)));
  REQUIRE(found);
  CHECK(found->positions == p.positions);
  CHECK(found->counters == p.counters);
  CHECK(found->batch == p.batch);

  p.positions.erase("counts/0/7");
  p.positions[long_log + "2"].at.minor = 3;
  p.positions["new"] = {{5, 5}, 5};
  p.counters.clear();
  must(w->commit(p));
  found = must(at.writer(columns)->open(life(3, true)));
  CHECK(found->positions == p.positions);
  CHECK(found->counters.empty());
}

EVERY_DATABASE(many_logs, "a thousand logs are committed and come back") {
  auto w = at.writer(columns);
  must(w->open(life(1)));
  sink::progress p;
  for (int i = 0; i < 1000; ++i)
    p.positions["log" + std::to_string(i)] = {{i, -i}, i};
  must(w->commit(p));
  p.positions["log77"].at.major = 1'000'000;
  must(w->commit(p));
  CHECK(must(w->open(life(2)))->positions == p.positions);
}

EVERY_DATABASE(sinks_apart, "sinks, topologies and state ids have positions of their own") {
  auto w = at.writer(columns);
  must(w->open(life(5)));
  must(w->commit(at_position(1)));
  for (auto change :
       {+[](sink::claim& c) { c.sink = "other"; }, +[](sink::claim& c) { c.topology = "other"; },
        +[](sink::claim& c) { c.state_id = "other", c.fresh = true; },
        +[](sink::claim& c) { c.sink = "Table"; }, +[](sink::claim& c) { c.sink = "table "; }}) {
    auto who = life(1);
    change(who);
    CHECK_FALSE(must(at.writer(columns)->open(who)));
  }
  CHECK(must(w->commit(at_position(2))) == 0);
}

EVERY_DATABASE(foreign_state,
               "another state id is refused, or takes over with --adopt and shuts the old one out") {
  auto old = at.writer(columns);
  must(old->open(life(5)));
  must(old->commit(at_position(1)));
  auto who = life(1);
  who.state_id = "other";
  const auto refused = at.writer(columns)->open(who);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::mismatch);
  CHECK(refused.error().whose == fault::user);
  who.adopt = true;
  auto heir = at.writer(columns);
  CHECK(must(heir->open(who))->positions == at_position(1).positions);
  CHECK_FALSE(old->commit(at_position(2)));
  const auto again = old->open(life(6));
  REQUIRE_FALSE(again);
  CHECK(again.error().code == ec::mismatch);
  must(heir->commit(at_position(2)));
  who.life = 2;
  CHECK(must(heir->open(who))->positions == at_position(2).positions);
}

EVERY_DATABASE(zombie, "a zombie is fenced, and none of its rows stay") {
  auto zombie = at.writer(columns);
  must(zombie->open(life(1)));
  must(zombie->write(rows_of(columns, {{"1"}})));
  must(zombie->commit(at_position(1)));
  must(zombie->write(rows_of(columns, {{"2"}})));
  auto heir = at.writer(columns);
  CHECK(must(heir->open(life(2, true)))->positions.at("counts/0/0").at.minor == 1);
  const auto late = zombie->commit(at_position(2));
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ec::fenced);
  CHECK_FALSE(late.error().retry);
  CHECK(stored_rows(at) == 1);
  const auto again = zombie->open(life(1));
  REQUIRE_FALSE(again);
  CHECK(again.error().code == ec::fenced);
  must(heir->write(rows_of(columns, {{"2"}})));
  must(heir->commit(at_position(2)));
  CHECK(stored_rows(at) == 2);
}

EVERY_DATABASE(own_old_connection, "a second claim of the same life fences the first") {
  auto old = at.writer(columns);
  must(old->open(life(1)));
  must(old->write(rows_of(columns, {{"1"}})));
  auto next = at.writer(columns);
  must(next->open(life(1)));
  CHECK(old->commit(at_position(1)).error().code == ec::fenced);
  CHECK(stored_rows(at) == 0);
  must(next->commit(at_position(1)));
}

EVERY_DATABASE(progress_expected, "a database that lost the progress we know of is an error, not a start") {
  auto w = at.writer(columns);
  auto opened = w->open(life(1, true));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ec::mismatch);
  CHECK_FALSE(opened.error().retry);
  CHECK_THAT(opened.error().message, Catch::Contains("--fresh"));
  must(w->open(life(2)));
  opened = w->open(life(3, true));  // claimed, never committed
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ec::mismatch);
}

EVERY_DATABASE(uncommitted, "what was not committed is gone after open") {
  auto w = at.writer(columns);
  must(w->open(life(1)));
  std::vector<cells> many;
  for (int i = 0; i < 200'000; ++i)
    many.push_back({std::to_string(i)});
  const auto batch = rows_of(columns, many);
  must(w->write(batch));  // more than is buffered
  REQUIRE_FALSE(must(w->open(life(1))));
  CHECK(stored_rows(at) == 0);
  must(w->write(rows_of(columns, {{"1"}})));
  must(w->commit(at_position(1)));
  CHECK(stored_rows(at) == 1);
}

EVERY_DATABASE(not_open, "write and commit before open are errors") {
  auto w = at.writer(columns);
  CHECK_FALSE(w->write(rows_of(columns, {{"1"}})));
  CHECK_FALSE(w->commit(at_position(1)));
  CHECK_FALSE(w->rejected(0, 1));
  w->forget_rejected(1);
  CHECK(w->keep_alive());
}

EVERY_DATABASE(two_sinks, "two sinks write the same database in turns") {
  auto a = at.writer(columns);
  auto b = at.writer(columns, {}, true, "u");
  auto who = life(1);
  who.sink = "b";
  must(a->open(life(1)));
  must(b->open(who));
  for (int i = 1; i <= 5; ++i) {
    must(a->write(rows_of(columns, {{std::to_string(i)}})));
    must(b->write(rows_of(columns, {{std::to_string(i)}})));
    CHECK(a->keep_alive());
    must(a->commit(at_position(i)));
    must(b->commit(at_position(i)));
  }
  CHECK(stored_rows(at) == 5);
  CHECK(at.query("select n from u", 1).size() == 5);
}

EVERY_DATABASE(all_at_once, "eight sinks may start on a missing database at the same moment") {
  const auto one_row = rows_of(columns, {{"1"}});
  std::vector<std::string> errors(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < errors.size(); ++i)
    threads.emplace_back([&, i] {
      auto w = at.writer(columns);
      auto who = life(1);
      who.sink = std::to_string(i);
      auto opened = w->open(who);
      auto done = opened ? w->write(one_row) : tl::unexpected(opened.error());
      if (done)
        if (auto committed = w->commit(at_position(1)); !committed)
          done = tl::unexpected(committed.error());
      if (!done)
        errors[i] = done.error().message;
    });
  for (auto& t : threads)
    t.join();
  for (const auto& e : errors)
    CHECK(e == "");
  CHECK(stored_rows(at) == errors.size());
}
