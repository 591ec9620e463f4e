#include "runtime/expression/formats/time_text.hpp"
#include "tests/unit/dry_run/dry_run_fixture.hpp"

using namespace millrace;
using namespace millrace::dry_run;
using namespace millrace::dry_run::test;

namespace {

const std::string topic = R"_("in": {"source": "kafka", "brokers": "nowhere:1", "topic": "clicks"},)_";
const std::string parsed =
    R"_("parsed": {"parser": "json", "from": "in", "schema": {"u": "text", "t": "timestamp", "n": "bigint"},
                  "event_time": "t", "watermark_delay": "1 minute"},)_";
const std::string updates =
    topic + parsed + R"_("counts": {"window": "tumbling", "size": "1 hour", "from": "parsed", "key": "u",
                   "aggregates": {"c": "count(*)"
}
, "emit" : "updates", "every" : "10 s", "shards" : 3
},
        "out": {"sink": "console", "from": "counts", "columns": {"u": "u", "c": "c", "b": "_batch"}})_";

std::string click(const std::string& user, const std::string& time) {
  return R"_({"u":")_" + user + R"_(","t":"2024-01-01T)_" + time + R"_("})_";
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "every stage's rows can be seen, also those of a window's late rows and of columns that nobody reads") {
  const auto t = plan(topic + parsed + R"_(
    "few": {"transform": "select", "from": "parsed", "columns": {"v": "upper(u)", "t": "t"}, "where": "u <> 'x'"
},
    "counts": {"window": "tumbling", "size": "1 minute", "from": "few", "key": "v",
               "aggregates": {"c": "count(*)"}},
    "out": {"sink": "console", "from": "counts", "order_by": "c desc"})_");
  const auto r = make(t);
  REQUIRE(
      r->feed(lines("in", {click("a", "10:00:00"), click("x", "10:00:01"), click("b", "10:00:02"),
                           click("b", "10:00:03"), click("a", "10:05:00"), click("a", "10:00:30"), "{"})));
  REQUIRE(r->end());
  CHECK(rows_of(*r, "parsed").size() == 6);
  CHECK(rows_of(*r, "parsed").front() == R"_({"u":"a","t":"2024-01-01T10:00:00Z","n":null})_");
  CHECK(rows_of(*r, "few").size() == 5);
  CHECK(rows_of(*r, "few").back() == R"_({"v":"A","t":"2024-01-01T10:00:30Z"})_");
  CHECK(rows_of(*r, "counts.late") == texts{R"_({"v":"A","t":"2024-01-01T10:00:30Z"})_"});
  CHECK(
      rows_of(*r, "out") ==
      texts{
          R"_({"v":"B","c":2,"window_start":"2024-01-01T10:00:00Z","window_end":"2024-01-01T10:01:00Z"})_",
          R"_({"v":"A","c":1,"window_start":"2024-01-01T10:00:00Z","window_end":"2024-01-01T10:01:00Z"})_",
          R"_({"v":"A","c":1,"window_start":"2024-01-01T10:05:00Z","window_end":"2024-01-01T10:06:00Z"})_"});
  CHECK(rows_of(*r, "dead_letters").size() == 1);
}

TEST_CASE("without an end the windows that later records could change stay open") {
  const auto t =
      plan(topic + parsed + R"_("counts": {"window": "tumbling", "size": "1 minute", "from": "parsed",
    "key": "u", "aggregates": {"c": "count(*)"
}
}, "out": {"sink": "console", "from": "counts"})_");
  const auto r = make(t);
  REQUIRE(r->feed(lines("in", {click("a", "10:00:00"), click("a", "10:01:59")})));
  CHECK(rows_of(*r, "out").empty());
  REQUIRE(r->feed(lines("in", {click("b", "10:02:00")})));
  CHECK(rows_of(*r, "out").size() == 1);
  REQUIRE(r->end());
  CHECK(rows_of(*r, "out").size() == 3);
}

TEST_CASE("a tick of updates comes when the event time passes it, with what came before") {
  const auto r = make(plan(updates));
  REQUIRE(r->feed(lines("in", {click("a", "10:00:01"), click("b", "10:00:09"), click("a", "10:00:10"),
                               click("a", "10:00:05"), click("a", "10:00:40")})));
  CHECK(rows_of(*r, "out") ==
        texts{R"_({"u":"a","c":1,"b":1})_", R"_({"u":"b","c":1,"b":1})_", R"_({"u":"a","c":3,"b":2})_"});
  REQUIRE(r->end());
  CHECK(rows_of(*r, "out").back() == R"_({"u":"a","c":4,"b":3})_");
}

TEST_CASE("a sink with a limit writes the first rows of each window, ties by the key") {
  const auto r = make(plan(topic + parsed + R"_("counts": {"window": "tumbling", "size": "1 hour",
    "from": "parsed", "key": "u", "aggregates": {"c": "count(*)"
}
, "shards" : 3
}, "out": {"sink": "console", "from": "counts", "order_by": "c desc", "limit": 2, "columns": {"u": "u", "c": "c"}})_"));
  REQUIRE(r->feed(lines("in", {click("d", "10:00:01"), click("c", "10:00:02"), click("b", "10:00:03"),
                               click("a", "10:00:04"), click("d", "10:00:05"), click("c", "11:00:10"),
                               click("b", "11:00:11"), click("b", "11:00:12")})));
  REQUIRE(r->end());
  CHECK(rows_of(*r, "out") == texts{R"_({"u":"d","c":2})_", R"_({"u":"a","c":1})_", R"_({"u":"b","c":2})_",
                                    R"_({"u":"c","c":1})_"});
}

