// Decides which actors are suspect of ending the processes that they live in, and how long they wait before
// they begin again.
//
// A process that ends says nothing; the next one of its node tells what its threads were at (runtime/base/flight_recorder.hpp).
// An actor is suspect by evidence alone:
//   - its own work has brought about the signal that ended the process, or
//   - without such a signal (SIGKILL, memory that has run out, power) it had the same records in hand as at the end of the
//     process before: it has not got on.
// So machines that are taken away and processes that are killed count for no actor, and deaths never fail a topology.
//
// Plain functions of what `control` has. Time is what coordinators have recorded.
#pragma once

#include "runtime/cluster/control_state.hpp"

#include <optional>

namespace millrace::cluster {

/// An actor under fewer crashes begins again at once.
inline constexpr std::size_t crashes_before_waiting = 3;
/// The wait after the third crash; it doubles with each further one.
inline constexpr micros first_wait = std::chrono::seconds(5);
inline constexpr micros longest_wait = std::chrono::minutes(5);
/// Earlier crashes do not count once this long has passed without another one.
inline constexpr micros crashes_count_for = std::chrono::minutes(10);
/// More are not kept: the wait is the longest one by then.
inline constexpr std::size_t most_crashes = 16;
/// A suspect waits this long for the node that it has been on: that one tells what it died of, and no other
/// node is put at risk meanwhile.
inline constexpr micros waits_for_node = std::chrono::seconds(5);
/// Two deaths of nodes in so short a time under one actor: it may be the cause.
inline constexpr micros soon = std::chrono::seconds(10);

/// A node that has died so often within that time gets actors last, until it has lived for as long.
inline constexpr std::size_t deaths_of_flapping = 5;
inline constexpr micros flapping_for = std::chrono::minutes(10);

void note_crash(actor_state& a, const crash& c);
/// The record was given up: what it has done counts no more.
void forget_crashes_at(actor_state& a, const log_id& log, position record);
/// A node has died, with the actor on it.
void note_death(actor_state& a, event_micros at);
void note_death(node_state& n, event_micros at);

/// Returns how long an actor waits after so many crashes.
[[nodiscard]] micros wait_after(std::size_t crashes);
/// Returns when the actor may begin as far as its crashes say; no value: it is no suspect, or may at any
/// time.
[[nodiscard]] std::optional<event_micros> next_try(const actor_state& a);
/// The actor has no place, since its node has died. `is_node_there`: a process of that node has joined since, and has told
/// what it knew.
[[nodiscard]] bool may_begin(const actor_state& a, bool is_node_there, event_micros now);
/// The node on which a suspect begins again, so that it puts one alone at risk; empty: it is no suspect.
[[nodiscard]] std::string node_at_risk(const actor_state& a, event_micros now);
[[nodiscard]] bool is_flapping(const node_state& n, event_micros now);

}  // namespace millrace::cluster
