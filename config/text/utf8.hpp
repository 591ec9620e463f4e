// Checks whether bytes are UTF-8: of files and of the environment, before anything else looks at them.
#pragma once

#include <optional>
#include <string_view>

namespace millrace::config {

/// The offset of the first byte that is no UTF-8 (overlong forms and surrogates are none).
[[nodiscard]] std::optional<std::size_t> first_invalid_utf8(std::string_view bytes);

}  // namespace millrace::config
