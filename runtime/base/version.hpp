// The version of the product.
#pragma once

#include <string_view>

namespace millrace {

inline constexpr std::string_view version = "0.1.0";

}  // namespace millrace
