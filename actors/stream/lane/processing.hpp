// Works on what was read for the live log, partition by partition: up to the next cut, or as far as `rate`
// allows, and sends the frames that are full or due.
#pragma once

#include "actors/stream/lane/record_work.hpp"
#include "actors/stream/lane/schedule.hpp"
#include "actors/stream/lane/sending.hpp"
#include "actors/stream/lane/shared.hpp"

#include <cstddef>
#include <optional>

namespace millrace::lane {

class processing {
public:
  processing(shared& all, record_work& records, sending& receivers, schedule& when)
      : all_(all), records_(records), sending_(receivers), schedule_(when) {}

  /// One step, which forms one frame of records at most. False: no more can be done for now.
  bool process(partition& p);
  /// Fails where the lane stands before a refused record, once every receiver has taken all that precedes it:
  /// then the end of the run commits that.
  bool fail_at_a_refused_record();

private:
  /// Part of a chunk, and what comes after it.
  struct part {
    std::size_t last;
    position to;
    std::optional<position> cut;  // a receiver further on joins here
    bool partly;                  // more of the chunk may go at once
  };

  bool process_some(partition& p, waiting_chunk& w);
  /// No value: none of it can go now.
  [[nodiscard]] std::optional<part> next_part(partition& p, const waiting_chunk& w, const piece& now);
  void work_on(partition& p, waiting_chunk& w, const part& next, bool own_frame);
  /// Returns, under on_error "fail", where the piece ends before a record that is no row. No value: the piece
  /// begins with that record.
  [[nodiscard]] std::optional<std::size_t> before_refused(partition& p, const waiting_chunk& w);

  shared& all_;
  record_work& records_;
  sending& sending_;
  schedule& schedule_;
};

}  // namespace millrace::lane
