// Arbitrary bytes as a message between processes: refused, or a message that encodes to what is read as the
// same; output has its own rows of a shared batch alone then, numbered anew. Partial aggregates that were read go into a shard's windows, which fire.
#include "runtime/delivery/fields.hpp"
#include "runtime/messages/message_format.hpp"
#include "runtime/wire/batch_format.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/unit/window/window_fixture.hpp"

namespace {

using namespace millrace;
using fuzz::require;

constexpr event_micros minute = 60 * window::test::second;

window::definition shape_of(unsigned number) {
  using enum expression::aggregate_function;
  using data::type_id;
  const auto over = window::test::over;
  std::vector<window::aggregate> aggregates{window::test::count_rows(),
                                            over(sum, type_id::bigint, type_id::bigint),
                                            over(min, type_id::float64, type_id::float64),
                                            over(max, type_id::boolean, type_id::boolean),
                                            over(stddev_pop, type_id::bigint, type_id::float64),
                                            over(bool_and, type_id::boolean, type_id::boolean),
                                            over(sum, type_id::numeric, type_id::numeric),
                                            over(var_samp, type_id::numeric, type_id::numeric),
                                            over(min, type_id::numeric, type_id::numeric),
                                            over(bit_or, type_id::bigint, type_id::bigint),
                                            window::test::over_pairs(regr_count)};
  if (number % 2 == 1) {
    aggregates.push_back(over(sum, type_id::float64, type_id::float64));
    aggregates.push_back(over(last, type_id::text, type_id::text));
    aggregates.push_back(over(string_agg, type_id::text, type_id::text));
    aggregates.push_back(over(percentile_cont, type_id::float64, type_id::float64));
    aggregates.push_back(over(percentile_disc, type_id::numeric, type_id::numeric));
    aggregates.push_back(window::test::over_pairs(regr_slope));
    aggregates.push_back(window::test::over_distinct(sum, type_id::float64, type_id::float64));
  }
  auto d = window::test::windows_of(2 * minute, minute, std::move(aggregates));
  if (number / 2 == 1) {
    d.kind = window::shape::session;
    d.gap = micros(minute);
  }
  if (number / 2 == 2) {
    d.kind = window::shape::global;
    d.bounded = false;
  }
  return d;
}
constexpr unsigned shapes = 6;

/// Encodes the places of the frame's rows, the rows and its failures.
std::string content_of(const delivery::output_frame& f) {
  wire::writer out;
  out.put(f.since);
  out.put(f.reached);
  for (auto i = f.begin; i < f.end; ++i)
    out.put(f.position_of(i));
  if (f.rows)
    wire::encode_batch(out, data::slice(*f.rows, f.begin, f.end));
  wire::encoder{out}.field(f.failed);
  return out.take();
}

bool is_read_as_the_same(const messages::edge_message& m, const messages::edge_message& again) {
  const auto* const sent = std::get_if<messages::output>(&m);
  const auto* const came = std::get_if<messages::output>(&again);
  if (sent == nullptr || came == nullptr)
    return messages::encode_message(m) == messages::encode_message(again);
  return sent->life == came->life && sent->frame->log == came->frame->log &&
         content_of(*sent->frame) == content_of(*came->frame);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1)
    return 0;
  const auto d = shape_of(data[0] % shapes);
  const messages::message_reader reader(d);
  const auto m = reader.read({reinterpret_cast<const char*>(data) + 1, size - 1});
  if (!m)
    return 0;
  const auto again = reader.read(messages::encode_message(*m));
  require(again && is_read_as_the_same(*m, *again), "a message that was read is read again");
  const auto* frame = std::get_if<messages::take_frame>(&*m);
  const auto* partials =
      frame == nullptr ? nullptr : std::get_if<delivery::partials_ptr>(&frame->frame->content);
  if (partials != nullptr) {
    const auto w = window::make_shard_windows(d);
    w->absorb_partials(**partials, no_watermark);
    static_cast<void>(window::test::fire_all(*w, no_watermark, end_of_time));
  }
  return 0;
}
