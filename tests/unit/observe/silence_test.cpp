#include "actors/observe/silence_watch.hpp"
#include "actors/observe/troubles.hpp"
#include "tests/unit/observe/observe_fixture.hpp"

using namespace millrace;
using namespace millrace::observe;
using namespace millrace::observe::test;
using namespace std::chrono_literals;

namespace {

constexpr event_micros first_look = 1'800'000'000'000'000;

config::topology endless(const std::string& parser) {
  std::string text = topology_text;
  text.replace(text.find("%PARSER%"), 8, parser);
  const std::string count = R"(, "count": 10)";
  text.erase(text.find(count), count.size());
  return planned_text(text);
}

/// A topic of two partitions and a window of five minutes that ends at 12:05, in one process. The records are ten seconds apart.
struct watched_topic {
  config::topology plan;
  deployment::pipeline_gauges gauges;
  silence_watch watch;
  std::chrono::seconds passed{0};
  std::shared_ptr<lane::partition_gauges> other, p;
  std::set<std::string> running{"t"};

  explicit watched_topic(const std::string& parser = {}) : plan(endless(parser)) {
    for (const auto* const name : {"parsed/lane0", "parsed/lane1"}) {
      auto lane = std::make_shared<lane::lane_gauges>();
      lane->source = "in";
      lane->parser = "parsed";
      gauges.lanes[name] = lane;
    }
    other = lane0().of("0");
    p = lane0().of("1");
    gauges.shards["counts/0/0"] = std::make_shared<shard::shard_gauges>();
    gauges.shards["sums/0/0"] = std::make_shared<shard::shard_gauges>();
    shard().next_end = at("12:05:00").at;
    for (const auto& one : {other, p})
      one->is_open = one->is_caught_up = true;
    give(*other, "12:07:00");
  }
  lane::lane_gauges& lane0() { return *gauges.lanes["parsed/lane0"]; }
  shard::shard_gauges& shard() { return *gauges.shards["counts/0/0"]; }
  [[nodiscard]] event_micros wall() const {
    return first_look + std::chrono::duration_cast<micros>(passed).count();
  }
  void give(lane::partition_gauges& to, const std::string& time) {
    to.watermark = at(time).at;
    to.last_record = wall();
  }
  std::vector<silence_watch::notice> look(const std::map<std::string, silence>& told) {
    passed += 1s;
    return watch.look(told, running, wall(), silence_watch::clock::time_point(passed), 1min);
  }
  /// Looks once a second; `gives`: the other partition has records all the time.
  std::vector<silence_watch::notice> after(std::chrono::seconds time, bool gives = true) {
    std::vector<silence_watch::notice> out;
    for (const auto end = passed + time; passed < end;) {
      if (gives)
        other->last_record = wall();
      for (auto& n : look({{"", silence_of(plan, gauges, wall())}}))
        out.push_back(std::move(n));
    }
    return out;
  }
  [[nodiscard]] bool is_trouble() const { return !watch.all().empty(); }
};

const std::string empty_text =
    "waits for partition 1 of in, which gives no records, while others are ahead; with \"idle_timeout\" of "
    "parsed, such as \"1 minute\", windows do not wait for it (its later records for them are late)";

}  // namespace

TEST_CASE("a window that waits for an empty partition is told after a minute, once in the log, as a trouble "
          "as long as it waits") {
  watched_topic w;
  CHECK(w.after(59s).empty());
  CHECK_FALSE(w.is_trouble());
  CHECK(w.after(2s) == std::vector{silence_watch::notice{"t/counts: " + empty_text, true}});
  REQUIRE(w.watch.all().size() == 1);
  const auto first = w.watch.all()[0];
  CHECK(first == trouble{"t",
                         api::trouble_code::silent_partition,
                         "in",
                         "",
                         "counts " + empty_text,
                         "",
                         {first_look + 61'000'000}});
  CHECK(w.after(100s).empty());
  CHECK(w.watch.all() == std::vector{first});
  w.give(*w.p, "12:07:00");
  CHECK(w.after(1s).empty());
  CHECK_FALSE(w.is_trouble());
  w.shard().next_end = at("12:10:00").at;
  w.other->watermark = at("12:12:00").at;
  CHECK(w.after(200s).empty());
  CHECK(w.is_trouble());
  w.p->is_idle = true;
  w.after(1s);
  CHECK_FALSE(w.is_trouble());
}

