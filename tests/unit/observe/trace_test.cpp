#include "actors/observe/trace.hpp"
#include "tests/unit/observe/observe_fixture.hpp"

#include <algorithm>

using namespace millrace;
using namespace millrace::observe;
using namespace millrace::observe::test;
using Catch::Contains;

namespace {

constexpr auto stages_text = R"json({
  "millrace": 1, "topology": "t",
  "stages": {
    "in": { "source": "kafka", "brokers": "127.0.0.1:1", "topic": "clicks" },
    "parsed": { "parser": "json", "from": "in", "event_time": "at", "watermark_delay": "10 s",
                "schema": { "name": "text", "at": "timestamp", "n": "bigint" } },
    "large": { "transform": "select", "from": "parsed", "where": "n > 3",
               "columns": { "name": "name", "part": "12 / (n - 4)" } },
    "rows": { "sink": "console", "from": "large" },
    "counts": { "window": "tumbling", "size": "5 minutes", "from": "parsed", "key": ["name"],
                "allowed_lateness": "1 minute", "aggregates": { "c": "count(*)" } },
    "hops": { "window": "sliding", "size": "60 s", "slide": "20 s", "from": "parsed", "where": "name <> 'x'",
              "key": ["name"], "aggregates": { "c": "count(*)" } },
    "visits": { "window": "session", "gap": "2 minutes", "from": "parsed", "key": ["name"], "aggregates": { "c": "count(*)" } },
    "late": { "sink": "console", "from": "counts.late" },
    "out": { "sink": "console", "from": ["counts", "hops", "visits"] }
  }
})json";

/// Partitions 0 and 1 stand at these times, and each shard has fired up to the lower one.
figures standing(const std::string& first, const std::string& second) {
  figures f;
  f.at = at("13:00:00");
  lane_figures l;
  l.source = "in";
  l.parser = "parsed";
  l.partitions = {{"0", at(first), 0.1, true, false, false, {}, {}},
                  {"1", at(second), 0.1, true, false, false, {}, {}}};
  f.lanes = {l};
  const auto t = planned_text(stages_text);
  for (const auto* const window : {"counts", "hops", "visits"})
    for (std::uint32_t i = 0; i < std::get<config::window_plan>(t.find(window)->plan).definition.shards;
         ++i) {
      shard_figures s;
      s.name = std::string(window) + "/" + std::to_string(i);
      s.window = window;
      s.fired = std::min(at(first), at(second));
      f.shards.push_back(s);
    }
  return f;
}

trace of(const figures& f, const std::string& record, const std::string& stage = "in",
         const std::string& partition = {}) {
  auto r = read_traced_record(R"({"record":)" + record + "}");
  REQUIRE(r);
  r->partition = partition;
  const auto found = trace_of(planned_text(stages_text), f, stage, *r, f.at.at);
  REQUIRE(found);
  CAPTURE(found->summary);
  return *found;
}

const trace_step& step(const trace& t, const std::string& stage) {
  for (const auto& s : t.steps)
    if (s.stage == stage)
      return s;
  FAIL("no step of " << stage);
  return t.steps.front();
}

std::string code(const trace& t, const std::string& stage) { return step(t, stage).code; }

const auto now_standing = [] { return standing("12:03:00", "12:02:00"); };

}  // namespace

TEST_CASE("a record that counts: its row, its key's shard, its windows and when they fire") {
  const auto t = of(now_standing(), R"({"name":"ann","at":"2026-11-01T12:03:30Z","n":7})");
  CHECK(t.time == at("12:03:30"));
  CHECK(code(t, "parsed") == "parsed");
  REQUIRE(step(t, "parsed").row);
  CHECK_THAT(step(t, "parsed").row->text, Contains(R"("name":"ann")") && Contains(R"("n":7)"));
  const auto& s = step(t, "counts");
  CHECK(s.code == "counted");
  REQUIRE(s.windows.size() == 1);
  CHECK(s.windows[0].key.text == R"({"name":"ann"})");
  CHECK_THAT(s.windows[0].shard, Catch::StartsWith("counts/"));
  CHECK(s.windows[0].first_start == at("12:00:00"));
  CHECK(s.windows[0].last_end == at("12:05:00"));
  CHECK(s.windows[0].fires_at == at("12:06:00"));  // the end with allowed_lateness
  CHECK(s.windows[0].late_on.empty());
  CHECK_THAT(s.text,
             Contains("12:00:00Z to 2026-11-01T12:05:00Z") && Contains("every partition has reached"));
  CHECK(code(t, "rows") == "given");
  CHECK(step(t, "rows").row->text == R"({"name":"ann","part":4})");
}

