// The receivers of one partition as a lane knows them: where each stands (delivery::lane_log), how many bytes
// it has yet to take, and what it has durable. Pure: the lane asks, sends and tells.
#pragma once

#include "runtime/delivery/lane_log.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace millrace::lane {

class partition_receivers {
public:
  partition_receivers(std::size_t receivers, delivery::lane_log::start how)
      : log_(receivers, how), in_flight_(receivers), acknowledged_(receivers) {}

  [[nodiscard]] const delivery::lane_log& log() const { return log_; }

  // --- introductions
  void mark_present(std::size_t receiver, bool up);
  /// It is being asked where it stands; nothing is sent to it until it answers.
  void ask(std::size_t receiver);
  enum class news : std::uint8_t {
    waits,   // waits for the answers of others
    begins,  // now it is known where to begin
    moves,   // the partition stands somewhere else than it was
    goes_on  // it stands where it did; the receiver is attached, behind the lane or ahead
  };
  /// Its fence is the answer's from now on, under which nothing is in flight.
  [[nodiscard]] news answered(std::size_t receiver, const delivery::answer& a);

  // --- credit: `limit` bytes that one receiver may have in flight
  /// Returns false, and changes no credit, under another fence than its present one.
  [[nodiscard]] bool returned(std::size_t receiver, const delivery::fence& stamp, std::size_t bytes);
  [[nodiscard]] bool has_credit(std::size_t receiver, std::size_t limit) const {
    return in_flight_[receiver] < limit;
  }
  /// Every attached receiver has credit; and there is one, or one that is waited for further on.
  [[nodiscard]] bool may_send(std::size_t limit) const;
  /// The first attached receiver without credit.
  [[nodiscard]] std::optional<std::size_t> without_credit(std::size_t limit) const;
  [[nodiscard]] bool nothing_in_flight() const { return in_flight() == 0; }
  [[nodiscard]] std::size_t in_flight(std::size_t receiver) const { return in_flight_[receiver]; }
  /// Bytes, of all receivers.
  [[nodiscard]] std::size_t in_flight() const;
  /// A frame goes to it; returns its stamp.
  [[nodiscard]] const delivery::fence& sends(std::size_t receiver, std::size_t bytes);
  /// Frames for [at, to) were sent to all attached; frames for [reader_at, to) to this receiver.
  void advance(const mark& to) { log_.advance(to); }
  void reader_advance(std::size_t receiver, const mark& to) { log_.reader_advance(receiver, to); }
  /// Returns whether some receiver has got the record at this position, from this life or an earlier one.
  [[nodiscard]] bool have_had(position record) const;

  // --- durable positions
  void acknowledged(std::size_t receiver, position below);
  /// Returns the position below which every receiver has everything. No value: some have yet to say.
  [[nodiscard]] std::optional<position> durable() const;

private:
  [[nodiscard]] std::optional<std::size_t> first_without_credit(const std::vector<std::size_t>& attached,
                                                                std::size_t limit) const;

  delivery::lane_log log_;
  std::vector<std::size_t> in_flight_;                 // bytes, by receiver
  std::vector<std::optional<position>> acknowledged_;  // indexed by receiver
};

}  // namespace millrace::lane
