#include "runtime/messages/message_format.hpp"
#include "tests/support/golden_file.hpp"
#include "tests/unit/window/window_fixture.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace millrace;
using namespace millrace::messages;
using data::type_id;
using window::test::second;

namespace {

std::vector<window::aggregate> fixed_size() {
  using enum expression::aggregate_function;
  const auto over = window::test::over;
  return {window::test::count_rows(),
          over(sum, type_id::bigint, type_id::bigint),
          over(avg, type_id::bigint, type_id::float64),
          over(min, type_id::float64, type_id::float64),
          over(max, type_id::boolean, type_id::boolean),
          over(var_pop, type_id::bigint, type_id::float64),
          over(bool_or, type_id::boolean, type_id::boolean)};
}

std::vector<window::aggregate> with_side_storage() {
  using enum expression::aggregate_function;
  const auto over = window::test::over;
  return {window::test::count_rows(), over(sum, type_id::float64, type_id::float64),
          over(max, type_id::text, type_id::text), over(count_distinct, type_id::text, type_id::bigint),
          over(first, type_id::bigint, type_id::bigint)};
}

window::definition minutes(std::vector<window::aggregate> aggregates) {
  return window::test::windows_of(120 * second, 60 * second, std::move(aggregates), second);
}

std::vector<window::test::click> some_clicks(int n) {
  std::mt19937 random(7);
  std::vector<window::test::click> clicks;
  for (int i = 0; i < n; ++i) {
    window::test::click c;
    c.time = static_cast<event_micros>(random() % 600) * second;
    c.user = random() % 9 == 0 ? std::nullopt : std::optional("user " + std::to_string(random() % 20));
    c.amount = static_cast<double>(random() % 1'000) / 8;
    c.size = static_cast<std::int64_t>(random()) - (std::int64_t{1} << 31);
    c.wanted = random() % 3 == 0;
    clicks.push_back(c);
  }
  return clicks;
}

window::partials_ptr partials_of(const window::definition& d, int clicks) {
  window::partials_builder b(d);
  window::test::add(b, d, some_clicks(clicks));
  return b.finish().front();
}

std::vector<std::string> rows_of(const window::definition& d, const window::partials& p) {
  const auto w = window::make_shard_windows(d);
  w->absorb_partials(p, no_watermark);
  std::vector<std::string> rows;
  for (const auto& f : window::test::fire_all(*w, no_watermark, end_of_time))
    for (auto& row : window::test::rows_of(f))
      rows.push_back(std::move(row));
  return rows;
}

take_frame frame_with(delivery::content content) {
  delivery::lane_frame f;
  f.log = "clicks/events-3";
  f.stamp = {4, 2};
  f.from = {0, 17};
  f.to = {0, 900};
  f.watermark = 90 * second;
  f.counts = {{"parse", {.in = 12, .out = 9, .filtered = 1, .late = 1, .dead = 1}},
              {"counts", {.in = 9, .out = 9}}};
  f.bytes = 4'321;
  f.content = std::move(content);
  return {std::make_shared<const delivery::lane_frame>(std::move(f)), 5, {}};
}

data::batch names(std::vector<std::string> values) {
  data::column_builder c(type_id::text);
  for (const auto& v : values)
    c.append_text(v);
  return {std::make_shared<const data::schema>(std::vector<data::field>{{"name", type_id::text}}),
          {c.finish()},
          values.size()};
}

delivery::dead_letter a_letter() {
  return {"parse", "events-3", {0, 40}, "no JSON", std::string("{\"a\":\0", 6)};
}

output an_output() {
  delivery::output_frame f;
  f.log = "counts/0/1";
  f.since = {60 * second, whole};
  f.reached = {120 * second, 1};
  f.rows = std::make_shared<const data::batch>(names({"a", "b"}));
  f.end = 2;
  f.failed = {a_letter()};
  return {std::make_shared<const delivery::output_frame>(std::move(f)), 7};
}

/// One of each, in the order of edge_message; lane frames with each kind of content.
std::vector<edge_message> one_of_each(const window::definition& d) {
  const std::string lane_log = "clicks/events-3", shard_log = "counts/0/1", sink = "table";
  return {
      ask_position{lane_log, {4, 1}, 5, {}},
      frame_with({}),
      frame_with(partials_of(d, 6)),
      frame_with(
          std::make_shared<const delivery::row_batches>(delivery::row_batches{names({"x"}), names({})})),
      frame_with(std::make_shared<const delivery::dead_letters>(delivery::dead_letters{a_letter()})),
      position_answered{lane_log, 5, delivery::answer{{{9, 300}, 2}, {{0, 17}, 80 * second}}},
      position_answered{lane_log, 5, std::nullopt},
      credit_returned{lane_log, 5, {4, 2}, 4'321},
      ask_again{lane_log, 5},
      acknowledged{lane_log, 5, {0, 900}},
      an_output(),
      resume_output{shard_log, sink, {9, 300}, position{60 * second, 3}, std::nullopt, {}, false},
      furthest_known{shard_log, sink, {60 * second, whole}},
      output_resumed{shard_log, 7, lowest_position},
      output_acknowledged{shard_log, sink, {60 * second, whole}},
      output_taken{shard_log, sink, {9, 300}, {120 * second, 1}},
  };
}

}  // namespace

TEST_CASE("each message of an edge is read back as what was written") {
  const auto d = minutes(fixed_size());
  const message_reader reader(d);
  std::string all;
  for (const auto& m : one_of_each(d)) {
    const auto bytes = encode_message(m);
    INFO("message " << m.index());
    const auto back = reader.read(bytes);
    REQUIRE(back);
    CHECK(back->index() == m.index());
    CHECK(encode_message(*back) == bytes);
    all += bytes;
  }
  // The golden file fixes the bytes; some members show that the bytes stand for them.
  const auto back = reader.read(encode_message(frame_with(partials_of(d, 6))));
  const auto& f = *std::get<take_frame>(*back).frame;
  CHECK(f.log == "clicks/events-3");
  CHECK(f.stamp == delivery::fence{4, 2});
  CHECK((f.from == position{0, 17} && f.to == position{0, 900}));
  CHECK(f.watermark == 90 * second);
  CHECK_FALSE(f.idle);
  REQUIRE(f.counts.size() == 2);
  CHECK(f.counts[0].stage == "parse");
  CHECK(f.counts[0].counts ==
        delivery::stage_counts{.in = 12, .out = 9, .filtered = 1, .late = 1, .dead = 1});
  CHECK(f.bytes == 4'321);
  CHECK(std::get<take_frame>(*back).receiver == 5);
  test::check_golden("tests/unit/messages/golden/messages_3.bin", all);
}

TEST_CASE("partial aggregates give the same rows on the other side") {
  std::vector<window::definition> definitions;
  for (const auto& aggregates : {fixed_size(), with_side_storage()}) {
    auto d = minutes(aggregates);
    definitions.push_back(d);
    d.kind = window::shape::session;
    d.gap = micros(30 * second);
    definitions.push_back(d);
    d.kind = window::shape::global;
    d.bounded = false;
    definitions.push_back(d);
  }
  for (const auto& d : definitions)
    for (const int clicks : {1, 40, 3'000}) {
      const auto sent = partials_of(d, clicks);
      const auto got = message_reader(d).read(encode_message(frame_with(sent)));
      REQUIRE(got);
      const auto rows = rows_of(d, *sent);
      CHECK_FALSE(rows.empty());
      CHECK(rows_of(d, *std::get<delivery::partials_ptr>(std::get<take_frame>(*got).frame->content)) == rows);
    }
}

TEST_CASE("states of any number of aggregates give the same bytes again") {
  std::vector<window::aggregate> aggregates;
  for (int number = 0; number < 12; ++number) {
    INFO(number << " aggregates");
    const auto d = minutes(aggregates);
    for (const int clicks : {1, 127, 128, 129, 700}) {
      const auto bytes = encode_message(frame_with(partials_of(d, clicks)));
      const auto got = message_reader(d).read(bytes);
      REQUIRE(got);
      CHECK(encode_message(*got) == bytes);
    }
    aggregates.push_back(window::test::count_rows());
  }
}

TEST_CASE("a message that is cut off anywhere is refused") {
  for (const auto& d : {minutes(fixed_size()), minutes(with_side_storage())}) {
    const message_reader reader(d);
    for (const auto& m : one_of_each(d)) {
      const auto bytes = encode_message(m);
      for (std::size_t n = 0; n < bytes.size(); ++n) {
        INFO("message " << m.index() << ", " << n << " of " << bytes.size());
        const auto cut = reader.read(std::string_view(bytes).substr(0, n));
        REQUIRE_FALSE(cut);
        CHECK(cut.error().code == ec::corrupt);
      }
      CHECK_FALSE(reader.read(bytes + '\0'));
    }
  }
}

TEST_CASE("partial aggregates of another window, and where none are due, are refused") {
  const auto bytes = encode_message(frame_with(partials_of(minutes(fixed_size()), 6)));
  CHECK_FALSE(message_reader().read(bytes));
  CHECK_FALSE(message_reader(minutes(with_side_storage())).read(bytes));
  auto other = minutes(fixed_size());
  other.slide = other.size = micros(7 * second);  // no slice of it begins there
  CHECK_FALSE(message_reader(other).read(bytes));
}

TEST_CASE("states that no aggregate can have are refused") {
  const auto d = minutes({window::test::count_rows()});
  auto bytes = encode_message(frame_with(partials_of(d, 1)));
  REQUIRE(message_reader(d).read(bytes));
  bytes.back() = '\x80';  // a count below zero
  CHECK_FALSE(message_reader(d).read(bytes));
}

TEST_CASE("a state that no aggregate can have is refused in whichever row it is") {
  const auto d = minutes({window::test::count_rows()});
  auto bytes = encode_message(frame_with(partials_of(d, 700)));
  REQUIRE(message_reader(d).read(bytes));
  for (std::size_t row = 0; row < 30; ++row) {
    auto& last = bytes[bytes.size() - 1 - row * sizeof(std::int64_t)];
    REQUIRE(last == '\0');
    last = '\x80';
    CHECK_FALSE(message_reader(d).read(bytes));
    last = '\0';
  }
  CHECK(message_reader(d).read(bytes));
}

TEST_CASE("a message of another version is told as that") {
  auto bytes = encode_message(ask_again{"clicks/0", 1});
  ++bytes.front();
  const auto refused = message_reader().read(bytes);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::unsupported);
}
