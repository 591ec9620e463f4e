// The input that a shard holds because too much of its output is kept: of lanes, and of windows upstream. Pure.
#pragma once

#include "runtime/delivery/stalled_input.hpp"
#include "runtime/messages/messages.hpp"

#include <optional>
#include <utility>
#include <variant>

namespace millrace::shard {

class held_input {
public:
  using frame = std::variant<messages::take_frame, delivery::output_ptr>;

  void push(const messages::take_frame& m) { of_lanes_.push(m); }
  void push(const delivery::output_ptr& f) { of_windows_.push(f); }
  /// Its sender begins again from what was taken.
  void drop_lane(const log_id& log) { of_lanes_.drop(log); }
  void drop_window(const log_id& log) { of_windows_.drop(log); }
  [[nodiscard]] bool empty() const { return of_lanes_.empty() && of_windows_.empty(); }

  /// The next frame for which `may` says yes: those of lanes until there is none, then those of windows until there
  /// is none, and so on.
  template<class Predicate>
  [[nodiscard]] std::optional<frame> next(Predicate may) {
    for (const auto first = turn_;;) {
      if (auto f = next_of_turn(may))
        return f;
      turn_ = turn_ == turn::lanes ? turn::windows : turn::lanes;
      if (turn_ == first)
        break;
    }
    turn_ = turn::lanes;
    return std::nullopt;
  }

private:
  enum class turn : std::uint8_t { lanes, windows };
  template<class Predicate>
  [[nodiscard]] std::optional<frame> next_of_turn(Predicate& may) {
    if (turn_ == turn::lanes) {
      auto m = of_lanes_.take(may);
      return m ? std::optional<frame>(*std::move(m)) : std::nullopt;
    }
    auto f = of_windows_.take(may);
    return f ? std::optional<frame>(std::move(f)) : std::nullopt;
  }

  delivery::stalled_input<messages::take_frame> of_lanes_;
  delivery::stalled_output of_windows_;
  turn turn_ = turn::lanes;
};

}  // namespace millrace::shard
