// A lane of one partition, as actors/stream/lane uses delivery::lane_log, without CAF: asks, reads, cuts frames,
// sends, catches receivers up by readers that are senders of their own, trims its source.
#pragma once

#include "runtime/delivery/lane_log.hpp"
#include "tests/property/delivery/scene.hpp"

namespace millrace::delivery::trial {

class lane_double {
public:
  lane_double(scene& s, incarnation id, std::size_t log, lane_log::start how);

  inbox in;
  void take_message();
  /// One live batch to every attached receiver; or, at the log's present end, the news that it is idle.
  void read();
  /// Makes a step for one receiver that is behind.
  void catch_up();
  /// A catch-up reader dies: its receiver is asked again.
  void lose_reader();
  /// The lane dies, with its readers.
  void die();

  [[nodiscard]] const lane_log& view() const { return view_; }
  [[nodiscard]] std::size_t log() const { return log_; }
  /// A newer lane has asked a receiver: this one ends.
  [[nodiscard]] bool over() const { return over_; }

private:
  struct reader {
    std::uint64_t sender = 0;
    fence stamp;
    std::optional<window::partials_builder> partials;
  };

  void on_answer(const message& m);
  void ask(std::size_t r);
  void trimmed(const std::vector<std::size_t>& needed);
  [[nodiscard]] std::vector<lane_frame> form(window::partials_builder& partials, const mark& from,
                                             std::size_t to, std::optional<std::size_t> only);
  void send(std::uint64_t sender, std::size_t r, lane_frame f);
  void send_idle(const std::vector<std::size_t>& attached);
  void trim_source();

  scene& scene_;
  incarnation id_;
  std::size_t log_;
  lane_log view_;
  window::partials_builder partials_;
  std::vector<incarnation> handles_;  // life of each receiver as this lane knows it, 0: down
  std::vector<std::size_t> in_flight_;
  std::vector<std::optional<position>> acknowledged_;
  std::vector<reader> readers_;  // indexed by receiver
  bool over_ = false;
};

}  // namespace millrace::delivery::trial