TEST_CASE("a sliding window has all of a record's windows, and those that have fired are counted") {
  const auto t = of(now_standing(), R"({"name":"ann","at":"2026-11-01T12:01:50Z","n":7})");
  const auto& w = step(t, "hops").windows.at(0);
  CHECK(w.windows == 3);
  CHECK(w.first_end == at("12:02:00"));
  CHECK(w.last_end == at("12:02:40"));
  CHECK(w.fired == 1);
  CHECK(w.fires_at == at("12:02:20"));
  // Partition 0 is beyond the last of them, partition 1 is not.
  REQUIRE(w.late_on.size() == 1);
  CHECK(w.late_on[0].name == "0");
  CHECK(w.late_on[0].late_seconds == 20);
  CHECK_FALSE(w.is_late_everywhere);
  CHECK(code(t, "hops") == "counted");
}

TEST_CASE("a filter is named by its expression, at a select, a window, and a sink") {
  const auto t = of(now_standing(), R"({"name":"x","at":"2026-11-01T12:03:30Z","n":3})");
  CHECK(code(t, "large") == "filtered");
  CHECK(step(t, "large").expression == "n > 3");
  CHECK_THAT(step(t, "large").text, Contains("n > 3"));
  CHECK(code(t, "hops") == "filtered");
  CHECK(step(t, "hops").expression == "name <> 'x'");
  CHECK(code(t, "counts") == "counted");
  for (const auto& s : t.steps)
    CHECK(s.stage != "rows");  // no row goes on to it
}

