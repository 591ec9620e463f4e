// The byte with which formats of our own begin, and the refusal of a version that this build does not read.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/wire/bytes.hpp"

#include <cstdint>
#include <string_view>

namespace millrace::wire {

/// Takes the byte, and refuses any but `reads`: ec::unsupported, which names `what` ("the state of a window"). Bytes that
/// are cut off before it are the caller's to refuse.
[[nodiscard]] expected<void> read_format_version(reader& in, std::string_view what, std::uint8_t reads);

}  // namespace millrace::wire
