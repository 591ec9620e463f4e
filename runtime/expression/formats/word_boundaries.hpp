// Where words begin and end in a pattern (\m \M \y \Y): RE2 knows words of ASCII alone and cannot look beyond a match. Each such
// place is decided by the characters that may stand beside it; at an end of the pattern it asks for the neighbour of the match.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::expression {

/// The characters of a word, as members of [...]: letters, digits and _ of all scripts.
inline constexpr std::string_view word_characters = "\\pL\\p{Nl}\\p{Nd}_";

/// A piece of a pattern: what may stand beside another piece.
struct pattern_part {
  enum class kind : std::uint8_t { character, beginning, end, boundary, group, repetition };
  /// Sets of these are the characters that a place may have beside it.
  enum : unsigned { unknown = 0, of_word = 1, of_no_word = 2, outside = 4 };

  kind is = kind::character;
  unsigned takes = unknown;    // a character: of_word, of_no_word or both; unknown: `text` tells it
  std::string text;            // a character, as RE2 reads it
  char boundary = '\0';        // m, M, y or Y
  std::size_t place = 0;       // a boundary's place in the pattern, in bytes
  std::size_t written = 0;     // a boundary's place in the text for RE2
  bool may_be_absent = false;  // a repetition
  bool may_be_many = false;
  std::vector<std::vector<pattern_part>> branches =
      {};  // of a group; a repetition has its piece as the only one

  // A match of the piece may begin and end with these; word_places works them out.
  unsigned first = 0;
  unsigned last = 0;
  bool may_be_empty = false;
};

/// What the character before or after a match has to be. `no_word`: or there is none.
enum class neighbour : std::uint8_t { any, word, no_word };

struct word_places {
  neighbour before = neighbour::any;
  neighbour after = neighbour::any;
  std::vector<std::size_t> never =
      {};                    // the places in the text for RE2 where no match may pass, in their order
  std::string refused = {};  // why there is no answer; empty: there is one
};

/// Decides all boundaries of a pattern, which is a group; errors tell their places in `text`. Takes milliseconds where it has
/// classes.
[[nodiscard]] word_places decide_word_places(pattern_part pattern, std::string_view text, bool folds);

}  // namespace millrace::expression
