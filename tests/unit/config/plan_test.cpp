#include "test_catalog.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>

using namespace millrace;
using namespace millrace::config;
using namespace millrace::config::test;

namespace {

topology planned(std::string_view text, const std::vector<std::string>& sets = {},
                 std::string_view overlay = {}) {
  auto result = load_text(text, sets, overlay);
  INFO(lines(result.findings));
  REQUIRE(result.plan);
  return std::move(*result.plan);
}

std::string columns(const data::schema& s) {
  std::string out;
  for (const auto& f : s)
    out += (out.empty() ? "" : ", ") + f.name + " " + f.type.name();
  return out;
}

/// The columns of a parser that are read by anyone.
std::string used(const topology& t, std::string_view parser) {
  const auto& s = *t.find(parser);
  const auto& p = std::get<parser_plan>(s.plan);
  std::string out;
  for (std::size_t i = 0; i < p.used.size(); ++i)
    if (p.used[i])
      out += (out.empty() ? "" : " ") + (*s.schema)[i].name;
  return out;
}

constexpr std::string_view hidden =
    "_raw text, _key text, _timestamp timestamp, _timestamp_type bigint, _topic text, "
    "_partition text, _position bigint, _headers json";

}  // namespace

TEST_CASE("stages come after those they read from, in the order of the file otherwise") {
  const auto t = planned(with_stages(R"json(
    "out": { "sink": "console", "from": ["b", "a"] },
    "a": { "transform": "select", "from": "p", "where": "true" },
    "b": { "transform": "select", "from": "p", "where": "true" },
    "p": { "parser": "json", "from": "s", "schema": { "x": "text" } },
    "s": { "source": "file", "path": "f" })json"));
  std::string order;
  for (const auto& s : t.stages)
    order += s.name + " ";
  CHECK(order == "s p a b out ");
}

TEST_CASE("a parser's columns are the declared ones, then the hidden ones") {
  const auto t = planned(with_stages(R"json(
    "s": { "source": "kafka", "brokers": "b", "topic": "t" },
    "p": { "parser": "json", "from": "s", "watermark_delay": "90 s", "idle_timeout": "1 minute", "max_event_time": "2030-01-01",
           "event_time": "_timestamp", "on_error": "fail", "validate": "projected", "future_skew": "off",
           "schema": { "a": "text", "t": { "type": "timestamp", "format": "%Y-%m-%d %H:%M:%S", "trailing": "ignore" },
                       "venue": { "lat": "double", "tags": ["text"], "type": "text" }, "n": { "type": { "type": "bigint" } } } },
    "o": { "sink": "console", "from": "p", "columns": { "a": "a" } })json"));
  const auto& s = *t.find("p");
  CHECK(columns(*s.schema) ==
        "a text, t timestamp, venue {lat double, tags [text], type text}, n {type bigint}, " +
            std::string(hidden));
  const auto& p = std::get<parser_plan>(s.plan);
  CHECK(p.declared == 4);
  REQUIRE(p.formats.size() == 4);
  CHECK(p.formats[0].format.empty());
  CHECK(p.formats[1].format == "%Y-%m-%d %H:%M:%S");
  CHECK(p.formats[1].trailing_ignored);
  REQUIRE(p.event_time);
  CHECK((*s.schema)[*p.event_time].name == "_timestamp");
  CHECK(p.watermark_delay == micros(90'000'000));
  CHECK(p.idle_timeout == micros(60'000'000));
  CHECK(p.max_event_time == 1'893'456'000'000'000);
  CHECK(p.future_skew == micros::max());
  CHECK(p.fail_on_error);
  CHECK_FALSE(p.validate_whole);
  CHECK(used(t, "p") == "a _timestamp");
}

TEST_CASE("defaults hold where nothing is said") {
  const auto t = planned(downstream_of_parser(R"json("o": { "sink": "console", "from": "parsed" })json"));
  CHECK(t.snapshot_every == micros(1'000'000));
  CHECK(t.commit_every == micros(100'000));
  CHECK_FALSE(t.dead_letters);
  const auto& p = std::get<parser_plan>(t.find("parsed")->plan);
  CHECK(p.watermark_delay == micros(0));
  CHECK_FALSE(p.idle_timeout);
  CHECK(p.future_skew == micros(3'600'000'000));
  CHECK_FALSE(p.fail_on_error);
  CHECK(p.validate_whole);
  CHECK(std::get<source_plan>(t.find("clicks")->plan).bounded);
  CHECK(t.find("clicks")->options.boolean("follow") == false);
  CHECK(t.find("o")->options.text("style") == "table");
  CHECK(t.find("o")->guarantee == "at least once");
  CHECK(planned(downstream_of_parser(R"json("o": { "sink": "console", "from": "parsed" })json"),
                {"snapshot_every=off"})
            .snapshot_every == std::nullopt);
}

TEST_CASE("a type that the catalog lacks is refused with those that it has") {
  const auto result =
      load_text(downstream_of_parser(R"json("o": { "sink": "parquet", "from": "parsed", "path": "t" })json"));
  CHECK_THAT(
      lines(result.findings),
      Catch::Contains("there is no sink \"parquet\"; expected \"console\", \"file\", \"kafka\" or \"sql\""));
}

TEST_CASE("a sink without columns gets all that are not hidden") {
  const auto t = planned(downstream_of_parser(R"json("o": { "sink": "console", "from": "parsed" })json"));
  const auto& s = std::get<sink_plan>(t.find("o")->plan);
  CHECK(s.input.columns.empty());
  CHECK(columns(*s.rows) == "userid text, amount bigint, at timestamp");
  CHECK(used(t, "parsed") == "userid amount at");
}

TEST_CASE("hidden columns stay nameable downstream of selects, and reach a sink that names them") {
  const auto t = planned(downstream_of_parser(R"json(
    "some": { "transform": "select", "from": "parsed", "columns": { "who": "userid", "key": "_key" } },
    "o": { "sink": "kafka", "from": "some", "brokers": "b", "topic": "t", "key": "key", "value": "_raw" })json"));
  CHECK(columns(*t.find("some")->schema) == "who text, key text, " + std::string(hidden));
  CHECK(columns(*std::get<sink_plan>(t.find("o")->plan).rows) == "who text, key text, _raw text");
  CHECK(used(t, "parsed") == "userid at _raw _key");
}

TEST_CASE("a star keeps the other columns at its place") {
  const auto t = planned(downstream_of_parser(R"json(
    "some": { "transform": "select", "from": "parsed", "columns": { "twice": "amount * 2", "*": true, "userid": "upper(userid)" } },
    "o": { "sink": "console", "from": "some" })json"));
  CHECK(columns(*std::get<sink_plan>(t.find("o")->plan).rows) ==
        "twice bigint, amount bigint, at timestamp, userid text");
}

TEST_CASE("only what a later stage reads is used: filters, keys, aggregates, late readers") {
  const auto make = [](const std::string& window, const std::string& rest) {
    return planned(with_stages(R"json(
      "s": { "source": "file", "path": "f" },
      "p": { "parser": "json", "from": "s", "event_time": "t",
             "schema": { "a": "text", "b": "bigint", "c": "bigint", "d": "boolean", "e": "text", "t": "timestamp" } },
      "w": { "window": "tumbling", "from": "p", "size": "1 minute", )json" +
                               window + " }," + rest));
  };
  const std::string sink = R"json("o": { "sink": "console", "from": "w" })json";
  CHECK(used(make(R"json("key": "a", "aggregates": { "n": "count(*)" })json", sink), "p") == "a t");
  CHECK(used(make(R"json("key": "a", "aggregates": { "n": "sum(b) filter (where c > 1)" })json", sink),
             "p") == "a b c t");
  CHECK(used(make(R"json("key": "a", "where": "d")json", sink), "p") == "a d t");
  CHECK(used(make(R"json("key": "a", "aggregates": { "n": "count(*)" }, "having": "max(c) > 1")json", sink),
             "p") == "a c t");
  CHECK(used(make(R"json("key": "a", "aggregates": { "n": "count(*)" })json",
                  sink + R"json(, "l": { "sink": "console", "from": "w.late",
    "columns": { "e": "e" } })json"),
             "p") == "a e t");
  CHECK(
      used(make(R"json("key": "a")json", sink + R"json(, "l": { "sink": "console", "from": "w.late" })json"),
           "p") == "a b c d e t");
}

TEST_CASE("an unnest reads its list and what stands beside it, and has the type of the elements") {
  const auto t = planned(with_stages(R"json(
    "s": { "source": "file", "path": "f" },
    "p": { "parser": "json", "from": "s", "schema": { "id": "bigint", "other": "text", "items": [{ "sku": "text", "qty": "bigint" }] } },
    "a": { "transform": "select", "from": "p", "columns": { "id": "id", "item": "unnest(items)", "qty": "(unnest(items)).qty + id" } },
    "o": { "sink": "console", "from": "a" })json"));
  CHECK(columns(*t.find("a")->schema) ==
        "id bigint, item {sku text, qty bigint}, qty bigint, " + std::string(hidden));
  CHECK(used(t, "p") == "id items");
  CHECK_THAT(describe_plan(t),
             Catch::Contains("a row for each element of the list, none where it is empty or null"));
}

TEST_CASE("a window gives keys, aggregates and its bounds, under its own columns") {
  const auto t = planned(downstream_of_parser(R"json(
    "w": { "window": "sliding", "from": "parsed", "size": "10 minutes", "slide": "1 minute", "allowed_lateness": "30 s",
           "key": ["userid"], "aggregates": { "n": "count(*)", "total": "sum(amount)", "mean": "avg(amount)" },
           "where": "amount > 0", "having": "n > 2 and max(amount) < 100", "shards": 7, "retain": "1 GB", "retain_memory": "16 MB",
           "columns": { "from": "window_start", "userid": "userid", "total": "total" } },
    "o": { "sink": "console", "from": "w", "order_by": ["total desc", "userid"] })json"));
  const auto& w = std::get<window_plan>(t.find("w")->plan);
  CHECK(w.definition.size == micros(600'000'000));
  CHECK(w.definition.slide == micros(60'000'000));
  CHECK(w.definition.allowed_lateness == micros(30'000'000));
  CHECK(w.definition.shards == 7);
  CHECK(w.retain == 1'000'000'000);
  CHECK(w.retain_memory == 16'000'000);
  CHECK(columns(*w.definition.output) ==
        "userid text, n bigint, total bigint, mean double, window_start timestamp, window_end timestamp");
  CHECK(w.definition.aggregate_fields.size() == 3);
  REQUIRE(w.definition.aggregates.size() == 4);
  CHECK(w.sides[0].arguments.size() == 4);
  CHECK(w.sides[0].filters.size() == 4);
  CHECK_FALSE(w.sides[0].arguments[0]);
  CHECK(w.sides[0].arguments[3]);
  CHECK(w.definition.having);
  CHECK(w.sides[0].input.where);
  CHECK(w.sides[0].input.stage == "w");
  CHECK(w.sides[0].key_columns == std::vector<std::size_t>{0});
  CHECK(columns(*t.find("w")->schema) == "from timestamp, userid text, total bigint");
  const auto& o = std::get<sink_plan>(t.find("o")->plan);
  REQUIRE(o.order.by.size() == 2);
  CHECK(o.order.by[0].column == 2);
  CHECK(o.order.by[0].descending);
  CHECK(o.order.by[1].column == 1);
  CHECK_FALSE(o.order.by[1].descending);
}

TEST_CASE("late rows have the columns of the window's input") {
  const auto t = planned(downstream_of_parser(R"json(
    "w": { "window": "tumbling", "from": "parsed", "size": "1 minute", "key": "userid" },
    "o": { "sink": "console", "from": "w" },
    "l": { "sink": "kafka", "from": "w.late", "brokers": "b", "topic": "t", "value": "_raw" })json"));
  CHECK(t.find("l")->from[0].late);
  CHECK(t.find("l")->from[0].stage == "w");
  CHECK(columns(*std::get<sink_plan>(t.find("l")->plan).rows) ==
        "userid text, amount bigint, at timestamp, _raw text");
}

TEST_CASE("numbers and booleans may come from the environment, and text options take numbers from --set") {
  ::setenv("MILLRACE_T_FOLLOW", "true", 1);
  const auto t = planned(downstream_of_parser(R"json(
    "w": { "window": "tumbling", "from": "parsed", "size": "${MILLRACE_T_SIZE:-2 minutes}", "key": "userid", "shards": "${MILLRACE_T_SHARDS:-3}" },
    "o": { "sink": "kafka", "from": "w", "brokers": "b", "topic": "x" })json"),
                         {"stages.clicks.follow=${MILLRACE_T_FOLLOW}", "stages.o.topic=123"});
  ::unsetenv("MILLRACE_T_FOLLOW");
  CHECK(std::get<window_plan>(t.find("w")->plan).definition.shards == 3);
  CHECK(std::get<window_plan>(t.find("w")->plan).definition.size == micros(120'000'000));
  CHECK(t.find("clicks")->options.boolean("follow"));
  CHECK(t.find("o")->options.text("topic") == "123");
}

TEST_CASE("secrets reach the connector, and neither the plan's text nor a finding") {
  ::setenv("MILLRACE_T_PASSWORD", "hunter2", 1);
  const auto text = downstream_of_parser(R"json(
    "o": { "sink": "sql", "from": "parsed", "connection": "mysql://me:${MILLRACE_T_PASSWORD}@h/db", "table": "x" },
    "p": { "sink": "sql", "from": "parsed", "connection": "mysql://me:written down@h/db", "table": "x" })json");
  const auto t = planned(text);
  CHECK(t.find("o")->options.text("connection") == "mysql://me:hunter2@h/db");
  const auto plan = describe_plan(t);
  CHECK(plan.find("hunter2") == std::string::npos);
  CHECK(plan.find("written down") == std::string::npos);
  CHECK(plan.find("mysql://me:***@h/db") != std::string::npos);
  CHECK(std::find(t.secrets.begin(), t.secrets.end(), "hunter2") != t.secrets.end());
  const auto broken =
      load_text(text, {"stages.o.table=", "stages.o.mode=hunter2", "stages.p.where=userid = hunter2"});
  CHECK_FALSE(broken.plan);
  CHECK(lines(broken.findings).find("hunter2") == std::string::npos);
  ::unsetenv("MILLRACE_T_PASSWORD");
}

TEST_CASE("what the environment gives to plain options may be shown, what may be secret may not") {
  const std::map<std::string, std::string> given{
      {"MILLRACE_T_BROKERS", "broker1:9092"},   {"MILLRACE_T_KEY", "no_column"},
      {"MILLRACE_T_TOKEN", "t0psecret"},        {"MILLRACE_T_HOST", "db.example"},
      {"MILLRACE_T_DB_PASSWORD", "p@ss/word"},  {"MILLRACE_T_URL", "mysql://me:s%65cret%40@h/db"},
      {"MILLRACE_T_EVERY", "100 milliseconds"}, {"MILLRACE_T_NAME", "customer name"}};
  for (const auto& [name, value] : given)
    ::setenv(name.c_str(), value.c_str(), 1);
  const auto text = downstream_of_parser(R"json(
    "a": { "sink": "kafka", "from": "parsed", "brokers": "${MILLRACE_T_BROKERS}", "topic": "x.${MILLRACE_T_TOKEN}" },
    "b": { "sink": "sql", "from": "parsed", "connection": "mysql://me:${MILLRACE_T_DB_PASSWORD}@${MILLRACE_T_HOST}/db", "table": "x" },
    "c": { "sink": "sql", "from": "parsed", "connection": "${MILLRACE_T_URL}", "table": "x" },
    "d": { "sink": "console", "from": "parsed", "where": "userid <> '${MILLRACE_T_NAME}'" })json");
  const auto t = planned(text, {"commit_every=${MILLRACE_T_EVERY}"});
  const auto kept = [&](const std::string& value) {
    return std::find(t.secrets.begin(), t.secrets.end(), value) != t.secrets.end();
  };
  CHECK_FALSE(kept("broker1:9092"));
  CHECK_FALSE(kept("db.example"));
  CHECK_FALSE(kept("100 milliseconds"));
  CHECK(kept("customer name"));  // a text that is no place
  CHECK(kept("t0psecret"));      // any option counts: the variable's name decides
  CHECK(kept("p@ss/word"));
  CHECK(kept("p%40ss%2Fword"));
  CHECK(kept("p%40ss%2fword"));
  CHECK(kept("mysql://me:s%65cret%40@h/db"));
  CHECK(kept("s%65cret%40"));
  CHECK(kept("secret@"));
  const auto broken = load_text(text, {"stages.a.key=${MILLRACE_T_BROKERS}", "stages.b.mode=p%40ss%2Fword"});
  const auto found = lines(broken.findings);
  CHECK(found.find("p%40ss%2Fword") == std::string::npos);
  CHECK(found.find("t0psecret") == std::string::npos);
  for (const auto& [name, value] : given)
    ::unsetenv(name.c_str());
}

TEST_CASE("a value that one option may show and another may not is kept") {
  ::setenv("MILLRACE_T_BOTH", "hunter2", 1);
  const auto t = planned(downstream_of_parser(R"json(
    "a": { "sink": "kafka", "from": "parsed", "brokers": "${MILLRACE_T_BOTH}", "topic": "x" },
    "b": { "sink": "sql", "from": "parsed", "connection": "mysql://me:${MILLRACE_T_BOTH}@h/db", "table": "x" })json"));
  CHECK(std::find(t.secrets.begin(), t.secrets.end(), "hunter2") != t.secrets.end());
  ::unsetenv("MILLRACE_T_BOTH");
}

TEST_CASE("an own sink for dead letters gets their columns") {
  const auto t = planned(downstream_of_parser(R"json("o": { "sink": "console", "from": "parsed" })json"),
                         {R"json(dead_letters={"sink":"file","path":"d","where":"stage = 'parsed'"})json"});
  REQUIRE(t.dead_letters);
  CHECK(columns(*std::get<sink_plan>(t.dead_letters->plan).rows) ==
        "id text, stage text, partition text, position bigint, error text, record text, record_base64 text, "
        "time "
        "timestamp");
}

TEST_CASE("the fingerprint changes with what the state means, and with nothing else") {
  const auto text = downstream_of_parser(R"json(
    "some": { "transform": "select", "from": "parsed", "where": "amount > 0" },
    "w": { "window": "tumbling", "from": "some", "size": "1 minute", "key": "userid", "aggregates": { "n": "count(*)" } },
    "o": { "sink": "console", "from": "w" })json");
  const auto base = planned(text).state_fingerprint;
  const auto with = [&](const std::string& set) { return planned(text, {set}).state_fingerprint; };
  for (const auto* same : {"stages.clicks.path=other", "stages.clicks.rate=1/s", "stages.o.style=json",
                           "title=x", "stages.some.where=amount > 1", "stages.parsed.watermark_delay=1 hour",
                           "stages.w.columns={\"n\": \"n\"}", "commit_every=1 s"}) {
    CAPTURE(same);
    CHECK(with(same) == base);
  }
  CHECK(planned(text, {}, R"json({"stages":{"another":{"sink":"console","from":"w"}}})json")
            .state_fingerprint == base);
  for (const auto* other :
       {"topology=u", "stages.w.size=2 minutes", "stages.w.key=at", "stages.w.shards=5",
        "stages.w.aggregates={\"n\":\"count(userid)\"}", "stages.w.aggregates={\"m\":\"count(*)\"}",
        "stages.w.allowed_lateness=1 s", "stages.w.having=max(amount) > 1",
        "stages.parsed.schema.amount=double", "stages.parsed.schema.more=text",
        "stages.parsed.schema.at={\"type\":\"timestamp\",\"zone\":\"Europe/Paris\"}"}) {
    CAPTURE(other);
    CHECK(with(other) != base);
  }
  const auto nested =
      with(R"(stages.parsed.schema.more=[{"since":{"type":"timestamp","zone":"europe/paris"}}])");
  CHECK(nested.find(R"( zone("more"[]."since")=Europe/Paris)") != std::string::npos);
  CHECK(nested.find("\ntzdata ") != std::string::npos);
  CHECK(base.find("\ntzdata ") == std::string::npos);
  CHECK(planned(text, {},
                R"json({"stages":{"clicks":{"source":"kafka","path":null,"brokers":"b","topic":"t"}}})json")
            .state_fingerprint != base);
}

TEST_CASE("a ring, a bad name and a broken stage do not keep others from being checked") {
  const auto found = lines(load_text(downstream_of_parser(R"json(
    "a": { "transform": "select", "from": "b", "where": "nope" },
    "b": { "transform": "select", "from": "a" },
    "o": { "sink": "console", "from": "parsed", "where": "nope" })json"))
                               .findings);
  CHECK(found.find("stages form a ring") != std::string::npos);
  CHECK(found.find("stages.o.where") != std::string::npos);
  CHECK(found.find("stages.a.where") == std::string::npos);
}

TEST_CASE("a thousand stages are checked in no time, more are refused") {
  const auto make = [](int n) {
    std::string text =
        R"json("s": { "source": "file", "path": "f" }, "p": { "parser": "json", "from": "s", "schema": { "a": "text" } })json";
    for (int i = 0; i < n; ++i)
      text += ",\"t" + std::to_string(i) +
              R"json(": { "transform": "select", "where": "a = 'x'", "from": ")json" +
              (i == 0 ? "p" : "t" + std::to_string(i - 1)) + "\" }";
    return with_stages(text);
  };
  CHECK(load_text(make(990)).plan);
  CHECK(lines(load_text(make(1100)).findings).find("there are 1102 stages; expected at most 1000") !=
        std::string::npos);
}

TEST_CASE("a stage has 20,000 columns at most, however they come into it; more are refused before they are "
          "planned") {
  const auto many = [](int n, const std::string& prefix, const std::string& value) {
    std::string out;
    for (int i = 0; i < n; ++i)
      out += (i == 0 ? "\"" : ", \"") + prefix + std::to_string(i) + "\": \"" + value + "\"";
    return out;
  };
  const auto topology = [](const std::string& schema, const std::string& stages) {
    return with_stages(R"json("s": { "source": "file", "path": "f" },
      "p": { "parser": "json", "from": "s", "event_time": "t", "schema": { "t": "timestamp", )json" +
                       schema + " } }, " + stages);
  };
  const std::string sink = R"json("o": { "sink": "console", "from": "x" })json";
  const auto says = [](const std::string& text) { return lines(load_text(text).findings); };
  const auto flat =
      says(topology(many(20'000, "c", "text"), R"json("o": { "sink": "console", "from": "p" })json"));
  CHECK_THAT(flat,
             Catch::Contains("stages.p.schema: there are 20001 columns; expected at most 20000 in a stage"));
  CHECK_THAT(says(topology("\"o\": { " + many(20'000, "c", "text") + " }",
                           R"json("o": { "sink": "console", "from": "p" })json")),
             Catch::Contains("stages.p.schema.o: there are 20002 columns"));
  CHECK_THAT(says(topology("\"a\": \"bigint\"",
                           R"json("x": { "transform": "select", "from": "p", "columns": { "*": true, )json" +
                               many(20'000, "c", "a") + " } }, " + sink)),
             Catch::Contains("stages.x.columns: there are 200") &&
                 Catch::Contains("columns; expected at most 20000"));
  CHECK_THAT(says(topology("\"a\": \"bigint\"",
                           R"json("x": { "window": "tumbling", "size": "1 min", "from": "p", "key": ["a"],
                                                    "aggregates": { )json" +
                               many(20'000, "c", "count(*)") + " } }, " + sink)),
             Catch::Contains("stages.x.aggregates: there are 20001 columns"));
}

TEST_CASE("a column may be called password without its type becoming a secret") {
  const auto found = load_text(with_stages(R"json(
    "s": { "source": "file", "path": "f" },
    "p": { "parser": "json", "from": "s", "schema": { "password": "text", "token": "text" } },
    "o": { "sink": "console", "from": "p", "where": "text = 'x'", "columns": { "token": "password" } })json"));
  CHECK(lines(found.findings).find("***") == std::string::npos);
  CHECK(lines(found.findings).find("there is no column \"text\"") != std::string::npos);
}

TEST_CASE("a short password does not hide the rest of the message") {
  const auto found = lines(load_text(downstream_of_parser(R"json(
    "o": { "sink": "sql", "from": "parsed", "connection": "mysql://u:p@h/db", "tabel": "x" })json"))
                               .findings);
  CHECK(found.find("sink \"sql\" has no \"tabel\"") != std::string::npos);
}

TEST_CASE("any changed byte of a topology gives a plan or findings, and never a crash") {
  const auto text = downstream_of_parser(R"json(
    "w": { "window": "sliding", "from": "parsed", "size": "2 m", "slide": "1 m", "key": "userid", "aggregates": { "n": "sum(amount)" }, "having": "n > 1" },
    "o": { "sink": "file", "from": "w", "path": "${X:-o}", "roll": { "age": "1 s" }, "where": "n in (1, 2)", "order_by": "n desc" })json");
  for (std::size_t i = 0; i < text.size(); ++i)
    for (const char c : {'"', '}', '\\', 'x', '0', ' '}) {
      auto changed = text;
      changed[i] = c;
      const auto result = load_text(changed);
      if (!result.plan)
        CHECK_FALSE(result.findings.empty());
    }
}

TEST_CASE("the fingerprint has the expression of a select's event time, wherever the select stands") {
  const auto text = with_stages(R"json(
    "s": { "source": "file", "path": "f" },
    "p": { "parser": "json", "from": "s", "schema": { "l": [{ "at": "timestamp", "seen": "timestamp" }] } },
    "e": { "transform": "select", "from": "p", "columns": { "at": "(unnest(l)).at" }, "event_time": "at" },
    "w": { "window": "tumbling", "from": "e", "size": "1 minute", "aggregates": { "n": "count(*)" } },
    "o": { "sink": "console", "from": "w" })json");
  const auto t = planned(text);
  CHECK(std::get<parser_plan>(t.find("p")->plan).timed_select == "e");
  CHECK(std::get<transform_plan>(t.find("e")->plan).event_time == 0);
  CHECK_THAT(t.state_fingerprint, Catch::Contains(R"( event_time=unnested("(unnest(l)).at"))"));
  CHECK(planned(text, {"stages.e.where=l is not null"}).state_fingerprint == t.state_fingerprint);
  CHECK(planned(text, {"stages.e.columns.at=(unnest(l)).seen"}).state_fingerprint != t.state_fingerprint);
}
