// The lane's work on the records of a chunk, live and catching up: all that a record may make fail. A failure
// ends this life of the lane by its exception. The records it was about have been told before, and come to the
// next life with its options (delivery::failing_records).
#pragma once

#include "actors/stream/lane/shared.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace millrace::lane {

class record_work {
public:
  explicit record_work(shared& all);

  /// Makes the parser, before all else.
  [[nodiscard]] expected<void> open();
  /// The piece that begins at w.next, parsed.
  const piece& prepare(const partition& p, waiting_chunk& w);
  /// Adds records [w.next, last) of the piece, up to position `to`.
  void add(frame_former& former, const partition& p, waiting_chunk& w, std::size_t last, position to);
  /// `alone`: the frame holds this one record.
  [[nodiscard]] std::vector<delivery::lane_frame> cut(frame_former& former, const partition& p,
                                                      std::optional<position> alone);
  /// Returns whether the frame that is being formed has to be cut now, because a record may give many rows.
  [[nodiscard]] bool is_large(const frame_former& former) const;
  /// Returns the end of those records of [next, last) that are worked on at once.
  [[nodiscard]] std::size_t at_once(const source::chunk& c, std::size_t next, std::size_t last) const;
  /// Notes late records among those that were just added to the live frame, unless a receiver has had them before.
  void note_late(const partition& p, const source::chunk& c);

private:
  /// Does what a record may make fail. The supervisor is told of a failure, for the next life; this one ends
  /// with it.
  template<class F>
  void trying(const attempt& a, F&& work);
  void tell_failure(const attempt& a, std::string_view why);
  [[nodiscard]] attempt attempt_on(const partition& p, const waiting_chunk& w, std::size_t last,
                                   position to) const;

  shared& all_;
  std::unique_ptr<parser::record_parser> parser_;
  bool multiplies_;  // a record may give many rows, or rows that are much longer
};

}  // namespace millrace::lane
