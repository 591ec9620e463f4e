// Writes a regular expression in PostgreSQL's advanced syntax as RE2's; what RE2 has no equal for is refused.
#pragma once

#include "runtime/expression/formats/word_boundaries.hpp"

#include <tl/expected.hpp>

#include <string>
#include <string_view>

namespace millrace::expression {

/// Flags decide these; options at the beginning of a pattern, (?xi), go over them.
struct pattern_flags {
  bool folds = false;             // i: letters of either case are alike
  bool anchors_at_lines = false;  // n, w: ^ and $ match at line feeds, too
  bool stops_at_lines = false;    // n, p: . and [^...] take no line feed
  bool is_expanded = false;       // x: blanks and comments do not count
  bool is_literal = false;        // q: each character stands for itself

  /// False for a letter that is no flag here; g is for the caller.
  [[nodiscard]] bool take(char flag);
};

struct translated_pattern {
  std::string text;
  bool folds = false;
  bool is_lazy = false;  // its repetitions take as little as they can
  neighbour before = neighbour::any;
  neighbour after = neighbour::any;
};

/// The error says why the pattern cannot be used.
[[nodiscard]] tl::expected<translated_pattern, std::string> translate(std::string_view pattern,
                                                                      pattern_flags flags);

}  // namespace millrace::expression