TEST_CASE("an empty partition is told of also where the others have stopped since") {
  watched_topic w;
  CHECK(w.after(62s, false).size() == 1);
  CHECK(w.is_trouble());
  CHECK(w.after(200s, false).empty());
}

TEST_CASE("a partition that has given records is told of when others go on for a minute, and for some of its "
          "pauses") {
  watched_topic w;
  w.give(*w.p, "12:01:00");
  w.p->gap.add(10s);
  CHECK(w.after(150s).empty());
  const auto told = w.after(60s);
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0].text, Catch::Contains("which gives no more records"));
}

TEST_CASE("a source that stops as a whole, and goes on later, is no trouble, and is told of once") {
  watched_topic w;
  w.give(*w.p, "12:01:00");
  const auto told = w.after(300s, false);
  CHECK(told ==
        std::vector{silence_watch::notice{"t/in: none of its 2 partitions gives records any more", false}});
  CHECK_FALSE(w.is_trouble());
  w.give(*w.other, "12:08:00");
  CHECK(w.after(5s).empty());
  CHECK_FALSE(w.is_trouble());
  w.give(*w.p, "12:08:00");
  CHECK(w.after(300s, false).empty());
}

TEST_CASE("a source without any record is told of as that, beside no window") {
  watched_topic w;
  w.other->watermark = no_watermark;
  w.other->last_record = 0;
  w.shard().next_end = no_watermark;
  CHECK(w.after(90s, false) ==
        std::vector{silence_watch::notice{"t/in: none of its 2 partitions gives records", false}});
}

TEST_CASE("a source whose records begin after long is given the same time") {
  watched_topic w;
  w.other->watermark = no_watermark;
  w.other->last_record = 0;
  w.after(3600s, false);
  w.give(*w.other, "12:07:00");
  CHECK(w.after(50s).empty());
  CHECK_FALSE(w.is_trouble());
}

TEST_CASE("nobody is told to wait where nothing is open, a partition has more to read, or cannot be read") {
  const auto none = [](const auto& change, const std::string& parser = {}) {
    watched_topic w(parser);
    change(w);
    const auto told = w.after(300s);
    return told.empty() && !w.is_trouble();
  };
  CHECK_FALSE(none([](watched_topic&) {}));
  CHECK(none([](watched_topic&) {}, R"(, "idle_timeout": "10 minutes")"));
  CHECK(none([](watched_topic& w) { w.plan = planned(); }));  // it has an end
  CHECK(none([](watched_topic& w) { w.shard().next_end = no_watermark; }));
  CHECK(none([](watched_topic& w) { w.p->is_caught_up = false; }));
  CHECK(none([](watched_topic& w) { w.p->is_open = false; }));
  CHECK(none([](watched_topic& w) { w.p->is_idle = true; }));
  CHECK(none([](watched_topic& w) { w.p->held_by = 0; }));
  CHECK(none([](watched_topic& w) { w.p->watermark = end_of_time; }));
  CHECK(none([](watched_topic& w) { w.p->watermark = at("12:05:00").at; }));
  CHECK(none([](watched_topic& w) { w.other->watermark = at("12:04:00").at; }));
  CHECK(none([](watched_topic& w) { w.other->watermark = end_of_time; }));
  CHECK(none([](watched_topic& w) { w.lane0().is_paused = true; }));
  CHECK(none([](watched_topic& w) { w.lane0().away = true; }));
  CHECK(none([](watched_topic& w) { w.running.clear(); }));
}

TEST_CASE("idle_timeout that is written out as off is no remedy") {
  watched_topic w(R"(, "idle_timeout": "off")");
  const auto told = w.after(62s);
  REQUIRE(told.size() == 1);
  CHECK(told[0].text == "t/counts: waits for partition 1 of in, which gives no records, while others are "
                        "ahead; idle_timeout of parsed is off");
}

