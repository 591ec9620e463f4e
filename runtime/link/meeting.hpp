// Judges whether two nodes may have a link, by their hellos. Pure. Both ends judge for themselves, and each
// says its own reason.
#pragma once

#include "runtime/link/hello.hpp"

#include <optional>
#include <span>
#include <string>

namespace millrace::link {

/// The ticks of a cluster go by the coordinator's time: clocks further apart are worth a warning.
inline constexpr event_micros most_skew = 250'000;

/// A node that this one has a link to, or has had one last.
struct known_node {
  std::string node;
  std::uint64_t session = 0;  // link_end::node
  std::string caf_node;
};

struct meeting {
  std::uint32_t version = 0;  // the highest that both speak
  /// The session of the same node's earlier process, whose stand-ins are void now.
  std::optional<std::uint64_t> replaces;
  std::optional<std::string> warning;
};

/// `theirs` has just come: its clock is compared with that of `mine`. Errors: ec::mismatch with one reason for
/// the operator; ec::fenced where a later process of the same node is known.
[[nodiscard]] expected<meeting> meet(const hello& mine, const hello& theirs,
                                     std::span<const known_node> known);

}  // namespace millrace::link
