// Catches up receivers that are behind: readers of their own reread the log for those that go along, and end
// exactly where the live lane stands (delivery::lane_log); catch_ups says how many there are and for whom.
#pragma once

#include "actors/stream/lane/catch_ups.hpp"
#include "actors/stream/lane/frame_dispatch.hpp"
#include "actors/stream/lane/record_work.hpp"
#include "actors/stream/lane/shared.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace millrace::lane {

class catching_up {
public:
  /// `seed` decides its random waits.
  catching_up(shared& all, record_work& records, frame_dispatch& receivers, std::uint64_t seed)
      : all_(all), records_(records), dispatch_(receivers), catch_ups_(seed) {}

  // --- steps of a turn
  /// Opens a reader for a receiver that needs one. False: none does that could have one.
  bool open_one();
  /// The reader is open.
  void begin(reader_number reader);
  [[nodiscard]] std::size_t readers() const { return catch_ups_.all().size(); }
  /// The receivers of the reader at this place get a frame. False: no more can be done for now, and it reads on.
  bool serve(std::size_t place);
  void close_those_that_are_over();

  /// A reader that is over is not known any more. False: nothing comes of it.
  bool on_chunk(const source::chunk_read& m, reader_number from);
  /// A receiver that was asked because the log has lost records gives its answer. A value: it needs them.
  [[nodiscard]] std::optional<error> lacks(partition& p, std::size_t receiver, const delivery::answer& a);

private:
  struct wanted {
    std::size_t partition = 0;
    std::size_t receiver = 0;
  };

  [[nodiscard]] partition& of(const catch_up& c) const { return *all_.partitions[c.partition]; }
  [[nodiscard]] bool has_credit(const partition& p, std::size_t receiver) const {
    return p.receivers.has_credit(receiver, all_.options.credit);
  }
  /// Drops receivers for whom it is.
  [[nodiscard]] bool is_over(catch_up& c) const { return c.is_over(of(c).log()); }
  bool goes_along(std::size_t partition, std::size_t receiver);
  bool find_place(const partition& p, std::size_t receiver);
  void tell_who_lags(partition& p);
  [[nodiscard]] std::unique_ptr<frame_former> former_for(const partition& p, const mark& from,
                                                         const std::vector<std::size_t>& receivers) const;
  void read_on(catch_up& c);
  void form_frame(catch_up& c, partition& p);
  /// Adds what the next frame holds. A value: that is one record.
  [[nodiscard]] std::optional<position> add_up_to(position limit, catch_up& c, partition& p);
  void hand_over(catch_up& c, partition& p, const std::vector<std::size_t>& receivers,
                 std::optional<position> alone);
  void ask_who_needs_it(catch_up& c, const error& why);

  shared& all_;
  record_work& records_;
  frame_dispatch& dispatch_;
  catch_ups catch_ups_;
  wanted opening_;  // who gets the reader that is being opened
};

}  // namespace millrace::lane
