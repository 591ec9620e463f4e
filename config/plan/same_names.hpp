// Finds columns that targets take for the same, since they do not tell capitals from small letters.
#pragma once

#include "runtime/data/type.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::config {

/// Returns the first two columns, or members of one object, whose names differ by case alone; nothing where there are none.
[[nodiscard]] std::optional<std::pair<std::string, std::string>>
same_without_case(const std::vector<data::field>& fields);

}  // namespace millrace::config
