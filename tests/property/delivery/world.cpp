#include "tests/property/delivery/world.hpp"

#include "runtime/data/key_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::delivery::trial {

using data::type_id;
using expression::aggregate_function;

window::definition windows_of(event_micros size, event_micros slide, event_micros lateness,
                              std::uint32_t shards) {
  window::definition d;
  d.size = micros(size);
  d.slide = micros(slide);
  d.allowed_lateness = micros(lateness);
  d.shards = shards;
  d.keys = {{"key", type_id::bigint}};
  d.aggregates = {{aggregate_function::count_rows, type_id::bigint, type_id::bigint},
                  {aggregate_function::sum, type_id::bigint, type_id::bigint}};
  d.aggregate_fields = {{"count", type_id::bigint}, {"sum", type_id::bigint}};
  d.output = std::make_shared<data::schema>(std::vector<data::field>{{"key", type_id::bigint},
                                                                     {"count", type_id::bigint},
                                                                     {"sum", type_id::bigint},
                                                                     {"window_start", type_id::timestamp},
                                                                     {"window_end", type_id::timestamp}});
  return d;
}

namespace {

/// All but the definition: parsing expressions takes longer than some schedules.
downstream_window make_downstream_window(const data::schema_ptr& front) {
  downstream_window out;
  const auto bound = [](const std::string& text, const data::schema_ptr& of) {
    return *expression::bind(text, {of.get(), {}});
  };
  auto& select = out.select.select;
  select.stage = "select";
  select.input = front;
  select.where = *expression::bind_condition(fmt::format("key <> {}", filtered_key), {front.get(), {}});
  select.columns.push_back({"key", bound(fmt::format("key % {}", group_count), front)});
  for (const auto* name : {"count", "sum"})
    select.columns.push_back({name, bound(fmt::format("\"{}\"", name), front)});
  select.output = std::make_shared<data::schema>(std::vector<data::field>{
      {"key", type_id::bigint}, {"count", type_id::bigint}, {"sum", type_id::bigint}});
  auto& plan = out.plan;
  plan.sides[0].input.stage = "behind";
  plan.sides[0].input.input = plan.sides[0].input.output = select.output;
  plan.sides[0].key_columns = {0};
  for (const auto* name : {"count", "sum"}) {
    plan.sides[0].arguments.emplace_back(bound(fmt::format("\"{}\"", name), select.output));
    plan.sides[0].filters.emplace_back();
    plan.sides[0].orders.emplace_back();
  }
  return out;
}

}  // namespace

std::unique_ptr<const downstream_window> behind(const window::definition& front, window::definition d) {
  static const auto made = make_downstream_window(front.output);
  auto out = std::make_unique<downstream_window>(made);
  d.aggregates[0] = {aggregate_function::sum, type_id::bigint, type_id::bigint};
  out->plan.definition = std::move(d);
  return out;
}

source_log make_log(std::size_t index, std::vector<record> records) {
  source_log log;
  log.name = "parser/" + std::to_string(index);
  log.records = std::move(records);
  auto watermark = no_watermark;
  for (const auto& r : log.records) {
    log.watermark_before.push_back(watermark);
    watermark = std::max(watermark, r.time - watermark_delay);
  }
  log.there = log.records.size();
  return log;
}

std::vector<source_log> random_logs(chance& c) {
  static constexpr int steps[] = {0, 1, 1, 2, 7};
  static constexpr int delays[] = {0, 0, 0, 2, 6, 15};
  std::vector<source_log> logs;
  std::int64_t value = 1;
  for (int n = between(c, 1, 4); n > 0; --n) {
    std::vector<record> records;
    event_micros time = 0;
    for (int i = between(c, 0, 40); i > 0; --i) {
      time += steps[c() % std::size(steps)];
      records.push_back(
          {time - delays[c() % std::size(delays)], static_cast<std::int64_t>(c() % key_count), value++});
    }
    logs.push_back(make_log(logs.size(), std::move(records)));
  }
  return logs;
}

std::vector<event_micros> ends_of(const window::definition& d, const record& r, event_micros watermark) {
  std::vector<event_micros> ends;
  for (auto end = r.time + 1; end <= r.time + d.size.count(); ++end)
    if (end % d.slide.count() == 0 && end + d.allowed_lateness.count() > watermark)
      ends.push_back(end);
  return ends;
}

std::vector<std::uint32_t> shards_of_keys(const window::definition& d) {
  std::vector<std::uint32_t> shards;
  for (std::int64_t key = 0; key < key_count; ++key) {
    data::column_builder column(type_id::bigint);
    column.append_int(key);
    std::string encoded;
    data::append_key(encoded, *column.finish(), 0);
    shards.push_back(shard_of_slot(slot_of(data::hash_key(encoded)), d.shards));
  }
  return shards;
}

expectation expected_of(const window::definition& d, const std::vector<source_log>& logs) {
  expectation out;
  for (const auto& log : logs) {
    bool any = false;
    event_micros seen = 0;
    for (const auto& r : log.records) {
      const auto ends = ends_of(d, r, any ? seen - watermark_delay : no_watermark);
      out.late += ends.empty();
      for (const auto end : ends) {
        auto& row = out.rows[{end, r.key}];
        row.times = 1;
        ++row.count;
        row.sum += r.value;
      }
      seen = any ? std::max(seen, r.time) : r.time;
      any = true;
    }
  }
  return out;
}

row_table expected_downstream(const window::definition& d, const row_table& front) {
  row_table out;
  for (const auto& [at, given] : front) {
    if (at.second == filtered_key)
      continue;
    const auto ends = d.kind == window::shape::global ? std::vector<event_micros>{0}
                                                      : ends_of(d, {.time = at.first - 1}, no_watermark);
    for (const auto end : ends) {
      auto& row = out[{end, at.second % group_count}];
      row.times = 1;
      row.count += given.count;
      row.sum += given.sum;
    }
  }
  return out;
}

}  // namespace millrace::delivery::trial
