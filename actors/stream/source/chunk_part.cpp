#include "actors/stream/source/chunk_part.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace millrace::source {

std::size_t record_at(const chunk& c, position at) {
  return static_cast<std::size_t>(std::lower_bound(c.positions.begin(), c.positions.end(), at) -
                                  c.positions.begin());
}

chunk part_of(const chunk& c, std::size_t first, std::size_t last) {
  const auto part = [&](const auto& column) {
    using column_type = std::decay_t<decltype(column)>;
    return column.empty() ? column_type()
                          : column_type(column.begin() + static_cast<std::ptrdiff_t>(first),
                                        column.begin() + static_cast<std::ptrdiff_t>(last));
  };
  chunk out;
  out.partition = c.partition;
  out.from = first == 0 ? c.from : c.positions[first];
  out.to = behind(c, last);
  out.begins = part(c.begins);
  out.lengths = part(c.lengths);
  out.positions = part(c.positions);
  out.timestamps = part(c.timestamps);
  out.timestamp_types = part(c.timestamp_types);
  out.keys = part(c.keys);
  out.headers = part(c.headers);
  for (const auto record : c.cut)
    if (record >= first && record < last)
      out.cut.push_back(static_cast<std::uint32_t>(record - first));
  for (const auto& [record, why] : c.why_cut)
    if (record >= first && record < last)
      out.why_cut.emplace(static_cast<std::uint32_t>(record - first), why);
  out.lines = c.lines;
  out.header = c.header;
  out.schemas = c.schemas;
  out.topic = c.topic;
  out.part = c.part;
  if (!out.begins.empty()) {
    const auto begin = out.begins.front();
    auto end = begin;
    for (std::size_t i = 0; i < out.begins.size(); ++i)
      end = std::max(end, out.begins[i] + (out.lengths[i] == no_value ? 0 : out.lengths[i]));
    out.bytes.reserve(end - begin + padding);
    out.bytes.assign(c.bytes, begin, end - begin);
    for (auto& b : out.begins)
      b -= begin;
  }
  out.bytes.append(padding, '\0');
  return out;
}

chunk cut_off(chunk& c, position at) {
  const auto k = record_at(c, at);
  auto rest = part_of(c, k, c.records());
  rest.at_end = c.at_end;
  rest.caught_up = c.caught_up;
  rest.drained = c.drained;
  c = part_of(c, 0, k);
  return rest;
}

}  // namespace millrace::source
