// The content of a shard's snapshots and spilled output, below the checksums: arbitrary bytes as captures of
// windows of every shape, of the whole shard and as output frames are refused, or make a state that goes on
// working and whose captures are read back as the same. A state that took real records comes back from its
// captures too, and fires the same rows.
#include "runtime/data/render.hpp"
#include "runtime/delivery/output_format.hpp"
#include "runtime/delivery/shard.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/unit/window/window_fixture.hpp"

#include <fuzzer/FuzzedDataProvider.h>

namespace {

using namespace millrace;
using fuzz::require;
using window::test::second;

constexpr event_micros minute = 60 * second;

std::vector<window::aggregate> aggregates() {
  using enum expression::aggregate_function;
  using data::type_id;
  using window::test::over, window::test::over_distinct, window::test::over_pairs;
  return {window::test::count_rows(),
          over(sum, type_id::bigint, type_id::bigint),
          over(avg, type_id::float64, type_id::float64),
          over(min, type_id::float64, type_id::float64),
          over(max, type_id::text, type_id::text),
          over(count_distinct, type_id::text, type_id::bigint),
          over(first, type_id::bigint, type_id::bigint),
          over(last, type_id::text, type_id::text),
          over(var_samp, type_id::float64, type_id::float64),
          over(stddev_pop, type_id::bigint, type_id::float64),
          over(array_agg, type_id::bigint, data::type::list_of(type_id::bigint)),
          over(string_agg, type_id::text, type_id::text),
          over(percentile_cont, type_id::float64, type_id::float64),
          over(percentile_disc, type_id::text, type_id::text),
          over(bool_and, type_id::boolean, type_id::boolean),
          over(bool_or, type_id::boolean, type_id::boolean),
          over(sum, type_id::numeric, type_id::numeric),
          over(sum, data::type::numeric_of(10, 2), data::type::numeric_of(38, 2)),
          over(avg, type_id::numeric, type_id::numeric),
          over(max, type_id::numeric, type_id::numeric),
          over(min, data::type::numeric_of(10, 2), data::type::numeric_of(10, 2)),
          over(first, type_id::numeric, type_id::numeric),
          over(stddev_pop, type_id::numeric, type_id::numeric),
          over(array_agg, type_id::numeric, data::type::list_of(type_id::numeric)),
          over(bit_and, type_id::bigint, type_id::bigint),
          over(bit_xor, type_id::bigint, type_id::bigint),
          over_pairs(regr_count),
          over_pairs(regr_intercept),
          over_pairs(corr),
          over_distinct(sum, type_id::bigint, type_id::bigint),
          over_distinct(avg, type_id::numeric, type_id::numeric)};
}

window::definition shape_of(int number) {
  if (number == 8)
    return window::test::dedup_of(minute);
  if (number == 7)
    return window::test::as_of_join_of(minute);
  if (number == 6)
    return window::test::interval_join_of(2 * minute, minute, window::join_kind::left, 3);
  auto d = window::test::windows_of(number % 2 == 0 ? minute : 3 * minute, minute, aggregates(),
                                    number % 3 == 0 ? minute : 0);
  if (number == 3) {
    d.kind = window::shape::session;
    d.gap = micros(minute);
  }
  if (number == 4) {
    d.kind = window::shape::global;
    d.bounded = false;
  }
  d.updates = number == 4 || number == 5;
  return d;
}
constexpr int shapes = 9;

std::string rows_of(const window::definition& d, window::shard_windows& w) {
  std::string out;
  const auto show = [&](const delivery::fired_window& f) {
    out += std::to_string(f.end) + ':';
    for (const auto& row : window::test::rows_of(f))
      out += row + '\n';
    for (const auto& failed : f.failed)
      out += "!" + failed.record + failed.error + '\n';
  };
  for (const auto& f : window::test::fire_all(w, no_watermark, end_of_time))
    show(f);
  if (d.updates)
    for (const auto& changed : window::test::tick(w))
      show(changed);
  return out;
}

std::string all_of(window::shard_windows& w) {
  wire::writer out;
  w.capture_all(out);
  return out.take();
}

std::unique_ptr<window::shard_windows> from(const window::definition& d, const std::string& capture) {
  auto w = window::make_shard_windows(d);
  wire::reader in(capture);
  require(w->apply(in).has_value() && in.ok() && in.at_end(), "a capture is read back");
  return w;
}

std::vector<window::test::click> clicks(FuzzedDataProvider& in) {
  std::vector<window::test::click> out;
  for (auto n = in.ConsumeIntegralInRange<int>(0, 6); n > 0; --n) {
    window::test::click c;
    c.time = in.ConsumeIntegralInRange<event_micros>(-5, 20) * 17 * second;
    c.user =
        in.ConsumeIntegralInRange<int>(0, 3) == 0
            ? std::nullopt
            : std::optional(std::string(1, static_cast<char>('a' + in.ConsumeIntegralInRange<int>(0, 3))));
    c.amount = in.ConsumeBool() ? std::optional(in.ConsumeFloatingPoint<double>()) : std::nullopt;
    c.size = in.ConsumeIntegral<std::int64_t>();
    c.price = decimal(static_cast<__int128>(in.ConsumeIntegral<std::int64_t>()) *
                          in.ConsumeIntegral<std::int32_t>(),
                      in.ConsumeIntegralInRange<int>(0, most_decimal_digits));
    out.push_back(c);
  }
  return out;
}

/// Records, captures by parts, and a second life from them.
void lives(FuzzedDataProvider& in) {
  const auto d = shape_of(in.ConsumeIntegralInRange<int>(0, shapes - 1));
  const auto first = window::make_shard_windows(d);
  const auto second_life = window::make_shard_windows(d);
  event_micros fired = no_watermark;
  for (auto n = in.ConsumeIntegralInRange<int>(1, 4); n > 0; --n) {
    window::test::absorb(*first, d, clicks(in), fired);
    if (in.ConsumeBool() && fired < 20 * minute) {
      const auto mark = std::max<event_micros>(fired, -2 * minute) + minute;
      static_cast<void>(window::test::fire_all(*first, fired, mark));
      fired = mark;
    }
    wire::writer out;
    first->capture_changes(out);
    wire::reader back(out.bytes());
    require(second_life->apply(back).has_value() && back.ok() && back.at_end(), "changes are read back");
  }
  const auto capture = all_of(*first);
  require(rows_of(d, *from(d, capture)) == rows_of(d, *second_life),
          "a state captured by parts gives the rows of the state captured whole");
}

void arbitrary_windows(const window::definition& d, const std::string& bytes) {
  const auto w = window::make_shard_windows(d);
  wire::reader in(bytes);
  if (!w->apply(in))
    return;
  const auto again = from(d, all_of(*w));
  const auto rows = rows_of(d, *w);
  require(rows == rows_of(d, *again), "a state that was read gives the same rows read again");
}

void arbitrary_frames(const std::string& bytes) {
  const auto frames = delivery::decode_segment(bytes, "counts/0/0");
  if (!frames)
    return;
  const auto again = delivery::decode_segment(delivery::encode_segment(*frames), "counts/0/0");
  require(again && again->size() == frames->size(), "frames are read back");
  for (std::size_t i = 0; i < frames->size(); ++i) {
    const auto &a = *(*frames)[i], &b = *(*again)[i];
    require(a.since == b.since && a.reached == b.reached && a.end - a.begin == b.end - b.begin &&
                a.failed.size() == b.failed.size() && (a.rows != nullptr) == (b.rows != nullptr),
            "a frame is read back");
    for (std::uint32_t row = 0; a.rows && row < a.end - a.begin; ++row)
      for (std::size_t c = 0; c < a.rows->columns.size(); ++c) {
        std::string x, y;
        if (!a.rows->columns[c])
          continue;
        data::append_json_value(x, *a.rows->columns[c], a.begin + row);
        data::append_json_value(y, *b.rows->columns[c], b.begin + row);
        require(x == y, "a frame's rows are read back");
      }
  }
}

void arbitrary_shard(const window::definition& d, const std::string& bytes) {
  delivery::shard_core::setup s;
  s.log = "counts/0/0";
  s.window = "counts";
  s.life = 2;
  s.receivers = {"screen"};
  s.logs = {{"parsed/0", {}}};
  s.updates = d.updates;
  delivery::shard_core core(s, window::make_shard_windows(d));
  if (const auto done = core.restore({bytes}); !done)
    require(!done.error().message.empty(), "what is refused has a reason");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2)
    return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto d = shape_of(data[0] / 8 % shapes);
  switch (data[0] % 4) {
  case 0:
    arbitrary_windows(d, bytes);
    break;
  case 1:
    arbitrary_frames(bytes);
    break;
  case 2:
    arbitrary_shard(d, bytes);
    break;
  default: {
    FuzzedDataProvider in(data + 1, size - 1);
    lives(in);
  }
  }
  return 0;
}
