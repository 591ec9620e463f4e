// The names of sessions of a link. Each end has a name that it never uses twice; a session is a pair of them,
// so what was sent in one session is never taken for another's.
#pragma once

#include <compare>
#include <cstdint>

namespace millrace::link {

/// Rises with each session that the node begins with this peer: `node` is the process, one number a start of
/// a node from `control`, `attempt` counts within it.
struct link_end {
  std::uint64_t node = 0;
  std::uint32_t attempt = 0;
  friend auto operator<=>(const link_end&, const link_end&) = default;
};

struct session {
  link_end mine, theirs;
  friend auto operator<=>(const session&, const session&) = default;
};

/// A session as the other end names it.
[[nodiscard]] constexpr session seen_from_there(const session& s) { return {s.theirs, s.mine}; }

}  // namespace millrace::link
