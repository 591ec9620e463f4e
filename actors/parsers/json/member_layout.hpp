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

  /// A record begins.
  void rewind() { next_ = 0; }
  /// Whether the member that stands at its opening quote is the expected one, `"name":` without blanks; its
  /// column then. The text is readable up to where the member's value begins, and 16 bytes at least.
  [[nodiscard]] bool is_expected(const char* quote, std::int32_t& column) {
    if (next_ >= known_ || !seen_[next_].is(quote))
      return false;
    column = seen_[next_++].column;
    return true;
  }
  /// Finds any member by the name between its quotes; it is expected at this place from now on.
  [[nodiscard]] std::int32_t look_up(std::string_view raw, bool escapes);

private:
  static constexpr std::size_t head_bytes = 16;
  struct member {
    std::uint64_t low_mask = 0, high_mask = 0;  // of the head's bytes those that belong to the member
    std::int32_t column = unknown;
    std::string text;  // `"name":`, zeros up to head_bytes

    member(std::string_view raw, std::int32_t column);
    [[nodiscard]] bool is(const char* quote) const {
      return (((load8(quote) ^ load8(text.data())) & low_mask) |
              ((load8(quote + 8) ^ load8(text.data() + 8)) & high_mask)) == 0 &&
             (text.size() == head_bytes ||
              std::memcmp(quote + head_bytes, text.data() + head_bytes, text.size() - head_bytes) == 0);
    }
  };
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  std::unordered_map<std::string, std::int32_t, text_hash, std::equal_to<>> columns_;
  std::vector<member> seen_;
  std::size_t known_ = 0;  // how many: a vector would divide for it
  std::size_t next_ = 0;
  std::string unescaped_;
};

}  // namespace millrace::parser
