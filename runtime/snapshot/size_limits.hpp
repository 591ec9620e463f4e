// The greatest size of each kind of state file. Millrace never writes a larger one: it is damage, and is told
// as such before it takes the memory of the machine.
#pragma once

#include "runtime/snapshot/file_system.hpp"

#include <cstdint>

namespace millrace::snapshot {

// Each is far above what a run writes. A state file was in memory when it was written.
inline constexpr std::uint64_t largest_spooled = std::uint64_t{1} << 30U;      // records that wait in a spool
inline constexpr std::uint64_t largest_segment = std::uint64_t{4} << 30U;      // rows that wait for a sink
inline constexpr std::uint64_t largest_chain_file = std::uint64_t{64} << 30U;  // the state of a shard

/// The file as read() gives it; ec::corrupt where it is larger than `largest`, or than the machine's memory.
[[nodiscard]] expected<std::string> read_at_most(file_system& files, const std::string& path,
                                                 std::uint64_t largest);

}  // namespace millrace::snapshot
