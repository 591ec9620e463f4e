#include "actors/connectors/kafka/sink/progress_place.hpp"

#include "actors/connectors/kafka/sink/position_record.hpp"
#include "runtime/delivery/ledger.hpp"

#include <fmt/format.h>

namespace millrace::sink {
namespace {

/// Stages that a usual sink counts: itself and some selects upstream.
constexpr std::size_t counted_stages = 4;
constexpr std::size_t length_of_a_name = 12;
constexpr std::uint64_t many = 10'000'000'000;
constexpr event_micros now = 1'700'000'000'000'000;
constexpr event_micros minute = 60'000'000;

/// Base64 of an envelope with large numbers in it.
std::size_t bytes_of(const std::vector<log_id>& logs) {
  progress p;
  delivery::ledger counts;
  for (std::uint32_t s = 0; s < counted_stages; ++s)
    counts[std::string(length_of_a_name, static_cast<char>('a' + s))] = {many, many, many, many, many};
  wire::writer counters;
  counts.encode(counters);
  p.counters = counters.take();
  p.batch = many;
  event_micros at = now;
  for (const auto& log : logs) {
    p.positions[log] = {{at, static_cast<std::int64_t>(many)}, at};
    at += minute;
  }
  envelope e{std::string(32, 'x'), many, many, encode_position({std::move(p), many, {}})};
  return encode_envelope(e).size();
}

}  // namespace

std::string progress_place(std::vector<log_id> logs, bool more) {
  const auto known = bytes_of(logs);
  if (known > metadata_limit)
    return fmt::format("in the topic {} (about {} bytes, the group's offset metadata takes {})",
                       positions_topic, known, metadata_limit);
  if (!more)
    return fmt::format("in the group's offset metadata (about {} of {} bytes)", known, metadata_limit);
  std::size_t partitions = 1;
  for (const auto name = logs.back(); bytes_of(logs) <= metadata_limit; ++partitions)
    logs.push_back(fmt::format("{}{}", name, partitions));
  return fmt::format("in the group's offset metadata up to about {} partitions, beyond that in the topic {}",
                     partitions - 1, positions_topic);
}

}  // namespace millrace::sink