TEST_CASE("time that is let pass brings a tick, once") {
  const auto r = make(plan(updates));
  REQUIRE(r->feed(lines("in", {click("a", "10:00:01")})));
  r->advance(std::chrono::seconds(8));
  CHECK(rows_of(*r, "out").empty());
  r->advance(std::chrono::seconds(1));
  CHECK(rows_of(*r, "out") == texts{R"_({"u":"a","c":1,"b":1})_"});
  r->advance(std::chrono::hours(1000));
  CHECK(rows_of(*r, "out").size() == 1);
}

TEST_CASE("records of several partitions come in the order of their event times, each partition in its own") {
  const auto r = make(plan(updates), {.partitions = {{"in", {"0", "1"}}}});
  auto records = lines("in", {click("a", "10:00:25"), click("a", "10:00:01")});
  for (auto& b : lines("in", {click("b", "10:00:02"), click("b", "10:00:12")})) {
    b.partition = "1";
    records.push_back(b);
  }
  REQUIRE(r->feed(records));
  CHECK(rows_of(*r, "out") == texts{R"_({"u":"b","c":1,"b":1})_", R"_({"u":"b","c":2,"b":2})_"});
}

TEST_CASE("a partition that is silent for its idle_timeout does not hold windows back") {
  auto stages = topic + parsed + R"_("counts": {"window": "tumbling", "size": "1 minute", "from": "parsed",
    "key": "u", "aggregates": {"c": "count(*)"
}
}, "out": {"sink": "console", "from": "counts"})_";
  stages.replace(stages.find("\"1 minute\"},"), 12, "\"1 minute\", \"idle_timeout\": \"30 s\"},");
  const auto r = make(plan(stages), {.partitions = {{"in", {"0", "1"}}}});
  auto records = lines("in", {click("a", "10:00:00"), click("a", "10:00:30")});
  records.back().partition = "1";
  REQUIRE(r->feed(records));
  r->advance(std::chrono::seconds(20));
  REQUIRE(r->feed(lines("in", {click("a", "10:10:00")})));
  CHECK(rows_of(*r, "out").empty());
  r->advance(std::chrono::seconds(10));
  CHECK(rows_of(*r, "out").size() == 1);
}

TEST_CASE("a topic's record is stored at its event time, unless its timestamp is said") {
  const auto t = plan(topic + parsed + R"_("out": {"sink": "console", "from": "parsed", "columns":
    {"u": "u", "key": "_key", "stored": "_timestamp", "topic": "_topic", "p": "_partition", "at": "_position",
     "h": "_headers", "raw": "_raw"}})_");
  const auto r = make(t);
  auto records = lines("in", {click("a", "10:00:00"), click("b", "10:00:05"), click("c", "12:00:00")});
  records[1].record.timestamp = expression::parse_timestamp("2024-01-01T10:00:07Z").value();
  records[1].record.key = "k";
  records[1].record.headers = R"_({"a":"b"})_";
  records[2].record.timestamp = expression::parse_timestamp("2024-01-01T10:00:07Z").value();
  REQUIRE(r->feed(records));
  CHECK(
      rows_of(*r, "out") ==
      texts{
          R"_({"u":"a","key":null,"stored":"2024-01-01T10:00:00Z","topic":"clicks","p":"0","at":0,"h":{},"raw":"{\"u\":\"a\",\"t\":\"2024-01-01T10:00:00\"}"})_",
          R"_({"u":"b","key":"k","stored":"2024-01-01T10:00:07Z","topic":"clicks","p":"0","at":1,"h":{"a":"b"},"raw":"{\"u\":\"b\",\"t\":\"2024-01-01T10:00:05\"}"})_"});
  REQUIRE(rows_of(*r, "dead_letters").size() == 1);
  CHECK(rows_of(*r, "dead_letters")[0].find("future_skew") != std::string::npos);
}

TEST_CASE("where nothing says a time, the clock stands at its beginning") {
  const std::string stages = topic + R"_("lines": {"parser": "text", "from": "in"},
    "out": {"sink": "console", "from": "lines", "columns": {"at": "_timestamp", "now": "now()"
}
})_";
  const auto r = make(plan(stages));
  REQUIRE(r->feed(lines("in", {"x"})));
  CHECK(rows_of(*r, "out") == texts{R"_({"at":"2000-01-01T00:00:00Z","now":"2000-01-01T00:00:00Z"})_"});
  const auto told = make(plan(stages), {.clock = expression::parse_timestamp("2024-06-01").value()});
  REQUIRE(told->feed(lines("in", {"x"})));
  told->advance(std::chrono::seconds(90));
  REQUIRE(told->feed(lines("in", {"x"})));
  CHECK(rows_of(*told, "out").back() == R"_({"at":"2024-06-01T00:01:30Z","now":"2024-06-01T00:01:30Z"})_");
}

