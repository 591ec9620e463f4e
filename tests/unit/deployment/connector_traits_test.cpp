#include "actors/catalog.hpp"
#include "actors/deployment/start_positions.hpp"
#include "tests/support/planned.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace;

namespace {

config::topology planned_with(const std::string& stages) { return *test::planned(stages); }

config::source_traits traits_of_source(const std::string& options) {
  const auto t = planned_with(
      R"("in": {)" + options +
      R"(}, "rows": {"parser": "text", "from": "in"}, "out": {"sink": "console", "from": "rows"})");
  return config::traits_of(*t.find("in"));
}

}  // namespace

TEST_CASE("each connector makes what its kind is") {
  for (const auto& declared : connectors()) {
    config::stage stage;
    stage.kind = declared.kind;
    stage.type = declared.type;
    INFO(declared.type);
    const auto& c = connector_of(stage);
    CHECK(static_cast<bool>(c.reader) == (declared.kind == config::stage_kind::source));
    CHECK(static_cast<bool>(c.parser) == (declared.kind == config::stage_kind::parser));
    CHECK(static_cast<bool>(c.writer) == (declared.kind == config::stage_kind::sink));
    CHECK((c.declared.source || declared.kind != config::stage_kind::source));
  }
}

TEST_CASE("each source says how its log is read and where it runs") {
  const auto kafka = traits_of_source(R"("source": "kafka", "brokers": "b:1", "topic": "active")");
  CHECK(kafka.log == "active");
  CHECK(kafka.place == "active at b:1");
  CHECK(kafka.identity_by_lane);
  CHECK(kafka.gives_again);
  CHECK(kafka.asks_server);
  CHECK_FALSE(kafka.bounded);
  CHECK_FALSE(kafka.has_own_files);

  const auto file = traits_of_source(R"("source": "file", "path": "in.log")");
  CHECK(file.log == "in.log");
  CHECK(file.bounded);
  CHECK(file.goes_on);
  CHECK(file.by_bytes);
  CHECK(file.has_own_files);
  CHECK_FALSE(file.asks_server);
  CHECK_FALSE(file.identity_by_lane);
  CHECK_FALSE(file.is_standard_input);

  const auto followed = traits_of_source(R"("source": "file", "path": "in.log", "follow": true)");
  CHECK_FALSE(followed.bounded);
  CHECK_FALSE(followed.goes_on);
  CHECK(followed.gives_header);

  const auto standard_input = traits_of_source(R"("source": "file", "path": "-")");
  CHECK(standard_input.is_standard_input);
  CHECK(standard_input.splits_once);
  CHECK(standard_input.bounded);
  CHECK_FALSE(standard_input.goes_on);

  const auto server =
      traits_of_source(R"("source": "http_server", "listen": "127.0.0.1:0", "routes": {"/in": {}})");
  CHECK(server.receives);
  CHECK(server.log == "127.0.0.1:0");
  const auto stream = traits_of_source(R"("source": "http_stream", "url": "http://h/in")");
  CHECK(stream.receives);
  CHECK(stream.place == "http://h/in");
  const auto table = traits_of_source(
      R"("source": "sql", "connection": "postgresql://u:p@h/d", "table": "customers", "key": "id")");
  CHECK(table.receives);
  CHECK(table.place.find("customers of postgresql://u@h") == 0);
  CHECK_FALSE(table.bounded);
  CHECK_FALSE(table.has_own_files);
  CHECK(traits_of_source(
            R"("source": "sql", "connection": "sqlite3://x.db", "query": "select 1 as id", "key": "id")")
            .has_own_files);

  const auto generator = traits_of_source(R"("source": "generator", "kind": "clicks", "count": 10)");
  CHECK(generator.bounded);
  CHECK(generator.log.empty());
  CHECK_FALSE(generator.asks_server);
}

TEST_CASE("a spool may lie in the store of a cluster, but for what one machine has") {
  auto t = planned_with(
      R"("in": {"source": "http_stream", "url": "http://h/in"}, "rows": {"parser": "text", "from": "in"},
         "out": {"sink": "console", "from": "rows"})");
  const auto source = std::ranges::find(t.stages, "in", &config::stage::name);
  REQUIRE(source != t.stages.end());
  CHECK(deployment::spools_in_store(t, *source));
  std::get<config::source_plan>(source->plan).has_own_files = true;
  CHECK_FALSE(deployment::spools_in_store(t, *source));
}

TEST_CASE("each sink says where its target is and what others read of it") {
  const auto of = [](const std::string& options) {
    const auto t = planned_with(
        R"("in": {"source": "file", "path": "in.log"}, "rows": {"parser": "text", "from": "in"}, "out": {)" +
        options + R"(, "from": "rows"})");
    return config::sink_traits_of(*t.find("out"));
  };
  using format = config::written_table::format;
  const auto console = of(R"("sink": "console")");
  CHECK(console.gives_up_later);
  CHECK(console.on_one_disk);
  CHECK_FALSE(console.table);

  const auto file = of(R"("sink": "file", "path": "a/../out.csv", "format": "csv")");
  CHECK(file.own_file == "out.csv");
  REQUIRE(file.table);
  CHECK(file.table->kind == format::csv);
  CHECK(file.table->location == "a/../out.csv");
  CHECK(of(R"("sink": "file", "path": "/dev/null", "format": "json")").own_file.empty());

  const auto sqlite = of(R"("sink": "sql", "connection": "sqlite3://x.db", "table": "t")");
  CHECK(sqlite.on_one_disk);
  REQUIRE(sqlite.table);
  CHECK(sqlite.table->kind == format::database);
  CHECK(sqlite.table->location == "t");
  CHECK_FALSE(of(R"("sink": "sql", "connection": "postgresql://h/d", "table": "t")").on_one_disk);

  const auto kafka = of(R"("sink": "kafka", "brokers": "b:1", "topic": "out", "key": "line")");
  CHECK_FALSE(kafka.on_one_disk);
  CHECK(kafka.columns_named == std::vector<std::string>{"line"});
}

TEST_CASE("each sink says what a fresh start does with what its target holds") {
  const auto of = [](const std::string& options) {
    const auto t = planned_with(
        R"("in": {"source": "file", "path": "in.log"}, "rows": {"parser": "text", "from": "in"}, "out": {)" +
        options + R"(, "from": "rows"})");
    return config::sink_traits_of(*t.find("out")).fresh;
  };
  using config::at_fresh_start;
  CHECK(of(R"("sink": "console")") == at_fresh_start::gives_again);
  CHECK(of(R"("sink": "file", "path": "out.csv", "format": "csv")") == at_fresh_start::empties_file);
  CHECK(
      of(R"("sink": "file", "path": "out.csv", "format": "csv", "roll": {"rows": 5}, "at_start": "empty")") ==
      at_fresh_start::removes_own_files);
  CHECK(of(R"("sink": "file", "path": "/dev/null", "format": "json")") == at_fresh_start::gives_again);
  CHECK(of(R"("sink": "sql", "connection": "sqlite3://x.db", "table": "t")") == at_fresh_start::adds);
  CHECK(
      of(R"("sink": "sql", "connection": "sqlite3://x.db", "table": "t", "mode": "upsert", "key": "line")") ==
      at_fresh_start::replaces_by_key);
  CHECK(of(R"("sink": "kafka", "brokers": "b:1", "topic": "out", "key": "line")") == at_fresh_start::adds);
}
