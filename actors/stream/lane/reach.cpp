#include "actors/stream/lane/reach.hpp"

#include "actors/stream/stage/unnest.hpp"

#include <algorithm>

namespace millrace::lane {
namespace {

/// Bytes of records. Together with the limit of one record's rows they bound the lane's memory.
constexpr std::size_t bytes_of_few = 64U << 10;

}  // namespace

std::size_t end_of_few(const source::chunk& c, std::size_t next, std::size_t last) {
  const auto most = std::min(last, next + stage::most_records_at_once);
  std::size_t bytes = 0;
  auto end = next;
  while (end < most && (end == next || bytes < bytes_of_few)) {
    bytes += c.lengths[end] == source::no_value ? 0 : c.lengths[end];
    ++end;
  }
  return end;
}

}  // namespace millrace::lane
