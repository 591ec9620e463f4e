// Rows that a window takes back, on their way through selects into what a sink writes.
#include "actors/catalog.hpp"
#include "actors/deployment/window_edges.hpp"
#include "actors/stream/sink/rows_to_write.hpp"
#include "config/load_text.hpp"
#include "runtime/data/render.hpp"
#include "runtime/window/window_rows.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace millrace;

namespace {

using strings = std::vector<std::string>;

struct change {
  bool removed;
  std::string user;
  std::int64_t n;
  event_micros start;
};

/// A topology whose window gives these changes as one tick to the sink `out`.
class tick {
public:
  explicit tick(const std::string& stages) {
    auto loaded = config::load_text(R"j({"millrace": 1, "topology": "shop", "stages": {
      "clicks": {"source": "file", "path": "in"},
      "parsed": {"parser": "json", "from": "clicks", "schema": {"u": "text", "t": "timestamp"}, "event_time": "t"},
      "visits": {"window": "session", "gap": "10 s", "from": "parsed", "key": ["u"], "emit": "updates", "every": "1 s",
                 "aggregates": {"n": "count(*)"}},)j" +
                                        stages + "}}",
                                    "shop.json", connectors());
    for (const auto& f : loaded.findings)
      findings += config::to_string(f) + "\n";
    INFO(findings);
    REQUIRE(loaded.plan);
    topology_ = std::move(*loaded.plan);
  }

  /// The rows of the sink, as JSON, in order.
  strings gives(const std::vector<change>& changes) {
    const auto sink = static_cast<std::uint32_t>(topology_.stages.size() - 1);
    const auto inputs = deployment::window_inputs_of_sink(topology_, sink);
    const auto& plan = std::get<config::sink_plan>(topology_.stages[sink].plan);
    delivery::whole_window w{inputs.front().stage, 1, {}};
    for (const bool removed : {false, true})
      w.frames.push_back(frame(changes, removed));
    const auto formed = sink::form_rows_to_write(w, inputs.front(), topology_, plan.rows, plan.order, 7, 0);
    CHECK(formed.failed.empty());
    counts = formed.counts;
    strings out;
    for (const auto& b : formed.batches)
      for (std::size_t row = 0; row < b.rows; ++row)
        data::append_json_row(out.emplace_back(), b, row);
    return out;
  }

  std::string findings;
  delivery::ledger counts;

private:
  [[nodiscard]] delivery::output_frame frame(const std::vector<change>& changes, bool removed) const {
    const auto& d = std::get<config::window_plan>(topology_.find("visits")->plan).definition;
    data::column_builder user(data::type_id::text), n(data::type_id::bigint), start(data::type_id::timestamp),
        end(data::type_id::timestamp);
    std::uint32_t rows = 0;
    for (const auto& c : changes) {
      if (c.removed != removed)
        continue;
      ++rows;
      user.append_text(c.user);
      c.removed ? n.append_null() : n.append_int(c.n);
      start.append_int(c.start);
      end.append_int(c.start + 10);
    }
    delivery::fired_window w{0,
                             std::make_shared<data::batch>(data::batch{
                                 d.output, {user.finish(), n.finish(), start.finish(), end.finish()}, rows}),
                             {}};
    window::add_removed_column(w, removed);
    delivery::output_frame f;
    f.log = "visits/0/0";
    f.rows = w.rows;
    f.end = rows;
    f.reached = {1, whole};
    return f;
  }

  config::topology topology_;
};

const std::string upsert =
    R"j("sink": "sql", "connection": "sqlite3:///tmp/x.db", "table": "t", "mode": "upsert")j";

}  // namespace

TEST_CASE("rows that are taken back are deleted by key, before the others of their tick") {
  tick t(R"j("out": {)j" + upsert + R"j(, "from": "visits", "key": ["u", "window_start"]})j");
  CHECK(t.findings.empty());
  CHECK(
      t.gives({{false, "a", 3, 0}, {true, "b", 0, 0}}) ==
      strings{
          R"j({"u":"b","n":null,"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:00.00001Z","_delete":true})j",
          R"j({"u":"a","n":3,"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:00.00001Z","_delete":false})j"});
  CHECK(t.counts["out"].out == 2);
}

