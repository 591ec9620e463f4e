// Measures windows: add + finish + absorb per record (items) by users and records a frame, memory per key,
// and a sliding window's firing.
#include "runtime/window/shard_windows.hpp"

#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

namespace millrace::window {
namespace {

using data::type_id;
using expression::aggregate_function;

definition clicks(std::int64_t size_s, std::int64_t slide_s, std::uint32_t shards, bool amounts,
                  type_id key = type_id::text) {
  definition d;
  d.size = std::chrono::seconds(size_s);
  d.slide = std::chrono::seconds(slide_s);
  d.shards = shards;
  d.keys = {{"userid", key}};
  d.aggregates = {{aggregate_function::count_rows, type_id::bigint, type_id::bigint}};
  if (amounts) {
    d.aggregates.push_back({aggregate_function::sum, type_id::float64, type_id::float64});
    d.aggregates.push_back({aggregate_function::avg, type_id::bigint, type_id::float64});
    d.aggregates.push_back({aggregate_function::max, type_id::timestamp, type_id::timestamp});
  }
  std::vector<data::field> output = d.keys;
  for (std::size_t a = 0; a < d.aggregates.size(); ++a) {
    d.aggregate_fields.push_back({"a" + std::to_string(a), d.aggregates[a].result});
    output.push_back(d.aggregate_fields.back());
  }
  output.push_back({"window_start", type_id::timestamp});
  output.push_back({"window_end", type_id::timestamp});
  d.output = std::make_shared<data::schema>(std::move(output));
  return d;
}

/// One frame's columns.
struct clicks_frame {
  std::vector<data::column_ptr> keys, arguments, filters;
  std::vector<event_micros> times, watermarks;
  [[nodiscard]] input view() const { return {keys, arguments, filters, times, watermarks}; }
};

clicks_frame frame_of(const definition& d, std::size_t records, std::uint64_t users, event_micros from,
                      event_micros step, std::mt19937_64& engine, std::uint64_t* next_user = nullptr) {
  clicks_frame f;
  data::column_builder key(d.keys[0].type), amount(type_id::float64), size(type_id::bigint),
      time(type_id::timestamp);
  for (std::size_t i = 0; i < records; ++i) {
    const auto user = next_user != nullptr ? (*next_user)++ : engine() % users;
    if (d.keys[0].type.id() == type_id::text)
      key.append_text("user" + std::to_string(user));
    else
      key.append_int(static_cast<std::int64_t>(user));
    amount.append_double(static_cast<double>(engine() % 100'000) / 100);
    size.append_int(static_cast<std::int64_t>(engine() % 10'000));
    f.times.push_back(from + static_cast<event_micros>(i) * step);
    time.append_int(f.times.back());
    f.watermarks.push_back(f.times.back() - 300'000'000);
  }
  f.keys = {key.finish()};
  f.arguments = {nullptr};
  if (d.aggregates.size() > 1)
    f.arguments.insert(f.arguments.end(), {amount.finish(), size.finish(), time.finish()});
  f.filters.resize(d.aggregates.size());
  return f;
}

/// Returns how many rows fired.
std::size_t fire_all(shard_windows& windows, event_micros fired, event_micros watermark) {
  std::size_t rows = 0;
  while (fired < watermark)
    if (const auto w = windows.fire_next(fired, watermark))
      rows += w->rows->rows;
  return rows;
}

/// Records a frame, users, shards, 1 for four aggregates, 1 for a bigint key.
void add_finish_absorb(benchmark::State& state) {
  const auto records = static_cast<std::size_t>(state.range(0));
  const auto shards = static_cast<std::uint32_t>(state.range(2));
  const auto d =
      clicks(300, 300, shards, state.range(3) != 0, state.range(4) != 0 ? type_id::bigint : type_id::text);
  std::mt19937_64 engine(1);
  std::vector<clicks_frame> frames;
  for (std::size_t i = 0; i < std::max<std::size_t>(1, 262'144 / records); ++i)
    frames.push_back(
        frame_of(d, records, static_cast<std::uint64_t>(state.range(1)), 1'600'000'200'000'000, 1, engine));
  partials_builder builder(d);
  std::vector<std::unique_ptr<shard_windows>> windows;
  for (std::uint32_t s = 0; s < shards; ++s)
    windows.push_back(make_shard_windows(d));
  std::vector<std::uint32_t> late;
  std::int64_t done = 0;
  for (auto _ : state) {
    for (const auto& f : frames) {
      builder.add(f.view(), late);
      const auto parts = builder.finish();
      for (std::uint32_t s = 0; s < shards; ++s)
        if (parts[s])
          windows[s]->absorb_partials(*parts[s], no_watermark);
      done += static_cast<std::int64_t>(records);
    }
  }
  state.SetItemsProcessed(done);
  state.counters["cpu_s/M"] = benchmark::Counter(static_cast<double>(done) / 1e6,
                                                 benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(add_finish_absorb)
    ->Args({4'096, 10'000, 16, 0, 0})
    ->Args({16'384, 10'000, 16, 0, 0})
    ->Args({65'536, 10'000, 16, 0, 0})
    ->Args({16'384, 10'000, 1, 0, 0})
    ->Args({16'384, 10'000, 16, 0, 1})
    ->Args({16'384, 10'000, 16, 1, 0})
    ->Args({16'384, 1'000'000, 16, 0, 0});

/// Distinct keys over 16 shards: the time to take them in, and what they hold.
void memory(benchmark::State& state) {
  const auto d = clicks(300, 300, 16, false);
  std::mt19937_64 engine(1);
  for (auto _ : state) {
    partials_builder builder(d);
    std::vector<std::unique_ptr<shard_windows>> windows;
    for (std::uint32_t s = 0; s < d.shards; ++s)
      windows.push_back(make_shard_windows(d));
    std::vector<std::uint32_t> late;
    std::uint64_t user = 0;
    while (user < static_cast<std::uint64_t>(state.range(0))) {
      state.PauseTiming();
      const auto f = frame_of(d, 16'384, 0, 1'600'000'200'000'000, 0, engine, &user);
      state.ResumeTiming();
      builder.add(f.view(), late);
      const auto parts = builder.finish();
      for (std::uint32_t s = 0; s < d.shards; ++s)
        if (parts[s])
          windows[s]->absorb_partials(*parts[s], no_watermark);
    }
    double bytes = 0, keys = 0;
    for (auto& w : windows) {
      bytes += static_cast<double>(w->size().bytes);
      keys += static_cast<double>(w->size().keys);
      wire::writer out;  // touched keys are remembered until a capture
      w->capture_changes(out);
    }
    double quiet = 0;
    for (auto& w : windows)
      quiet += static_cast<double>(w->size().bytes);
    state.counters["bytes/key"] = bytes / keys;
    state.counters["captured"] = quiet / keys;
  }
}
BENCHMARK(memory)->Arg(1'000'000)->Arg(10'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

/// A window of 600 s that slides by 1 s: each window's firing, by keys and records a second.
void sliding(benchmark::State& state) {
  const auto d = clicks(600, 1, 1, state.range(2) != 0);
  std::mt19937_64 engine(1);
  const auto per_second = static_cast<std::size_t>(state.range(1));
  partials_builder builder(d);
  const auto windows = make_shard_windows(d);
  std::vector<std::uint32_t> late;
  event_micros now = 1'600'000'200'000'000;
  auto fired = no_watermark;
  std::size_t rows = 0;
  const auto second = [&] {
    const auto f = frame_of(d, per_second, static_cast<std::uint64_t>(state.range(0)), now,
                            1'000'000 / static_cast<event_micros>(per_second), engine);
    builder.add(f.view(), late);
    windows->absorb_partials(*builder.finish()[0], fired);
    now += 1'000'000;
    rows += fire_all(*windows, fired, now);
    fired = now;
  };
  for (int i = 0; i < 600; ++i)
    second();
  rows = 0;
  for (auto _ : state)
    second();
  state.counters["rows"] = static_cast<double>(rows) / static_cast<double>(state.iterations());
}
BENCHMARK(sliding)
    ->Args({1'000, 1'000, 0})
    ->Args({10'000, 1'000, 0})
    ->Args({10'000, 1'000, 1})
    ->Unit(benchmark::kMillisecond);

/// A tumbling window of so many keys, each with one record: formed in key order.
void firing(benchmark::State& state) {
  const auto d = clicks(300, 300, 1, false, state.range(1) != 0 ? type_id::bigint : type_id::text);
  std::mt19937_64 engine(1);
  const auto keys = static_cast<std::size_t>(state.range(0));
  std::vector<std::shared_ptr<const partials>> frames;
  partials_builder builder(d);
  std::vector<std::uint32_t> late;
  for (std::size_t n = 0; n < keys; n += 16'384) {
    const auto f = frame_of(d, 16'384, 1'000'000'000, 1'600'000'200'000'000, 0, engine);
    builder.add(f.view(), late);
    frames.push_back(builder.finish()[0]);
  }
  const auto windows = make_shard_windows(d);
  std::size_t rows = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (const auto& f : frames)
      windows->absorb_partials(*f, no_watermark);
    state.ResumeTiming();
    rows += fire_all(*windows, no_watermark, end_of_time);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(rows));
}
BENCHMARK(firing)
    ->Args({16'384, 0})
    ->Args({131'072, 0})
    ->Args({1'048'576, 0})
    ->Args({131'072, 1})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace::window

BENCHMARK_MAIN();