TEST_CASE("a dead letter has its stage and its error, whether of the parser or of a step") {
  const auto broken = of(now_standing(), R"("{\"name\": 1, \"at\": \"yesterday\"}")");
  CHECK(code(broken, "parsed") == "dead_letter");
  CHECK_FALSE(step(broken, "parsed").error.empty());
  CHECK(broken.steps.size() == 1);
  CHECK(broken.time.at == no_watermark);
  const auto divided = of(now_standing(), R"({"name":"ann","at":"2026-11-01T12:03:30Z","n":4})");
  CHECK(code(divided, "large") == "dead_letter");
  CHECK_THAT(step(divided, "large").error, Contains("zero"));
  CHECK(code(divided, "counts") == "counted");
}

TEST_CASE("a late record is told by how much, on which partition, and goes to who reads late ones") {
  const auto f = standing("12:30:00", "12:20:00");
  const auto text = R"({"name":"ann","at":"2026-11-01T12:03:30Z","n":7})";
  const auto t = of(f, text);
  const auto& s = step(t, "counts");
  CHECK(s.code == "late");
  REQUIRE(s.windows.at(0).late_on.size() == 2);
  CHECK(s.windows[0].is_late_everywhere);
  CHECK(s.windows[0].late_on[0].late_seconds == 24 * 60);  // its last window took records until 12:06
  CHECK(s.windows[0].late_on[1].late_seconds == 14 * 60);
  CHECK(s.windows[0].fired == 1);
  CHECK_THAT(s.text, Contains("24 minutes") && Contains("12:06:00Z"));
  CHECK(code(t, "late") == "given");
  CHECK(step(t, "late").from == "counts.late");
  // The other partition alone.
  const auto one = of(f, text, "in", "1");
  REQUIRE(step(one, "counts").windows.at(0).late_on.size() == 1);
  CHECK(step(one, "counts").windows[0].late_on[0].late_seconds == 14 * 60);
}

TEST_CASE("the lateness that is told is where assigning to windows begins to refuse") {
  const auto record = R"({"name":"ann","at":"2026-11-01T12:03:30Z","n":7})";
  CHECK(code(of(standing("12:05:59", "12:05:59"), record), "counts") == "counted");
  CHECK(code(of(standing("12:06:00", "12:06:00"), record), "counts") == "late");
  CHECK(
      step(of(standing("12:06:00", "12:06:00"), record), "counts").windows.at(0).late_on.at(0).late_seconds ==
      0);
}

TEST_CASE("a record is late for a session once its time and the gap have passed") {
  const auto record = R"({"name":"ann","at":"2026-11-01T12:03:30Z","n":7})";
  CHECK(code(of(standing("12:05:29", "12:05:29"), record), "visits") == "counted");
  const auto late = step(of(standing("12:05:31", "12:05:31"), record), "visits");
  CHECK(late.code == "late");
  CHECK(late.windows.at(0).late_on.at(0).late_seconds == 1);
  CHECK_THAT(late.text, Contains("by 1 second") &&
                            Contains("it came before that partition had reached 2026-11-01T12:05:30Z"));
}

TEST_CASE("a window that has fired without a record's partition counts it as late at the shard") {
  auto f = standing("12:03:00", "12:03:00");
  for (auto& s : f.shards)
    s.fired = at("12:30:00");
  const auto t = of(f, R"({"name":"ann","at":"2026-11-01T12:03:30Z","n":7})");
  CHECK(code(t, "counts") == "late_at_shard");
  CHECK_THAT(step(t, "counts").text, Contains("fired"));
}

TEST_CASE("without figures nothing is late, and the windows are told all the same") {
  const auto t = of(figures{}, R"({"name":"ann","at":"2026-11-01T12:03:30Z","n":7})", "parsed");
  CHECK(code(t, "counts") == "counted");
  CHECK(step(t, "counts").windows.at(0).fired == 0);
}

TEST_CASE("a message without text, or without a value, is a dead letter") {
  CHECK(code(of(now_standing(), R"("")"), "parsed") == "dead_letter");
  CHECK(code(of(now_standing(), "null"), "parsed") == "dead_letter");
}

TEST_CASE("what is no source or parser is refused with what was expected") {
  const auto t = planned_text(stages_text);
  const auto asked = [&](const std::string& stage) {
    const auto found = trace_of(t, {}, stage, {}, 0);
    REQUIRE_FALSE(found);
    return found.error();
  };
  CHECK(asked("no").code == ec::not_found);
  CHECK(asked("counts").code == ec::invalid_argument);
  CHECK_THAT(asked("counts").message, Contains("counts is a window; expected a source or parser"));
}

TEST_CASE("the body of the question names what is wrong with it") {
  const auto why = [](std::string_view text) {
    const auto r = read_traced_record(text);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == ec::invalid_argument);
    return r.error().message;
  };
  CHECK_THAT(why("[]"), Contains("not a JSON object"));
  CHECK_THAT(why("{}"), Contains("there is neither \"record\" nor \"base64\""));
  CHECK_THAT(why(R"({"record":"a","partition":3})"), Contains("\"partition\" is not of its form"));
  CHECK_THAT(why(R"({"record":"a","timestamp":"soon"})"), Contains("\"timestamp\" is not of its form"));
  CHECK_THAT(why(R"({"record":"a","part":"3"})"), Contains("\"part\" is unknown"));
  CHECK_THAT(why(R"({"record":"a","base64":"AA=="})"), Contains("there are both \"record\" and \"base64\""));
  CHECK_THAT(why(R"({"base64":"AA"})"), Contains("\"base64\" is not of its form"));
  CHECK(read_traced_record(R"({"base64":"AP8="})").value().record.value == std::string("\0\xFF", 2));
  const auto all = read_traced_record(
      R"({"record":{"a":1},"key":"k","headers":{"h":"v"},"timestamp":"2026-11-01T12:00:00Z","partition":"3","header":"a,b"})");
  REQUIRE(all);
  CHECK(all->record.value == R"({"a":1})");
  CHECK(all->record.key == "k");
  CHECK(all->record.headers == R"({"h":"v"})");
  CHECK(all->record.timestamp == at("12:00:00").at);
  CHECK(all->partition == "3");
  CHECK(all->header == "a,b");
}

