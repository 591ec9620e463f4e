// Formats of earlier builds were never released, so each reader refuses them by name, and none is read.
#pragma once

#include "runtime/base/error.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

namespace millrace {

/// The last build that goes on with formats before the present ones.
inline constexpr std::string_view build_of_earlier_formats = "c1e33275";

/// ec::unsupported, the user's: `what` ("the state folder X") has the format `found`, and this build reads `reads`
/// alone. `remedy` says what else may be done: "or choose another --state".
[[nodiscard]] inline unexpected earlier_format(std::string_view what, std::uint32_t found,
                                               std::uint32_t reads, std::string_view remedy) {
  return user_error(ec::unsupported,
                    fmt::format("{} has format {}, that of an earlier build of millrace, and this one reads "
                                "format {}; go on with the build of commit {}, {}",
                                what, found, reads, build_of_earlier_formats, remedy));
}

}  // namespace millrace
