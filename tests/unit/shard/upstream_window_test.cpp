// Rows of a window become partial aggregates of the shards of the window downstream: steps in between run, each
// shard takes the keys of its slots, and one of them counts for each log.
#include "actors/stream/shard/upstream_window.hpp"
#include "runtime/data/render.hpp"
#include "runtime/expression/expression.hpp"
#include "tests/support/fire_all.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace millrace::shard_test {
namespace {

using data::type_id;
using delivery::stage_counts;
using expression::aggregate_function;

struct upstream_row {
  std::string user;
  std::optional<std::int64_t> n;
};

const data::schema_ptr& columns_of_upstream() {
  static const auto s = std::make_shared<const data::schema>(
      std::vector<data::field>{{"user", type_id::text}, {"n", type_id::bigint}});
  return s;
}

/// Rows of the window that ends at `end`, whole.
delivery::output_frame output_of(const log_id& log, event_micros end, const std::vector<upstream_row>& rows) {
  data::column_builder users(type_id::text), numbers(type_id::bigint);
  for (const auto& r : rows) {
    users.append_text(r.user);
    r.n ? numbers.append_int(*r.n) : numbers.append_null();
  }
  delivery::output_frame f;
  f.log = log;
  f.reached = {end, whole};
  f.rows = std::make_shared<const data::batch>(
      data::batch{columns_of_upstream(), {users.finish(), numbers.finish()}, rows.size()});
  f.end = static_cast<std::uint32_t>(rows.size());
  return f;
}

/// The window "b" of 100 us, over two shards, downstream of the windows "v" and "w": by user, an aggregate of n.
class downstream_window {
public:
  explicit downstream_window(aggregate_function f, std::string_view argument = "n",
                             std::uint32_t shards = 2) {
    auto& d = plan_.definition;
    d.size = d.slide = micros(100);
    d.shards = shards;
    d.keys = {{"user", type_id::text}};
    d.aggregates = {{f, type_id::bigint, type_id::bigint}};
    d.aggregate_fields = {{"a", type_id::bigint}};
    d.output = std::make_shared<data::schema>(std::vector<data::field>{{"user", type_id::text},
                                                                       {"a", type_id::bigint},
                                                                       {"window_start", type_id::timestamp},
                                                                       {"window_end", type_id::timestamp}});
    plan_.sides[0].input.stage = "b";
    plan_.sides[0].input.input = plan_.sides[0].input.output = columns_of_upstream();
    plan_.sides[0].key_columns = {0};
    plan_.sides[0].arguments.emplace_back(*expression::bind(argument, names_));
    plan_.sides[0].filters.emplace_back();
    plan_.sides[0].orders.emplace_back();
    select_.stage = "select";
    select_.input = select_.output = columns_of_upstream();
    select_.where = *expression::bind_condition("n <> 0 or n is null", names_);
  }
  /// Calls for one group of all rows: the keys of upstream do not tell them apart.
  void by_one_key() {
    select_.columns.push_back({"user", *expression::bind("'all'", names_), "'all'"});
    select_.columns.push_back({"n", *expression::bind("n", names_), "n"});
  }

  [[nodiscard]] shard::upstream_rows rows_of_shard(std::uint32_t shard) const {
    stage::chain_step select{"select", &select_};
    select.counts = true;
    const stage::chain way{select, {"b", &plan_.sides[0].input, &plan_}};
    return {&plan_, shard, {{"v", 1, {"v/0/0"}, {way}}, {"w", 1, {"w/0/0", "w/0/1"}, {way}}}};
  }
  /// The rows that shard `shard` fires, as JSON without the window's times, after its window's end.
  std::vector<std::string> fired(std::uint32_t shard, const std::vector<delivery::output_frame>& frames) {
    const auto windows =
        window::make_shard_windows(plan_.definition, shard::partials_of(rows_of_shard(shard)));
    for (const auto& f : frames)
      CHECK(windows->absorb_rows(f, no_watermark, counts[shard]) == 0);
    std::vector<std::string> out;
    for (const auto& w : window::test::fire_all(*windows, no_watermark, end_of_time))
      for (std::size_t i = 0; i < w.rows->rows; ++i) {
        auto& text = out.emplace_back(std::to_string(w.end) + " ");
        data::append_json_row(text, *w.rows, i);
        text.resize(text.find(",\"window_start\""));
      }
    return out;
  }
  /// Returns the rows of all shards, in order.
  std::vector<std::string> fired(const std::vector<delivery::output_frame>& frames) {
    std::vector<std::string> all;
    for (std::uint32_t shard = 0; shard < plan_.definition.shards; ++shard)
      for (auto& row : fired(shard, frames))
        all.push_back(std::move(row));
    std::sort(all.begin(), all.end());
    return all;
  }

