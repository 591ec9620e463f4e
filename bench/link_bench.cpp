// Measures what a link costs beside one copy of the bytes: a lane frame is encoded, cut into packets, copied as the
// transport copies them, and put together at the other end. Bytes of the frame's message are counted, each
// once.
#include "bench/counted_frame.hpp"
#include "runtime/link/open_session.hpp"
#include "runtime/messages/message_format.hpp"

#include <benchmark/benchmark.h>

namespace millrace {
namespace {

using namespace link;

/// Two ends of a session, and the way between them.
struct wire_pair {
  limits bounds;
  fragments waiting{bounds, {}}, nothing{bounds, {}};
  open_session from{{{1, 1}, {2, 1}}, 1, bounds, {}};
  open_session to{{{2, 1}, {1, 1}}, 1, bounds, {}};

  /// Bytes that have come of the message. Each packet is copied once, as a transport does.
  std::size_t carry(std::string message) {
    std::size_t come = 0;
    if (waiting.queue({1, {}, kind::content, {make_piece(std::move(message))}}) != taken::queued)
      return 0;
    while (come == 0) {
      std::vector<pieces> out, back;
      from.flush(waiting, false, out);
      for (const auto& p : out) {
        const auto packet = decode_packet(make_piece(text_of(p)), bounds);
        for (const auto& m : to.receive(*packet)->messages)
          come += m.bytes.bytes.size();
      }
      to.flush(nothing, true, back);
      for (const auto& p : back)
        static_cast<void>(from.receive(*decode_packet(make_piece(text_of(p)), bounds)));
    }
    return come;
  }
};

void bytes_of(benchmark::State& state, std::size_t each) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(each));
}

std::string message_of(std::size_t rows) { return messages::encode_message(bench::counted_frame(rows)); }

void frame_encode_and_carry(benchmark::State& state) {
  const messages::edge_message m = bench::counted_frame(static_cast<std::size_t>(state.range(0)));
  wire_pair ends;
  std::size_t size = 0;
  for (auto _ : state) {
    auto bytes = messages::encode_message(m);
    size = bytes.size();
    if (ends.carry(std::move(bytes)) != size)
      return state.SkipWithError("the frame has not come");
  }
  bytes_of(state, size);
}
/// Leaves the encoding out: cut, copied as a transport does, put together.
void frame_carry(benchmark::State& state) {
  const auto message = message_of(static_cast<std::size_t>(state.range(0)));
  wire_pair ends;
  for (auto _ : state) {
    state.PauseTiming();
    std::string bytes = message;
    state.ResumeTiming();
    if (ends.carry(std::move(bytes)) != message.size())
      return state.SkipWithError("the frame has not come");
  }
  bytes_of(state, message.size());
}
void frame_memcpy(benchmark::State& state) {
  const auto message = message_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    std::string copy(message);
    benchmark::DoNotOptimize(copy.data());
  }
  bytes_of(state, message.size());
}
/// Messages of 40 bytes, as credit is, of 32 edges in turn: an item is one of them.
void small_messages(benchmark::State& state) {
  wire_pair ends;
  const std::string text(40, 'c');
  for (auto _ : state) {
    for (edge_id edge = 0; edge < 32; ++edge)
      static_cast<void>(ends.waiting.queue({edge, {}, kind::content, {make_piece(text)}}));
    std::vector<pieces> out, back;
    ends.from.flush(ends.waiting, false, out);
    for (const auto& p : out)
      benchmark::DoNotOptimize(ends.to.receive(*decode_packet(make_piece(text_of(p)), ends.bounds)));
    ends.to.flush(ends.nothing, true, back);
    for (const auto& p : back)
      static_cast<void>(ends.from.receive(*decode_packet(make_piece(text_of(p)), ends.bounds)));
  }
  state.SetItemsProcessed(state.iterations() * 32);
}
BENCHMARK(frame_encode_and_carry)->Arg(16'384)->Arg(65'536);
BENCHMARK(frame_carry)->Arg(16'384)->Arg(65'536);
BENCHMARK(frame_memcpy)->Arg(16'384)->Arg(65'536);
BENCHMARK(small_messages);

}  // namespace
}  // namespace millrace

BENCHMARK_MAIN();
