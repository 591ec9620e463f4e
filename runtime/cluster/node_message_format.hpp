// The bytes of what the coordinator and the nodes say to each other. They come from other processes, of which
// any may run another version, so nothing in them is trusted. No I/O. Drawn in docs/development/formats.md.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/cluster/node_messages.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::cluster {

/// No message that is read is longer, nor has more entries in a list, so that reading one takes bounded memory.
inline constexpr std::size_t max_node_message_bytes = std::size_t{32} << 20;
inline constexpr std::size_t max_listed_actors = 100'000;

/// Names and numbers are written as they are: they come from `control`, which bounds them. A text that says why
/// is cut to max_text_bytes.
[[nodiscard]] std::string encode_command(const node_command& c);
/// ec::unsupported: a later version has written it; ec::corrupt. The error names the message and its member.
[[nodiscard]] expected<node_command> decode_command(std::string_view bytes);

/// Encodes like encode_command(); the actors of a registration's lists ascend, each is there once.
[[nodiscard]] std::string encode_event(const node_event& e);
/// Decodes like decode_command().
[[nodiscard]] expected<node_event> decode_event(std::string_view bytes);

}  // namespace millrace::cluster
