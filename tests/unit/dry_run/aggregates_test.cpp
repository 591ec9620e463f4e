// Aggregates within expressions, and the examples of the manual, through whole topologies.
#include "runtime/expression/functions/manual.hpp"
#include "tests/unit/dry_run/dry_run_fixture.hpp"

#include <algorithm>

using namespace millrace;
using namespace millrace::dry_run;
using namespace millrace::dry_run::test;

namespace {

using texts = std::vector<std::string>;

const std::string records = R"_("in": {"source": "kafka", "brokers": "nowhere:1", "topic": "rows"},
  "parsed": {"parser": "json", "from": "in", "event_time": "at", "watermark_delay": "1 minute",
             "schema": {"name": "text", "n": "bigint", "x": "double", "ok": "boolean", "at": "timestamp"}},)_";

std::string unquoted(std::string_view sql) {
  return sql.starts_with('\'') ? "\"" + std::string(sql.substr(1, sql.size() - 2)) + "\"" : std::string(sql);
}

texts example_records() {
  texts out;
  for (const auto& r : expression::example_rows)
    out.push_back(R"({"name":)" + unquoted(r.name) + R"(,"n":)" + std::string(r.n) + R"(,"x":)" +
                  std::string(r.x) + R"(,"ok":)" + std::string(r.ok) + R"(,"at":)" + unquoted(r.at) + "}");
  return out;
}

std::string in_json(std::string_view text) {
  std::string out;
  data::append_json_string(out, text);
  return out;
}

/// The rows of a window with this after its "from", over the example's records.
texts windowed(const std::string& window) {
  const auto t = plan(records + R"("w": {)" + window + R"(, "from": "parsed"},
    "out": {"sink": "console", "from": "w"})");
  const auto r = make(t);
  REQUIRE(r->feed(lines("in", example_records())));
  REQUIRE(r->end());
  return rows_of(*r, "w");
}

}  // namespace

TEST_CASE("the examples of the aggregates have the results that are told") {
  for (const auto& d : expression::described_aggregates()) {
    CAPTURE(d.name, d.example);
    const auto rows = windowed(R"("window": "global", "columns": {"r": "r"}, "aggregates": {"r": )" +
                               in_json("(" + std::string(d.example) + ")::text") + "}");
    CHECK(rows == texts{R"({"r":)" + in_json(d.result) + "}"});
  }
}

TEST_CASE("expressions around aggregates are evaluated on every shape of window, with keys and bounds") {
  const std::string aggregates = R"_("key": "name", "aggregates": {
      "clicks": "count(*)", "mean": "round(avg(n), 1)", "sum": "coalesce(sum(x), 0)",
      "said": "name || ' ' || sum(n) / count(*)", "known": "count(*) filter (where ok) > 0"})_";
  const auto each = [&](const std::string& shape) {
    return windowed(shape + aggregates +
                    R"_(, "columns": {"s": "said", "m": "mean", "c": "clicks", "x": "sum", "k": "known"})_");
  };
  const auto ann = R"_({"s":"ann 2","m":2.5,"c":2,"x":0.5,"k":true})_";
  const auto bob = R"_({"s":"bob 2","m":2.0,"c":1,"x":1.5,"k":false})_";
  const auto eve = R"_({"s":"eve 2","m":2.0,"c":1,"x":4,"k":false})_";
  const auto sorted = [](texts rows) {
    std::sort(rows.begin(), rows.end());
    return rows;
  };
  CHECK(sorted(each(R"("window": "tumbling", "size": "1 minute", )")) == texts{ann, bob, eve});
  CHECK(sorted(each(R"("window": "session", "gap": "1 minute", )")) == texts{ann, bob, eve});
  CHECK(sorted(each(R"("window": "global", )")) == texts{ann, bob, eve});
  const auto in_batch = [](std::string row) { return row.replace(row.size() - 1, 1, R"(,"_batch":1})"); };
  CHECK(sorted(each(R"("window": "global", "emit": "updates", "every": "1 hour", )")) ==
        texts{in_batch(ann), in_batch(bob), in_batch(eve)});
  const auto slid = each(R"("window": "sliding", "size": "1 minute", "slide": "10 s", )");
  CHECK(std::count(slid.begin(), slid.end(), ann) == 4);  // the windows that hold both of its rows
  CHECK(slid.size() == 20);
}

TEST_CASE("a rate goes by the window's bounds") {
  CHECK(windowed(R"_("window": "tumbling", "size": "1 minute", "columns": {"r": "r"},
      "aggregates": {"r": "count(*) / extract(epoch from window_end - window_start)"})_")
            .front()
            .starts_with(R"({"r":0.0666)"));
  CHECK(windowed(R"_("window": "global", "columns": {"r": "r"},
      "aggregates": {"r": "extract(epoch from max(at) - min(at))"})_") == texts{R"({"r":30.000000})"});
}

TEST_CASE("what an expression fails for is a dead letter, and what having turns down cannot fail") {
  const auto run = [](const std::string& having) {
    const auto t =
        plan(records + R"_("w": {"window": "tumbling", "size": "1 minute", "from": "parsed", "key": "name",
      "aggregates": {"ratio": "10 / (count(*) - 1)"}, "columns": {"name": "name", "ratio": "ratio"})_" +
             having + R"_(}, "out": {"sink": "console", "from": "w"})_");
    auto r = make(t);
    REQUIRE(r->feed(lines("in", example_records())));
    REQUIRE(r->end());
    return r;
  };
  const auto all = run("");
  CHECK(rows_of(*all, "w") == texts{R"({"name":"ann","ratio":10})"});
  const auto letters = rows_of(*all, "dead_letters");
  REQUIRE(letters.size() == 2);
  CHECK(letters[0].find("\\\"ratio\\\": division by zero") != std::string::npos);
  for (const auto* const having :
       {R"(, "having": "count(*) > 1")", R"(, "having": "count(*) > 1 and ratio > 5")"}) {
    const auto some = run(having);
    CHECK(rows_of(*some, "w") == texts{R"({"name":"ann","ratio":10})"});
    CHECK(rows_of(*some, "dead_letters").empty());
  }
  const auto named = run(R"(, "having": "ratio > 5")");
  CHECK(rows_of(*named, "dead_letters").size() == 2);
}

TEST_CASE("a window downstream of one reads what expressions and lists give") {
  const auto t = plan(records + R"_("w": {"window": "tumbling", "size": "10 s", "from": "parsed",
      "aggregates": {"mean": "sum(n)::numeric / count(*)", "names": "array_agg(name)"}},
    "all": {"window": "global", "from": "w", "columns": {"m": "m", "names": "names"},
      "aggregates": {"m": "max(mean)", "names": "string_agg(array_to_string(names, '+'), ',')"}},
    "out": {"sink": "console", "from": "all"})_");
  const auto r = make(t);
  REQUIRE(r->feed(lines("in", example_records())));
  REQUIRE(r->end());
  CHECK(rows_of(*r, "all") == texts{R"({"m":4.0000000000000000,"names":"ann,bob,ann,eve"})"});
}
