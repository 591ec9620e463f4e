// Judges a server's answer before its first record, and makes URLs fit to be shown. Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <string>
#include <string_view>

namespace millrace::source {

/// Success: a stream of records follows. retry: it is asked again later; otherwise asking again is in vain.
[[nodiscard]] expected<void> judge(const std::string& shown_url, long status, std::string_view content_type);

/// Scheme, host and path: passwords and keys stand in the rest.
[[nodiscard]] std::string shown(std::string_view url);

/// Adds a query parameter; `value` is encoded already.
[[nodiscard]] std::string with_parameter(std::string url, const std::string& name, const std::string& value);

}  // namespace millrace::source