TEST_CASE("a file's columns are named by its header line, which is asked for") {
  const auto t = planned_text(R"json({
    "millrace": 1, "topology": "t",
    "stages": {
      "in": { "source": "file", "path": "clicks.csv" },
      "parsed": { "parser": "csv", "from": "in", "header": true, "schema": { "name": "text", "n": "bigint" } },
      "out": { "sink": "console", "from": "parsed" }
    }
  })json");
  traced_record r;
  r.record.value = "3,ann";
  const auto without = trace_of(t, {}, "in", r, 0);
  REQUIRE_FALSE(without);
  CHECK_THAT(without.error().message, Contains("`header`"));
  r.header = "n,name";
  const auto with = trace_of(t, {}, "in", r, 0);
  REQUIRE(with);
  CAPTURE(with->summary);
  CHECK(with->steps.back().row->text == R"({"name":"ann","n":3})");
}

TEST_CASE("an empty line of a file is not a record") {
  const auto t = planned_text(R"json({
    "millrace": 1, "topology": "t",
    "stages": {
      "in": { "source": "file", "path": "clicks.jsonl" },
      "parsed": { "parser": "json", "from": "in", "schema": { "n": "bigint" } },
      "out": { "sink": "console", "from": "parsed" }
    }
  })json");
  traced_record r;
  r.record.value = "";
  CHECK(code(trace_of(t, {}, "in", r, 0).value(), "parsed") == "blank");
}

TEST_CASE("where a select has the event time, each element has its own, and one that has none says why") {
  const auto t = planned_text(R"json({
  "millrace": 1, "topology": "t",
  "stages": {
    "in": { "source": "kafka", "brokers": "127.0.0.1:1", "topic": "clicks" },
    "parsed": { "parser": "json", "from": "in", "schema": { "l": [{ "at": "timestamp" }] } },
    "ticks": { "transform": "select", "from": "parsed", "columns": { "at": "(unnest(l)).at" }, "event_time": "at" },
    "counts": { "window": "tumbling", "size": "5 minutes", "from": "ticks", "aggregates": { "n": "count(*)" } },
    "total": { "window": "global", "from": "parsed", "aggregates": { "n": "count(*)" } },
    "out": { "sink": "console", "from": ["counts", "total"] }
  }
})json");
  const auto of_list = [&](const std::string& l) {
    const auto r = read_traced_record(R"({"record":{"l":)" + l + "}}");
    REQUIRE(r);
    const auto found = trace_of(t, now_standing(), "in", *r, 0);
    REQUIRE(found);
    return *found;
  };
  const auto good = of_list(
      R"([{"at":"2026-11-01T12:11:00Z"},{"at":"2026-11-01T12:03:30Z"},{"at":"2026-11-01T11:00:00Z"}])");
  CHECK_THAT(step(good, "ticks").text, Contains("the event time of the first is 2026-11-01T12:11:00Z"));
  const auto& windows = step(good, "counts").windows;
  REQUIRE(windows.size() == 3);
  CHECK(windows[0].first_start == at("12:10:00"));
  CHECK(windows[1].first_start == at("12:00:00"));
  CHECK(windows[2].is_late_everywhere);
  CHECK(code(good, "total") == "counted");
  const auto bad = of_list(R"([{"at":"2026-11-01T12:11:00Z"},{}])");
  CHECK(code(bad, "ticks") == "dead_letter");
  CHECK(step(bad, "ticks").error == "no event time in column \"at\": it is null or missing");
}
