// Output frames as bytes: in captures and in segments of spilled output. Drawn in docs/development/formats.md. The rows
// of frames that share a batch are written once, and only those that the frames cover.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/delivery/frame.hpp"
#include "runtime/wire/bytes.hpp"

#include <vector>

namespace millrace::delivery {

void encode_frames(wire::writer& out, const std::vector<output_ptr>& frames);
/// Checks everything before use. An error says only that the bytes are malformed: the caller knows whose.
[[nodiscard]] expected<std::vector<output_ptr>> decode_frames(wire::reader& in, const log_id& log);

/// A segment's payload: version, frames.
[[nodiscard]] std::string encode_segment(const std::vector<output_ptr>& frames);
[[nodiscard]] expected<std::vector<output_ptr>> decode_segment(std::string_view bytes, const log_id& log);

}  // namespace millrace::delivery
