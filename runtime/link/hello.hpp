// The first that two nodes say to each other, and again at the beginning of each session: who they are and
// what they speak. Drawn in docs/development/formats.md, covered by a golden file and a fuzzer.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/link/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::link {

inline constexpr std::size_t longest_name = 255;
inline constexpr std::size_t most_plans = 4096;
inline constexpr std::size_t longest_hello = std::size_t{1} << 21;

/// Wire versions that a node speaks, both included.
struct versions {
  std::uint32_t lowest = 1;
  std::uint32_t highest = 1;
  friend bool operator==(const versions&, const versions&) = default;
};
/// The versions that this program speaks. A packet of version 1 had at most 256 KiB.
inline constexpr versions spoken{2, 2};

/// The plan of a topology that a node has.
struct plan_generation {
  std::string topology;
  std::uint64_t generation = 0;
  friend bool operator==(const plan_generation&, const plan_generation&) = default;
};

struct hello {
  std::string cluster;
  std::string node;
  link_end me;                      // the sender's end of the session that it wants
  std::optional<link_end> answers;  // the end of the receiver that it has heard of
  versions wire = spoken;
  std::vector<plan_generation> plans;
  event_micros clock = 0;  // the sender's wall clock
  std::string caf_node;    // CAF's id of the sender's process
  friend bool operator==(const hello&, const hello&) = default;
};

/// Names are there and within the bounds above, and so on: decode_hello refuses all others.
[[nodiscard]] bool is_well_formed(const hello& h);
[[nodiscard]] std::string encode_hello(const hello& h);
/// Never trusts the bytes: ec::corrupt. A hello of a later format is read as far as this one goes, so that
/// both nodes can say why they do not meet.
[[nodiscard]] expected<hello> decode_hello(std::string_view bytes);

}  // namespace millrace::link
