// The words of the answers about pausing and restarting. Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <set>
#include <string>
#include <string_view>

namespace millrace::observe {

inline constexpr std::string_view paused_words = "it is paused: nothing is read until it is resumed";

/// Answers a restart of nobody. `there`: the topology's parsers, windows and sinks.
[[nodiscard]] error nothing_to_restart(const std::string& topology, const std::string& who,
                                       const std::set<std::string>& there);

}  // namespace millrace::observe
