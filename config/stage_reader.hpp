// Turns the members of `stages` into drafts: kind, type and options of each, nothing yet of how they hang
// together.
#pragma once

#include "config/plan/draft.hpp"

namespace millrace::config {

[[nodiscard]] drafts read_stages(const node& stages, const catalog& connectors, report& out);
/// Returns whether a map says what kind of stage it is, or is no map. Empty maps and options alone do not.
[[nodiscard]] bool names_a_kind(const node& n);
/// The sink of dead letters, which has no `from`.
[[nodiscard]] draft read_dead_letter_sink(const member& m, const catalog& connectors, report& out);
/// Letters, digits, _ and -, beginning with a letter: names are parts of file names, topics and log
/// identities.
[[nodiscard]] bool is_good_name(std::string_view name);

}  // namespace millrace::config
