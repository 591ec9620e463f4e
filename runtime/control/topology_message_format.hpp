// The bytes of what directors and nodes say to each other; drawn in docs/development/formats.md.
#pragma once

#include "runtime/control/topology_messages.hpp"

#include <string>
#include <string_view>

namespace millrace::control {

[[nodiscard]] std::string encode_to_node(const to_node_of_actors& m);
[[nodiscard]] std::string encode_to_director(const to_director& m);

/// Never trust the bytes. Errors: ec::corrupt; ec::unsupported for another version.
[[nodiscard]] expected<to_node_of_actors> decode_to_node(std::string_view bytes);
[[nodiscard]] expected<to_director> decode_to_director(std::string_view bytes);

}  // namespace millrace::control
