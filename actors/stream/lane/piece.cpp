#include "actors/stream/lane/piece.hpp"

#include <algorithm>

namespace millrace::lane {

piece next_piece(const std::shared_ptr<const source::chunk>& c, std::size_t first, const log_id& log,
                 const delivery::verdicts& verdicts, const delivery::failing_records& failing) {
  piece out;
  out.first = first;
  out.last = c->records();
  if (first < c->records()) {
    const auto at = c->positions[first];
    const auto stop_at = [&](position p) { out.last = std::min(out.last, source::record_at(*c, p)); };
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
  out.chunk = all ? c : std::make_shared<const source::chunk>(source::part_of(*c, first, out.last));
  return out;
}

}  // namespace millrace::lane
