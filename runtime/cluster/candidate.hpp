// Decides when a node stands for coordinator. Pure: it is told what it hears and how late it is; its owner
// looks at `control` and opens it. One of several openings wins there, whatever the candidates believe.
#pragma once

#include "runtime/cluster/identities.hpp"
#include "runtime/cluster/silence.hpp"

#include <cstdint>

namespace millrace::cluster {

class candidate {
public:
  enum class phase : std::uint8_t { following, standing, leading };

  /// `jitter`: between nothing and half of limits.away_after, at random, as in all calls, so that not all stand at once.
  /// The first time it stands after two seconds and two of jitter, at most.
  candidate(const silence& limits, moment now, micros jitter);

  /// Stands without a wait: no other node can ever stand.
  void stand_at_once(moment now) { stands_at_ = now.running; }
  /// A word of a coordinator, of any kind. One of a lower epoch than the highest says nothing. `yields`: that one gives the
  /// lead to this node, which stands soon, though words go on.
  void on_word(const epoch& of, moment now, micros jitter, bool yields = false);
  /// Somebody hears the coordinator. That counts as a word, but not for ever: the coordinator does not reach
  /// this node's actors.
  void on_heard(const epoch& of, moment now, micros jitter);
  /// The process that leads under the highest epoch seems to be over: nobody listens at its address, or another one has
  /// its name. Unless somebody still hears it this node stands soon; where that was wrong, the opening takes the lead
  /// from it, and nothing is lost.
  void on_over(moment now, micros jitter);
  /// True, once: `control` is to be looked at and opened under choose(). The answer is on_won() or on_lost().
  [[nodiscard]] bool tick(moment now);
  /// `highest`: the highest life that stands in `control`. `random` tells candidates apart that choose the
  /// same number; one process never chooses a number twice.
  [[nodiscard]] epoch choose(const epoch& highest, std::uint32_t random);
  /// R2: whether the opening is to be given up, since a look has shown this life there.
  [[nodiscard]] bool must_give_up(const epoch& highest) const;
  void on_won();
  /// Another has `control`, or it did not answer.
  void on_lost(moment now, micros jitter);
  /// The own coordinator has ended its epoch. `stands_again`: nobody is known to have a higher one.
  void on_stepped_down(bool stands_again, moment now, micros jitter);

  [[nodiscard]] phase now() const { return phase_; }
  [[nodiscard]] const epoch& highest() const { return highest_; }

private:
  void follow(moment now, micros jitter);
  /// Returns how long it waits after the last sign of a coordinator.
  [[nodiscard]] micros patience(micros jitter) const;

  silence limits_;
  phase phase_ = phase::following;
  epoch highest_;            // the highest that it has heard of
  epoch mine_;               // the last that it has chosen
  bool seems_over_ = false;  // the coordinator of that epoch
  bool is_yielded_to_ = false;
  micros stands_at_{};
  micros waits_at_most_until_{};  // others hear a coordinator: it waits until then at most
};

}  // namespace millrace::cluster
