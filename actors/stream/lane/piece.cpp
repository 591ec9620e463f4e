#include "actors/stream/lane/piece.hpp"

#include <algorithm>

namespace millrace::lane {

std::size_t record_at(const source::chunk& c, position at) {
  return static_cast<std::size_t>(std::lower_bound(c.positions.begin(), c.positions.end(), at) -
                                  c.positions.begin());
}

source::chunk slice(const source::chunk& c, std::size_t first, std::size_t last) {
  const auto part = [&](const auto& column) {
    using column_type = std::decay_t<decltype(column)>;
    return column.empty() ? column_type()
                          : column_type(column.begin() + static_cast<std::ptrdiff_t>(first),
                                        column.begin() + static_cast<std::ptrdiff_t>(last));
  };
  source::chunk out;
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
  out.schemas = c.schemas;
  out.topic = c.topic;
  out.part = c.part;
  if (!out.begins.empty()) {
    const auto begin = out.begins.front();
    auto end = begin;
    for (std::size_t i = 0; i < out.begins.size(); ++i)
      end = std::max(end, out.begins[i] + (out.lengths[i] == source::no_value ? 0 : out.lengths[i]));
    out.bytes.reserve(end - begin + source::padding);
    out.bytes.assign(c.bytes, begin, end - begin);
    for (auto& b : out.begins)
      b -= begin;
  }
  out.bytes.append(source::padding, '\0');
  return out;
}

piece next_piece(const std::shared_ptr<const source::chunk>& c, std::size_t first, const log_id& log,
                 const delivery::verdicts& verdicts, const delivery::failing_records& failing) {
  piece out;
  out.first = first;
  out.last = c->records();
  if (first < c->records()) {
    const auto at = c->positions[first];
    const auto stop_at = [&](position p) { out.last = std::min(out.last, record_at(*c, p)); };
    if (const auto suspicion = failing.next(log, at, c->to)) {
      const bool inside = suspicion->from <= at;
      stop_at(inside ? suspicion->to : suspicion->from);
      if (inside)
        out.last = std::min(out.last, first + suspicion->at_once);
      out.own_frame = inside && suspicion->own_frames;
    }
    out.given_up = verdicts.find(log, at);
    if (out.given_up) {
      out.last = first + 1;
      out.own_frame = false;
    } else if (const auto next = verdicts.next(log, at, c->to)) {
      stop_at(*next);
    }
  }
  const bool all = first == 0 && out.last == c->records();
  out.chunk = all ? c : std::make_shared<const source::chunk>(slice(*c, first, out.last));
  return out;
}

}  // namespace millrace::lane