TEST_CASE("a row with the same key of the sink takes the place of one that is taken back") {
  tick t(R"j("out": {)j" + upsert + R"j(, "from": "visits", "key": "u", "columns": {"u": "u", "n": "n"}})j");
  CHECK(t.gives({{true, "a", 0, 0}, {false, "a", 3, 5}, {true, "b", 0, 0}}) ==
        strings{R"j({"u":"b","n":null,"_delete":true})j", R"j({"u":"a","n":3,"_delete":false})j"});
  CHECK(t.counts["out"].in == 3);
  CHECK(t.counts["out"].out == 2);
  CHECK(t.counts["out"].filtered == 1);
}

TEST_CASE("selects are carried out as far as keys and bounds decide") {
  tick t(
      R"j("named": {"transform": "select", "from": "visits", "where": "u <> 'x' and window_start is not null",
                      "columns": {"name": "upper(u)", "twice": "2 * n", "one": "1 / (n - n + 1)", "s": "window_start"}},
            "big": {"transform": "select", "from": "named", "where": "twice > 4"},
            "out": {)j" +
      upsert + R"j(, "from": "big", "key": ["name", "s"], "delete": "twice > 100"})j");
  CHECK(t.findings.find("takes the row back") != std::string::npos);  // the second `where` reads an aggregate
  CHECK(t.gives({{true, "a", 0, 0}, {true, "x", 0, 0}, {false, "c", 1, 0}, {false, "d", 60, 0}}) ==
        strings{R"j({"name":"A","twice":null,"one":null,"s":"1970-01-01T00:00:00Z","_delete":true})j",
                R"j({"name":"D","twice":120,"one":1,"s":"1970-01-01T00:00:00Z","_delete":true})j"});
  CHECK(t.counts["named"].in == 4);
  CHECK(t.counts["named"].filtered == 1);
  CHECK(t.counts["big"].filtered == 1);
}

TEST_CASE("a sink that only adds rows leaves them, and check says so") {
  tick t(R"j("out": {"sink": "file", "from": "visits", "path": "out"})j");
  CHECK(t.findings.find(R"j("visits" takes rows back)j") != std::string::npos);
  CHECK(t.gives({{true, "a", 0, 0}, {false, "b", 1, 0}}).size() == 1);
  CHECK(t.counts["out"].filtered == 1);
  CHECK(t.counts["out"].out == 1);
}

TEST_CASE("a column shows the change") {
  tick t(
      R"j("out": {"sink": "file", "from": "visits", "path": "out", "columns": {"c": "_change", "u": "u", "n": "n"}})j");
  CHECK(t.findings.empty());
  CHECK(t.gives({{false, "a", 3, 0}, {true, "a", 0, 5}}) ==
        strings{R"j({"c":"delete","u":"a","n":null})j", R"j({"c":"upsert","u":"a","n":3})j"});
}

TEST_CASE("a where on the change says which rows are written") {
  tick t(
      R"j("out": {"sink": "file", "from": "visits", "path": "out", "where": "_change = 'delete'", "columns": {"u": "u"}})j");
  CHECK(t.gives({{false, "a", 3, 0}, {true, "b", 0, 5}}) == strings{R"j({"u":"b"})j"});
}

TEST_CASE("tombstones go by the topic's key") {
  tick t(
      R"j("named": {"transform": "select", "from": "visits", "columns": {"id": "u || '/' || window_start::text", "n": "n"}},
            "out": {"sink": "kafka", "from": "named", "brokers": "b", "topic": "t", "key": "id", "removed": "tombstone"})j");
  CHECK(t.findings.empty());
  CHECK(t.gives({{true, "a", 0, 0}}) ==
        strings{R"j({"id":"a/1970-01-01 00:00:00+00","n":null,"_delete":true})j"});
}
