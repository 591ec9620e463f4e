// Work that a sink has yet to do for the event that has come: a stack, since a commit amid some work has followers of its own.
// The effects of a step leave before the next one calls the target.
#pragma once

#include "runtime/delivery/frame.hpp"

#include <optional>
#include <variant>
#include <vector>

namespace millrace::sink {

namespace steps {

// --- once the target is closed these have nothing to do

/// Write the rows of lane frames, one frame a step.
struct write_frames {
  std::vector<delivery::lane_frame> frames;
  std::size_t next = 0;
};
/// Write the windows that are whole, one window a step.
struct write_windows {};
/// A window is written: tell the shards.
struct tell_taken {
  std::vector<log_id> logs;
};
/// All has come out that this frame of a shard has made whole.
struct end_output {
  log_id log;
  position reached{};
  bool has_content = false;
};
struct commit {};
/// Commit, or see to it that it is looked at later. At once: rows of any age.
struct commit_if_due {
  bool at_once = false;
};
/// Read rows that the target has refused, and send them on.
struct forward_refused {};

// --- these come in any case

/// Tell senders what is committed.
struct acknowledge {};
struct tell_complete {};
/// The report was asked for before the target was open.
struct give_report {};
struct end_if_stopping {};

template<class Step>
inline constexpr bool needs_target = true;
template<>
inline constexpr bool needs_target<acknowledge> = false;
template<>
inline constexpr bool needs_target<tell_complete> = false;
template<>
inline constexpr bool needs_target<give_report> = false;
template<>
inline constexpr bool needs_target<end_if_stopping> = false;

}  // namespace steps

using step = std::variant<steps::write_frames, steps::write_windows, steps::tell_taken, steps::end_output,
                          steps::commit, steps::commit_if_due, steps::forward_refused, steps::acknowledge,
                          steps::tell_complete, steps::give_report, steps::end_if_stopping>;

}  // namespace millrace::sink