TEST_CASE("a window that waits for idle partitions, since the targets have rows of a later state, is told "
          "once, by all "
          "processes together") {
  watched_topic w(R"(, "idle_timeout": "1 s")");
  w.other->is_idle = w.p->is_idle = true;
  w.give(*w.p, "12:01:00");
  w.shard().later.note({at("12:06:00").at, {"parsed/1"}});
  w.shard().watermark = at("12:04:00").at;
  CHECK(w.after(100s, false).empty());  // no window would fire
  w.shard().watermark = at("12:07:00").at;
  const std::string text =
      "waits for the idle partition 1 of in, since the targets have rows of a later state, up to "
      "2026-11-01T12:06:00Z; a record at or after 2026-11-01T12:06:10Z on it lets windows go on, and so does "
      "a "
      "state as new as the targets, or targets as old as the state";
  CHECK(w.after(59s, false).empty());
  CHECK(w.after(60s, false) == std::vector{silence_watch::notice{"t/counts: " + text}});
  CHECK(w.watch.all() == std::vector{trouble{"t",
                                             api::trouble_code::targets_ahead,
                                             "counts",
                                             "",
                                             "counts " + text,
                                             "",
                                             {first_look + 160'000'000}}});
  const auto here = silence_of(w.plan, w.gauges, w.wall());
  CHECK(read_json<silence>(json_of(here)) == here);
  w.look({{"a", here}, {"b", here}});
  CHECK(w.watch.all().size() == 1);
  w.shard().later.note({});
  CHECK(w.after(1s, false).empty());
  CHECK_FALSE(w.is_trouble());
}

TEST_CASE("idle_timeout is no remedy for a silent partition below the rows that the targets have of a later "
          "state") {
  watched_topic w;
  w.shard().later.note({at("12:06:00").at, {}});
  const auto told = w.after(62s);
  REQUIRE(told.size() == 1);
  CHECK(told[0].text ==
        "t/counts: waits for partition 1 of in, which gives no records, while others are ahead; the "
        "targets have rows of a later state: a record at or after 2026-11-01T12:06:10Z on it lets windows go "
        "on, "
        "and so does a state as new as the targets, or targets as old as the state");
}

TEST_CASE("many silent partitions are told with their number, and a process tells no more than it may") {
  watched_topic w;
  for (int i = 2; i < 400; ++i) {
    const auto one = w.lane0().of(std::to_string(i));
    one->is_open = one->is_caught_up = true;
    if (i == 12)
      CHECK_THAT(w.after(62s).at(0).text,
                 Catch::Contains("partitions 1, 2, 3, 4, 5 and 7 more of in, which give no records"));
  }
  w.after(61s);
  CHECK_THAT(w.watch.all().at(0).text,
             Catch::Contains("partitions 1, 2, 3, 4, 5 and at least 251 more of in"));
}

TEST_CASE("windows and partitions may be those of several processes") {
  watched_topic w;
  auto all = silence_of(w.plan, w.gauges, w.wall());
  silence a, b, c;
  a.open = all.open;
  b.read = c.read = all.read;
  b.read[0].behind.clear();
  b.read[0].open = 1;
  b.read[0].quiet = 0;
  c.read[0].furthest = c.read[0].furthest_giving = {no_watermark};
  c.read[0].open = 1;
  const std::map<std::string, silence> told{{"a", a}, {"b", b}, {"c", c}};
  std::size_t said = 0;
  for (int i = 0; i < 100; ++i)
    said += w.look(told).size();
  CHECK(said == 1);
  REQUIRE(w.watch.all().size() == 1);
  CHECK(w.watch.all()[0].node == "c");
  w.look({{"b", b}, {"c", c}});
  CHECK_FALSE(w.is_trouble());
}

TEST_CASE("actors of other nodes, and stages without windows, show nothing here") {
  watched_topic w;
  w.gauges.present = std::make_shared<stage::present_actors>();
  CHECK(silence_of(w.plan, w.gauges, w.wall()) == silence{});
  w.gauges.present = nullptr;
  CHECK_FALSE(silence_of(w.plan, w.gauges, w.wall()) == silence{});
  CHECK(silence_of(millrace::test::planned_text(R"({"millrace": 1, "topology": "t", "stages": {
    "in": {"source": "generator", "kind": "clicks"}, "parsed": {"parser": "text", "from": "in"}, "out": {"sink": "console", "from": "parsed"}}})"),
                   w.gauges, w.wall()) == silence{});
}

