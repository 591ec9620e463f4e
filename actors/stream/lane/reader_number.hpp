// The numbers of the readers that a lane has.
#pragma once

#include <cstdint>

namespace millrace::lane {

/// The lane's own reader, or one that rereads the log for a receiver that is behind. No number is used twice.
using reader_number = std::uint64_t;
inline constexpr reader_number live_reader = 0;

}  // namespace millrace::lane
