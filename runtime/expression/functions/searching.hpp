// Searches in texts of a row whose cost grows with their lengths added, not multiplied: both may come from a record.
#pragma once

#include "runtime/expression/syntax/source_text.hpp"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace millrace::expression {

/// string_view::find(), by the two-way algorithm of the C library's memmem().
[[nodiscard]] inline std::size_t find_part(std::string_view s, std::string_view part, std::size_t from = 0) {
  if (from > s.size())
    return std::string_view::npos;
  if (part.empty())
    return from;
  if (from == s.size())  // there may be no text at all, which memmem() must not be given
    return std::string_view::npos;
  const auto* const found =
      static_cast<const char*>(::memmem(s.data() + from, s.size() - from, part.data(), part.size()));
  return found == nullptr ? std::string_view::npos : static_cast<std::size_t>(found - s.data());
}

/// The characters of a text, each with its number from 0; of equal ones the first counts. The text outlives it.
class numbered_characters {
public:
  explicit numbered_characters(std::string_view all) : all_(all) {
    if (all.size() <= searched_at_most)
      return;
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < all.size(); i += character_length(all, i))
      numbers_.emplace(all.substr(i, character_length(all, i)), number++);
  }
  [[nodiscard]] std::optional<std::uint32_t> number_of(std::string_view character) const {
    if (all_.size() > searched_at_most) {
      const auto found = numbers_.find(character);
      return found == numbers_.end() ? std::nullopt : std::optional(found->second);
    }
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < all_.size(); i += character_length(all_, i), ++number)
      if (all_.substr(i, character_length(all_, i)) == character)
        return number;
    return std::nullopt;
  }

private:
  static constexpr std::size_t searched_at_most = 32;
  std::string_view all_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

}  // namespace millrace::expression