  std::map<std::uint32_t, delivery::ledger> counts;  // keyed by shard

private:
  expression::scope names_{columns_of_upstream().get(), {}};
  config::window_plan plan_;
  config::step select_;
};

using lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a row of an upstream window counts for the window that ends with its own, or else the next") {
  downstream_window d(aggregate_function::sum);
  CHECK(d.fired({output_of("w/0/0", 50, {{"ann", 1}}), output_of("w/0/0", 100, {{"ann", 2}}),
                 output_of("w/0/0", 101, {{"ann", 4}}), output_of("w/0/0", 200, {{"ann", 8}})}) ==
        lines{R"(100 {"user":"ann","a":3)", R"(200 {"user":"ann","a":12)"});
}

TEST_CASE("rows of several windows in one frame count each by its own window's end") {
  auto f = output_of("w/0/0", 200, {{"ann", 1}, {"bob", 0}, {"ann", 2}, {"ann", 4}, {"bob", 8}});
  f.windows = {{50, 0}, {100, 2}, {101, 3}, {200, 4}};
  for (const std::uint32_t begin : {0U, 1U, 2U}) {
    downstream_window d(aggregate_function::sum);
    f.begin = begin;
    const auto first = begin == 0 ? R"(100 {"user":"ann","a":3)" : R"(100 {"user":"ann","a":2)";
    CHECK(d.fired({f}) == lines{first, R"(200 {"user":"ann","a":4)", R"(200 {"user":"bob","a":8)"});
  }
}

TEST_CASE("each shard takes the rows of its own keys, and all together take each row once") {
  downstream_window d(aggregate_function::count);
  std::vector<upstream_row> rows;
  for (int i = 0; i < 50; ++i)
    rows.push_back({"user" + std::to_string(i), 1});
  const auto frame = output_of("w/0/1", 100, rows);
  const auto first = d.fired(0, {frame});
  const auto second = d.fired(1, {frame});
  CHECK(first.size() > 10);
  CHECK(second.size() > 10);
  CHECK(first.size() + second.size() == 50);
  for (const auto& row : first)
    CHECK(std::find(second.begin(), second.end(), row) == second.end());
}

TEST_CASE("what happened to the rows of a log is counted by one shard, whoever takes them") {
  downstream_window d(aggregate_function::sum);
  const std::vector<upstream_row> rows{{"ann", 0}, {"bob", 1}, {"cid", 2}};
  (void)d.fired({output_of("w/0/1", 100, rows)});
  CHECK(d.counts[0].stages().empty());
  CHECK(d.counts[1].of("select") == stage_counts{.in = 3, .out = 2, .filtered = 1});
  CHECK(d.counts[1].of("b") == stage_counts{.in = 2, .out = 2});
  (void)d.fired({output_of("w/0/0", 100, {{"ann", 1}})});
  CHECK(d.counts[0].of("b") == stage_counts{.in = 1, .out = 1});
  CHECK(d.counts[1].of("b") == stage_counts{.in = 2, .out = 2});
}

