// A lane as an actor: it tells the lane (lane.hpp) of each message, and runs its effects, by messages.
#pragma once

#include "actors/stream/lane/lane.hpp"
#include "actors/stream/lane/lane_messages.hpp"
#include "actors/stream/lane/open_readers.hpp"
#include "actors/stream/lane/receiver_handles.hpp"
#include "runtime/control/actor_time.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::lane {

class lane_shell {
public:
  /// `self` outlives it.
  lane_shell(lane_interface::pointer self, lane_options options, const life& now,
             delivery::lane_log::start how, messages::supervisor supervisor, messages::state_keeper keeper);
  ~lane_shell();
  lane_shell(const lane_shell&) = delete;
  lane_shell& operator=(const lane_shell&) = delete;

  /// False: the supervisor was told why it cannot begin.
  [[nodiscard]] bool start();
  /// `event` tells the lane of something; all that comes of it is done.
  template<class F>
  void hear(F&& event) {
    run_after([&] { std::forward<F>(event)(core_); });
    while (core_.has_work())
      run_after([&] { core_.work(); });
  }
  void on_receiver_up(const messages::receiver_up& m);
  void on_receiver_down(const messages::receiver_down& m);
  void on_chunk(const source::chunk_read& m);
  /// Says that it has stopped once the reader of all has ended: what that notes at its end goes to the keeper, which
  /// takes nothing more when all actors have stopped.
  void stop();

private:
  /// Effects that the lane had given before it threw come first.
  template<class F>
  void run_after(F&& what) {
    try {
      std::forward<F>(what)();
    } catch (...) {
      run_effects();
      throw;
    }
    run_effects();
  }
  void run_effects();
  void run(effects::wake_in& e) { self_->delayed_send(self_, e.wait, wake_up{}); }
  void run(effects::look_in& e) { self_->delayed_send(self_, e.wait, look_now{}); }
  void run(effects::ask& e);
  void run(effects::send_frame& e);
  void run(effects::open& e);
  void run(effects::close& e) { readers_.close(e.reader); }
  void run(effects::assign& e) { readers_.tell(e.reader, std::move(e.where)); }
  void run(effects::read& e) { readers_.tell(e.reader, std::move(e.request)); }
  void run(effects::tell_durable& e) { readers_.tell(live_reader, std::move(e.durable)); }
  void run(effects::look& e) { readers_.tell(live_reader, std::move(e.beside)); }
  void run(effects::parse& e);
  void run(effects::tell_found& e);
  void run(effects::tell_slowest& e);
  void run(effects::tell_failed& e);
  void run(effects::tell_attempt_failed& e);
  void run(effects::tell_went_well& e);
  void run(effects::end_as_fenced& e);
  void run(effects::say& e) { stage::write(e); }
  void on_down(const caf::down_msg& m);
  void end_as_stopped();

  lane_interface::pointer self_;
  std::string name_;
  life life_;
  messages::supervisor supervisor_;
  control::actor_time time_;
  receiver_handles receivers_;
  std::vector<parse_helper> helpers_;
  open_readers readers_;
  lane core_;
  effect_list effects_;     // being run
  caf::actor_addr ending_;  // the reader of all, while its end is waited for
};

/// Ends with the actor.
struct lane_state {
  std::optional<lane_shell> shell;
};

}  // namespace millrace::lane
