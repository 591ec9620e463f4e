// The tables behind known_words.hpp. A test holds them against the catalog, so that no entry speaks of what is offered as if it were missing,
// or of what is not there.
#pragma once

#include <span>
#include <string_view>

namespace millrace::config {

struct known_word {
  std::string_view of;     // "sink console", "sink", "*": any stage, "": the top level
  std::string_view words;  // lower case, without signs
  std::string_view meant;
};

[[nodiscard]] std::span<const known_word> known_options();
[[nodiscard]] std::span<const known_word> known_stage_types();
[[nodiscard]] std::span<const known_word> known_kinds();
[[nodiscard]] std::span<const known_word> known_values();
[[nodiscard]] std::span<const known_word> known_column_types();

}  // namespace millrace::config
