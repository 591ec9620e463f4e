// Knows whether a sink's target is open, since when it is away, what it could not take, and who was told.
// Pure: the sink says what happened and when, and does what it is told. It belongs to one sink.
#pragma once

#include "runtime/base/backoff.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

namespace millrace::sink {

class target_health {
public:
  using clock = std::chrono::steady_clock;
  using positions = std::map<log_id, mark>;

  /// Says how long a target is waited for.
  struct patience {
    std::chrono::milliseconds first{30'000};  // bound until it has been opened once
    bool only_first = true;  // later it is waited for without end; false: no longer than `first`
  };
  target_health(patience p, clock::time_point now, std::uint64_t seed)
      : patience_(p), began_(now), away_(away_backoff, seed) {}

  [[nodiscard]] bool is_open() const { return state_ == state::open; }
  /// The sink has failed for good.
  [[nodiscard]] bool is_given_up() const { return state_ == state::given_up; }
  /// It has gone wrong, and nothing has shown since that it takes what it is given.
  [[nodiscard]] bool is_away() const { return away_since_.has_value(); }

  // Each returns whether it is to be said that the target answers again.

  /// A full disk may be opened again and again: what could not be written shows when it can. `stored`: what
  /// the target has; where a commit was done and its answer lost, that shows now.
  [[nodiscard]] bool opened(const std::optional<positions>& stored);
  /// Progress alone may find room where rows did not.
  [[nodiscard]] bool committed(const positions& stored, bool with_rows);
  /// The target was kept alive while there was nothing to commit.
  [[nodiscard]] bool kept_alive();

  struct reaction {
    bool give_up = false;  // the sink fails
    bool tell = false;     // tell that it is waited for
    micros try_again{};    // wait until the next try, unless given up
  };
  /// A call to the target failed. `progress`: what it would have had with all that was given to it;
  /// `with_rows`: rows were among that. Returns nothing once the target was given up.
  [[nodiscard]] std::optional<reaction> failed(const error& why, clock::time_point now,
                                               const positions& progress, bool with_rows);

private:
  enum class state : std::uint8_t { never_open, open, away, given_up };
  static constexpr backoff_options away_backoff{.longest = std::chrono::seconds(2)};
  /// A full disk answers and fails by turns where others give back a little room now and then.
  static constexpr std::chrono::seconds told_again_after{10};
  /// An open target that fails owes what was under way: once that is committed, the target has taken what it
  /// could not take.
  struct owed {
    positions progress;
    bool rows = false;
  };

  [[nodiscard]] bool has_what_it_owed(const positions& stored) const;
  [[nodiscard]] bool has_waited_long_enough(clock::time_point now) const;
  bool answered();

  patience patience_;
  clock::time_point began_;
  state state_ = state::never_open;
  bool was_open_ = false;
  std::optional<owed> owed_;
  std::optional<clock::time_point> away_since_;
  backoff away_;
  bool told_ = false;  // the present absence was told
  std::optional<clock::time_point> told_at_;
};

}  // namespace millrace::sink
