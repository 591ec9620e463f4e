// The finding about a time zone that tzdata does not have: of windows and of parsers' timestamps.
#pragma once

#include <string>
#include <string_view>

namespace millrace::config {

/// The message of a finding; suggests the closest name, where one is close.
[[nodiscard]] std::string unknown_zone(std::string_view name);

}  // namespace millrace::config
