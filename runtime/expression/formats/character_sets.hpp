// Sets of characters, as a part of a pattern that RE2 has compiled takes them.
#pragma once

#include <bitset>
#include <string>
#include <vector>

namespace re2 {
class RE2;
}

namespace millrace::expression {

/// One past the last code point.
inline constexpr std::size_t end_of_unicode = 0x110000;
/// Surrogates are no characters.
inline constexpr std::size_t all_of_unicode = end_of_unicode - 0x800;

using characters = std::bitset<end_of_unicode>;

/// A text of all characters in their order; it has megabytes.
class all_characters {
public:
  all_characters();
  /// Returns the characters that a pattern of one character takes; `runs` repeats it.
  [[nodiscard]] characters among(const re2::RE2& runs) const;

private:
  std::string text_;
  std::vector<std::size_t> begins_;  // the place at which each begins
  std::vector<std::size_t> which_;
};

/// The members of [...] that stand for all characters that the set does not hold, as RE2 reads them.
[[nodiscard]] std::string members_beyond(const characters& set);

}  // namespace millrace::expression
