// Which column a member of a record goes to. Records of one log mostly have the same members in the same
// order, so what stood there in the record before is compared first, name, quotes and colon in one go.
#pragma once

#include "runtime/base/digits.hpp"

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace millrace::parser {

class member_layout {
public:
  static constexpr std::int32_t unknown = -1;

  /// Names in column order.
  explicit member_layout(const std::vector<std::string>& names);

  static constexpr std::size_t head_bytes = 16;
  struct member {
    // The first 16 bytes, and which of them belong to the member. As they are here, no text begins so.
    std::uint64_t low = 1, low_mask = 0, high = 0, high_mask = 0;
    std::int32_t column = unknown;
    std::uint32_t behind_head = 0;  // how many bytes
    std::string text;               // `"name":`

    member() = default;
    member(std::string_view raw, std::int32_t column);
    /// Whether this member stands at its opening quote, `"name":` without blanks. The text is readable up to where the
    /// member's value begins, and 16 bytes at least.
    [[nodiscard]] bool is(const char* quote) const {
      return (((load8(quote) & low_mask) ^ low) | ((load8(quote + 8) & high_mask) ^ high)) == 0 &&
             (behind_head == 0 ||
              std::memcmp(quote + head_bytes, text.data() + head_bytes, behind_head) == 0);
    }
  };

  /// The member that an object is expected to begin with. Behind the last one follows one that no text is.
  [[nodiscard]] const member* first() const { return seen_.data(); }
  struct found {
    std::int32_t column = unknown;
    const member* next = nullptr;  // expected behind it
  };
  /// Finds any member by the name between its quotes; it is expected at this place from now on.
  [[nodiscard]] found look_up(const member* expected, std::string_view raw, bool escapes);

private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  std::unordered_map<std::string, std::int32_t, text_hash, std::equal_to<>> columns_;
  std::vector<member> seen_;  // the last one is none
  std::string unescaped_;
};

}  // namespace millrace::parser
