// The words of the answers about pausing and restarting. Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <string>
#include <string_view>

namespace millrace::observe {

inline constexpr std::string_view paused_words = "it is paused: nothing is read until it is resumed";

/// Answers a restart of nobody.
[[nodiscard]] error nothing_to_restart(const std::string& topology, const std::string& who);

}  // namespace millrace::observe
