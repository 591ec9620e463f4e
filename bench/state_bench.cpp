// The steps downstream of the parser, one by one; a record, row or key is an item: expressions over a batch,
// the table that keys are looked up in, a batch and a frame as bytes and back, a shard's snapshot and its
// restoring.
#include "bench/counted_frame.hpp"
#include "runtime/expression/expression.hpp"
#include "runtime/messages/message_format.hpp"
#include "runtime/window/keyed_table.hpp"
#include "runtime/window/shard_windows.hpp"
#include "runtime/wire/batch_format.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

namespace millrace {
namespace {

using bench::clicks_in_columns;
using bench::counted_frame;
using bench::counted_users;
using data::type_id;

void items(benchmark::State& state, std::size_t each) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(each));
}

void evaluate(benchmark::State& state, const char* text) {
  const auto rows = clicks_in_columns(16'384);
  const auto e = expression::bind(text, expression::scope{rows.schema.get(), {}});
  if (!e)
    return state.SkipWithError("the expression is refused");
  for (auto _ : state) {
    std::vector<expression::row_failure> failed;
    benchmark::DoNotOptimize(expression::evaluate(*e, rows, 0, failed));
  }
  items(state, rows.rows);
}
BENCHMARK_CAPTURE(evaluate, compare, "quantity > 5");
BENCHMARK_CAPTURE(evaluate, arithmetic, "price * quantity + 1");
BENCHMARK_CAPTURE(evaluate, text, "upper(userid) || '-' || quantity");

/// Keys in a table of so many, in random order, a frame's worth at a time.
void table_locate(benchmark::State& state) {
  window::definition d;
  d.aggregates = {{expression::aggregate_function::count_rows, type_id::bigint, type_id::bigint}};
  window::keyed_table table(std::make_shared<const window::layout>(d.aggregates));
  const auto number = static_cast<std::uint64_t>(state.range(0));
  std::mt19937_64 random(1);
  constexpr std::size_t frame = 16'384;
  std::string bytes;
  std::vector<std::uint32_t> ends, tags, found;
  const auto make = [&](auto next) {
    bytes.clear();
    ends.clear();
    tags.clear();
    for (std::size_t i = 0; i < frame; ++i) {
      const std::uint64_t key = next();
      bytes += fmt::format("user{:08}", key);
      ends.push_back(static_cast<std::uint32_t>(bytes.size()));
      tags.push_back(static_cast<std::uint32_t>(key * 0x9E37'79B9'7F4A'7C15 >> 32));
    }
  };
  const auto locate = [&] { table.locate({bytes.data(), ends, tags, 0}, found); };
  for (std::uint64_t key = 0; key < number;) {
    make([&] { return key++ % number; });
    locate();
  }
  for (auto _ : state) {
    state.PauseTiming();
    make([&] { return random() % number; });
    state.ResumeTiming();
    locate();
    benchmark::DoNotOptimize(found.data());
  }
  items(state, frame);
}
BENCHMARK(table_locate)->Arg(1'000)->Arg(10'000)->Arg(1'000'000)->Arg(10'000'000);

void batch_encode(benchmark::State& state) {
  const auto rows = clicks_in_columns(16'384);
  for (auto _ : state) {
    wire::writer out;
    wire::encode_batch(out, rows);
    benchmark::DoNotOptimize(out.bytes().data());
  }
  items(state, rows.rows);
}
void batch_decode(benchmark::State& state) {
  const auto rows = clicks_in_columns(16'384);
  wire::writer out;
  wire::encode_batch(out, rows);
  for (auto _ : state) {
    wire::reader in(out.bytes());
    benchmark::DoNotOptimize(wire::decode_batch(in));
  }
  items(state, rows.rows);
}
BENCHMARK(batch_encode);
BENCHMARK(batch_decode);

/// A frame's partial aggregates (count and sum of so many keys) as a message between processes and back; the
/// bytes of the message are counted, each once. `memcpy` is the floor: one copy of as many.
void bytes_of(benchmark::State& state, std::size_t each) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(each));
}
void frame_encode(benchmark::State& state) {
  const messages::edge_message m = counted_frame(16'384);
  std::size_t size = 0;
  for (auto _ : state) {
    const auto bytes = messages::encode_message(m);
    size = bytes.size();
    benchmark::DoNotOptimize(bytes.data());
  }
  bytes_of(state, size);
}
void frame_decode(benchmark::State& state) {
  const auto d = counted_users();
  const auto bytes = messages::encode_message(counted_frame(16'384));
  const messages::message_reader reader(d);
  for (auto _ : state)
    benchmark::DoNotOptimize(reader.read(bytes));
  bytes_of(state, bytes.size());
}
void frame_memcpy(benchmark::State& state) {
  const auto bytes = messages::encode_message(counted_frame(16'384));
  for (auto _ : state) {
    std::string copy(bytes);
    benchmark::DoNotOptimize(copy.data());
  }
  bytes_of(state, bytes.size());
}
BENCHMARK(frame_encode);
BENCHMARK(frame_decode);
BENCHMARK(frame_memcpy);

window::definition counts() {
  window::definition d;
  d.size = d.slide = std::chrono::seconds(300);
  d.keys = {{"userid", type_id::text}};
  d.aggregates = {{expression::aggregate_function::count_rows, type_id::bigint, type_id::bigint}};
  d.aggregate_fields = {{"n", type_id::bigint}};
  d.output = std::make_shared<data::schema>(std::vector<data::field>{{"userid", type_id::text},
                                                                     {"n", type_id::bigint},
                                                                     {"window_start", type_id::timestamp},
                                                                     {"window_end", type_id::timestamp}});
  return d;
}

/// Counts keys [from, to) once more.
void touch(const window::definition& d, window::shard_windows& windows, std::uint64_t from,
           std::uint64_t to) {
  window::partials_builder builder(d);
  std::vector<std::uint32_t> late;
  data::column_builder key(type_id::text);
  for (auto k = from; k < to; ++k)
    key.append_text(fmt::format("user{:08}", k));
  const std::vector<data::column_ptr> keys{key.finish()}, none{nullptr};
  const std::vector<event_micros> times(to - from, 1'600'000'200'000'000), marks(to - from, 0);
  builder.add({keys, none, none, times, marks}, late);
  windows.absorb_partials(*builder.finish()[0], no_watermark);
}

/// A snapshot of so many changed keys, in a shard that holds a million.
void snapshot_changes(benchmark::State& state) {
  const auto d = counts();
  const auto windows = window::make_shard_windows(d);
  touch(d, *windows, 0, 1'000'000);
  wire::writer first;
  windows->capture_changes(first);
  const auto changed = static_cast<std::uint64_t>(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    touch(d, *windows, 1'000, 1'000 + changed);
    state.ResumeTiming();
    wire::writer out;
    windows->capture_changes(out);
    benchmark::DoNotOptimize(out.bytes().data());
  }
  items(state, changed);
}
BENCHMARK(snapshot_changes)->Arg(100)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

void snapshot_restore(benchmark::State& state) {
  const auto d = counts();
  const auto windows = window::make_shard_windows(d);
  const auto keys = static_cast<std::uint64_t>(state.range(0));
  touch(d, *windows, 0, keys);
  wire::writer out;
  windows->capture_all(out);
  for (auto _ : state) {
    const auto restored = window::make_shard_windows(d);
    wire::reader in(out.bytes());
    if (!restored->apply(in))
      return state.SkipWithError("the snapshot is refused");
  }
  items(state, keys);
}
BENCHMARK(snapshot_restore)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace

BENCHMARK_MAIN();
