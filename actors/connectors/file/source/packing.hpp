// Knows content that is no text by its first bytes: which program has packed it, and which one unpacks it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::source {

/// Bytes beyond these do not change the answer.
inline constexpr std::size_t packing_bytes = 10;

/// Names the packing of content that begins with `head`; empty where it is none of these.
[[nodiscard]] std::string_view packing_of(std::string_view head);

/// Returns why content that begins with `head` is no text, with the remedy; empty where it may be one. `what`: its name in
/// the message; `file`: what the program is to unpack.
[[nodiscard]] std::string why_packed(std::string_view head, std::string_view what, std::string_view file);

}  // namespace millrace::source
