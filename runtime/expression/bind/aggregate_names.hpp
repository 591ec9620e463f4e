// The functions that are aggregates. Pure.
#pragma once

#include <string_view>
#include <vector>

namespace millrace::expression {

/// `function`: in lower case.
[[nodiscard]] bool is_aggregate(std::string_view function);
[[nodiscard]] const std::vector<std::string_view>& aggregate_names();

}  // namespace millrace::expression