TEST_CASE("a step that another receiver counts is run, and not counted") {
  downstream_window d(aggregate_function::sum, "n", 1);
  auto rows = d.rows_of_shard(0);
  rows.windows[1].chains[0][0].counts = false;
  delivery::ledger counts;
  const auto form = shard::partials_of(rows);
  CHECK(form(output_of("w/0/0", 100, {{"ann", 0}, {"bob", 1}}), counts));
  CHECK(counts.of("select") == stage_counts{});
  CHECK(counts.of("b") == stage_counts{.in = 1, .out = 1});
}

TEST_CASE("rows go each way that leads from the window to this one") {
  downstream_window d(aggregate_function::sum, "n", 1);
  auto rows = d.rows_of_shard(0);
  rows.windows[1].chains.push_back(rows.windows[1].chains[0]);
  delivery::ledger counts;
  CHECK(shard::partials_of(rows)(output_of("w/0/0", 100, {{"ann", 1}}), counts));
  CHECK(counts.of("b") == stage_counts{.in = 2, .out = 2});
}

TEST_CASE("rows that fail on their way are counted as dead, and the others go on") {
  downstream_window d(aggregate_function::sum, "12 / (n - 1)");
  CHECK(d.fired({output_of("w/0/0", 100, {{"ann", 1}, {"bob", 2}})}) == lines{R"(100 {"user":"bob","a":12)"});
  CHECK(d.counts[0].of("b") == stage_counts{.in = 2, .out = 1, .dead = 1});
}

TEST_CASE("of a frame that was cut only its own rows are taken") {
  downstream_window d(aggregate_function::sum);
  auto frame = output_of("w/0/0", 100, {{"ann", 1}, {"ann", 2}, {"ann", 4}, {"ann", 8}});
  frame.begin = 1;
  frame.end = 3;
  CHECK(d.fired({frame}) == lines{R"(100 {"user":"ann","a":6)"});
  CHECK(d.counts[0].of("b") == stage_counts{.in = 2, .out = 2});
}

TEST_CASE("rows that are no shard's, or of a log that is not upstream, make no partial aggregates") {
  downstream_window d(aggregate_function::sum, "n", 1);
  const auto form = shard::partials_of(d.rows_of_shard(0));
  delivery::ledger counts;
  CHECK_FALSE(form(output_of("w/0/0", 100, {{"ann", 0}}), counts));  // the select drops it
  CHECK(counts.of("select") == stage_counts{.in = 1, .filtered = 1});
  delivery::ledger others;
  CHECK_FALSE(form(output_of("x/0/0", 100, {{"ann", 1}}), others));
  CHECK(others.stages().empty());
  CHECK_FALSE(shard::partials_of(std::nullopt));
}

TEST_CASE("rows of one time go by the key of the upstream window, then by its name, and never by the shard") {
  const auto of_bob = output_of("w/0/0", 100, {{"bob", 1}});
  const auto of_ann = output_of("w/0/1", 100, {{"ann", 2}});
  const auto of_ann_in_v = output_of("v/0/0", 100, {{"ann", 3}});
  const auto before = output_of("w/0/0", 90, {{"zoe", 4}});
  for (const auto& [f, want] : {std::pair{aggregate_function::first, 4}, {aggregate_function::last, 1}}) {
    downstream_window d(f);
    d.by_one_key();
    std::vector<std::size_t> order{0, 1, 2, 3};
    do {
      std::vector<delivery::output_frame> frames;
      for (const auto i : order)
        frames.push_back(std::vector{of_bob, of_ann, of_ann_in_v, before}[i]);
      CHECK(d.fired(frames) == lines{R"(100 {"user":"all","a":)" + std::to_string(want)});
    } while (std::next_permutation(order.begin(), order.end()));
  }
  downstream_window d(aggregate_function::first);
  d.by_one_key();
  CHECK(d.fired({of_bob, of_ann, of_ann_in_v}) == lines{R"(100 {"user":"all","a":3)"});
  CHECK(d.fired({of_bob, of_ann}) == lines{R"(100 {"user":"all","a":2)"});
}

}  // namespace millrace::shard_test
