// A lane's dealings with its receivers: it asks where they stand, sends them frames within their credit, and
// tells the source what all of them have durable (delivery::lane_log decides from where, to whom, up to
// where).
#pragma once

#include "actors/stream/lane/record_work.hpp"
#include "actors/stream/lane/shared.hpp"

#include <cstddef>

namespace millrace::lane {

class frame_dispatch {
public:
  frame_dispatch(shared& all, record_work& records) : all_(all), records_(records) {}

  /// The receiver is asked, now or once it is up; it is sent nothing until it answers.
  void ask(partition& p, std::size_t receiver);
  /// Notes the answer. No value: the life has failed, since receivers stand apart.
  [[nodiscard]] std::optional<partition_receivers::news> answered(partition& p, std::size_t receiver,
                                                                  const delivery::answer& a);
  /// A newer life of the lane has asked the receivers.
  void end_as_fenced(const log_id& log);
  void acknowledged(partition& p, std::size_t receiver, position below);

  /// Cuts a frame for each attached receiver from what was formed, and sends it.
  void flush(partition& p);
  void send(partition& p, std::size_t receiver, delivery::lane_frame frame);
  /// Tells receivers that the partition is idle, if it has been quiet for long enough.
  void send_idle(partition& p);

private:
  bool fail_where_receivers_stand_apart(const partition& p);

  shared& all_;
  record_work& records_;
};

}  // namespace millrace::lane
