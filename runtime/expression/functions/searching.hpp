// Searches in texts of a row whose cost grows with their lengths added, not multiplied: both may come from a record.
#pragma once

#include "runtime/expression/syntax/source_text.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace millrace::expression {

/// string_view::find(); in a long text by the two-way algorithm of the C library's memmem().
[[nodiscard]] inline std::size_t find_part(std::string_view s, std::string_view part, std::size_t from = 0) {
  constexpr std::size_t short_text = 64;
  if (part.size() < 2 || s.size() <= short_text)
    return s.find(part, from);
  if (from >= s.size())  // there may be no text at all, which memmem() must not be given
    return std::string_view::npos;
  const auto* const found =
      static_cast<const char*>(::memmem(s.data() + from, s.size() - from, part.data(), part.size()));
  return found == nullptr ? std::string_view::npos : static_cast<std::size_t>(found - s.data());
}

/// The characters of a text, each with its number from 0; of equal ones the first counts. The text outlives it.
class numbered_characters {
public:
  explicit numbered_characters(std::string_view all) {
    bytes_.fill(none);
    std::uint32_t number = 0;
    std::size_t length = 0;
    for (std::size_t i = 0; i < all.size(); i += length, ++number) {
      length = character_length(all, i);
      if (length > 1)
        longer_.emplace(all.substr(i, length), number);
      else if (auto& known = bytes_[static_cast<unsigned char>(all[i])]; known == none)
        known = number;
    }
  }
  [[nodiscard]] std::optional<std::uint32_t> number_of(std::string_view character) const {
    if (character.size() == 1) {
      const auto number = bytes_[static_cast<unsigned char>(character.front())];
      return number == none ? std::nullopt : std::optional(number);
    }
    const auto found = longer_.find(character);
    return found == longer_.end() ? std::nullopt : std::optional(found->second);
  }

private:
  static constexpr auto none = std::numeric_limits<std::uint32_t>::max();
  std::array<std::uint32_t, 256> bytes_;  // of the characters of one byte
  std::unordered_map<std::string_view, std::uint32_t> longer_;
};

/// A T made of a text, kept while the rows that follow have an equal one. The first text outlives it.
template<class T>
class kept_of_text {
public:
  [[nodiscard]] const T& of(std::string_view text) {
    if (!made_ || text != text_) {
      made_.emplace(text);
      text_ = text;
    }
    return *made_;
  }

private:
  std::string_view text_;
  std::optional<T> made_;
};

}  // namespace millrace::expression
