// The language has these and this version does not offer them yet: the one list that shrinks from release to
// release.
#pragma once

#include "config/catalog.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

/// The types of the language, whether or not this version has a connector for them.
[[nodiscard]] std::vector<std::string> types_of_language(stage_kind kind);

inline constexpr std::string_view not_offered = "is not offered by this version";

}  // namespace millrace::config