namespace {

constexpr auto lookup_text = R"json({
  "millrace": 1, "topology": "t",
  "stages": {
    "orders_in": { "source": "generator", "kind": "clicks", "count": 10 },
    "rates_in": { "source": "generator", "kind": "clicks" },
    "orders": { "parser": "json", "from": "orders_in", "event_time": "at", "schema": { "user": "text", "at": "timestamp" } },
    "rates": { "parser": "json", "from": "rates_in", "event_time": "at", "idle_timeout": "%IDLE%",
               "schema": { "user": "text", "at": "timestamp" } },
    "named": { "join": "as_of", "left": "orders", "right": "rates", "key": ["user"],
               "columns": { "user": "l.user", "at": "l.at", "since": "r.at" } },
    "out": { "sink": "console", "from": "named" }
  }
})json";

/// A join as of a time, of which the newest left row is of 12:07:00; the right side stands at 12:05:00.
struct watched_lookup {
  config::topology plan;
  deployment::pipeline_gauges gauges;
  silence_watch watch;
  std::chrono::seconds passed{0};
  std::shared_ptr<lane::partition_gauges> left, right;

  explicit watched_lookup(const std::string& idle = "off") {
    std::string text = lookup_text;
    text.replace(text.find("%IDLE%"), 6, idle);
    plan = planned_text(text);
    for (const std::string side : {"orders", "rates"}) {
      const auto lane = std::make_shared<lane::lane_gauges>();
      lane->source = side + "_in";
      lane->parser = side;
      gauges.lanes[side + "/lane0"] = lane;
      (side == "orders" ? left : right) = lane->of("0");
    }
    const auto shard = std::make_shared<shard::shard_gauges>();
    shard->next_end = at("12:07:00").at + 1;
    gauges.shards["named/0/0"] = shard;
    for (const auto& one : {left, right}) {
      one->is_open = one->is_caught_up = true;
      one->last_record = first_look;
    }
    right->watermark = at("12:05:00").at;
    left->watermark = end_of_time;
  }
  std::vector<std::string> after(std::chrono::seconds time) {
    std::vector<std::string> out;
    for (const auto end = passed + time; passed < end;) {
      passed += 1s;
      const auto wall = first_look + std::chrono::duration_cast<micros>(passed).count();
      const auto told = silence_of(plan, gauges, wall);
      for (auto& n : watch.look({{"", told}}, {"t"}, wall, silence_watch::clock::time_point(passed), 1min))
        out.push_back(std::move(n.text));
    }
    return out;
  }
};

}  // namespace

TEST_CASE(
    "the last rows of a left side that has ended wait for a quiet right side: that is told, be it idle or "
    "not") {
  const bool is_idle = GENERATE(false, true);
  watched_lookup w(is_idle ? "10 s" : "off");
  w.right->is_idle = is_idle;
  CHECK(w.after(59s).empty());
  CHECK(w.after(10s) ==
        std::vector<std::string>{
            "t/named: waits for partition 0 of rates_in, which gives no more records, while the "
            "left side has ended; a later record of it, or its end, lets the last rows out "
            "(`explain` has the time)"});
  REQUIRE(w.watch.all().size() == 1);
  CHECK(w.watch.all()[0].code == api::trouble_code::silent_partition);
  w.right->watermark = at("12:08:00").at;
  w.after(1s);
  CHECK(w.watch.all().empty());
}

TEST_CASE("no row of a join waits for good while its left side goes on, or another right partition does") {
  const auto none = [](const auto& change, const std::string& idle = "10 s") {
    watched_lookup w(idle);
    w.right->is_idle = idle != "off";
    change(w);
    return w.after(300s).empty() && w.watch.all().empty();
  };
  CHECK_FALSE(none([](watched_lookup&) {}));
  CHECK(none([](watched_lookup& w) { w.left->watermark = at("12:07:00").at; }));
  CHECK(none([](watched_lookup& w) { w.left->watermark = at("12:07:00").at; }, "off"));
  CHECK(
      none([](watched_lookup& w) { w.gauges.lanes["rates/lane0"]->of("1")->watermark = at("12:06:00").at; }));
  CHECK(none([](watched_lookup& w) { w.gauges.shards["named/0/0"]->next_end = no_watermark; }));
  CHECK(none([](watched_lookup& w) { w.right->gap.add(60s); }));
}