TEST_CASE("positions in a file's sample are those of its lines") {
  const auto r = make(plan(R"_("in": {"source": "file", "path": "/nowhere/x.log"},
    "lines": {"parser": "text", "from": "in"},
    "out": {"sink": "console", "from": "lines", "columns": {"line": "line", "at": "_position", "of": "_topic"}})_"));
  REQUIRE(r->feed(lines("in", {"ab", "c"})));
  REQUIRE(r->feed(lines("in", {"d"})));
  CHECK(rows_of(*r, "out") == texts{R"_({"line":"ab","at":0,"of":"/nowhere/x.log"})_",
                                    R"_({"line":"c","at":3,"of":"/nowhere/x.log"})_",
                                    R"_({"line":"d","at":5,"of":"/nowhere/x.log"})_"});
}

TEST_CASE("a header line names the columns of all that is fed") {
  const auto r = make(plan(R"_("in": {"source": "file", "path": "/nowhere/x.csv"},
    "parsed": {"parser": "csv", "from": "in", "header": true, "schema": {"b": "bigint", "a": "text"}},
    "out": {"sink": "console", "from": "parsed"})_"));
  REQUIRE(r->feed(lines("in", {"a,b", "x,1"})));
  REQUIRE(r->feed(lines("in", {"y,2"})));
  CHECK(rows_of(*r, "out") == texts{R"_({"b":1,"a":"x"})_", R"_({"b":2,"a":"y"})_"});
}

TEST_CASE("under on_error fail the run ends before the record, with the rows so far") {
  auto stages = topic + parsed + R"_("out": {"sink": "console", "from": "parsed"})_";
  stages.replace(stages.find("\"1 minute\"},"), 12, "\"1 minute\", \"on_error\": \"fail\"},");
  const auto r = make(plan(stages));
  const auto fed = r->feed(lines("in", {click("a", "10:00:00"), "nonsense", click("a", "10:00:01")}));
  REQUIRE_FALSE(fed);
  CHECK(describe(fed.error()).find("parsed: partition \"0\", position 1: ") == 0);
  CHECK(rows_of(*r, "out").size() == 1);
}

TEST_CASE("under validate projected what nobody reads is not built, and not shown") {
  auto stages = topic + parsed + R"_("out": {"sink": "console", "from": "parsed", "columns": {"u": "u"}})_";
  stages.replace(stages.find("\"1 minute\"},"), 12, "\"1 minute\", \"validate\": \"projected\"},");
  const auto r = make(plan(stages));
  REQUIRE(r->feed(lines("in", {R"_({"u":"a","t":"2024-01-01","n":"no number"})_"})));
  CHECK(rows_of(*r, "parsed") == texts{R"_({"u":"a","t":"2024-01-01T00:00:00Z"})_"});
  CHECK(rows_of(*r, "out") == texts{R"_({"u":"a"})_"});
}

TEST_CASE("of a sample of any size only so many rows are kept, and all are counted") {
  const auto r = make(plan(topic + R"_("lines": {"parser": "text", "from": "in"},
    "out": {"sink": "console", "from": "lines"})_"),
                      {.keep = 10});
  REQUIRE(r->feed(lines("in", texts(20'000, "x"))));
  const auto kept = rows_of(*r, "out").size();
  CHECK(kept >= 10);
  CHECK(kept < 10'000);
  for (const auto& s : r->rows())
    if (s.name == "out")
      CHECK(s.rows == 20'000);
}

TEST_CASE("where a select has the event time, a record comes at the latest time of its elements") {
  const auto r = make(plan(topic + R"_(
    "parsed": {"parser": "json", "from": "in", "schema": {"l": [{"u": "text", "t": "timestamp"}]}},
    "ticks": {"transform": "select", "from": "parsed", "event_time": "t",
              "columns": {"u": "(unnest(l)).u", "t": "(unnest(l)).t"}},
    "counts": {"window": "tumbling", "size": "1 hour", "from": "ticks", "key": "u",
               "aggregates": {"c": "count(*)"}, "emit": "updates", "every": "10 s"},
    "out": {"sink": "console", "from": "counts", "columns": {"u": "u", "c": "c", "b": "_batch"}})_"));
  const auto list = [](const texts& clicks) {
    std::string out;
    for (const auto& c : clicks)
      out += (out.empty() ? "" : ",") + c;
    return R"_({"l":[)_" + out + "]}";
  };
  REQUIRE(r->feed(lines("in", {list({click("a", "10:00:01"), click("a", "10:00:08")}), list({}),
                               list({click("b", "10:00:02"), click("a", "10:00:12")})})));
  CHECK(rows_of(*r, "out") == texts{R"_({"u":"a","c":2,"b":1})_"});
  r->advance(std::chrono::seconds(10));
  CHECK(rows_of(*r, "out") ==
        texts{R"_({"u":"a","c":2,"b":1})_", R"_({"u":"a","c":3,"b":2})_", R"_({"u":"b","c":1,"b":2})_"});
}
