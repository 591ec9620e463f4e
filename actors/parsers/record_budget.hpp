// The lists and JSON texts of a record of bytes take no more memory than its bytes allow: two of them may stand for an element
// of a thousand columns, or for a text of a thousand names.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace millrace::parser {

class record_budget {
public:
  static constexpr std::size_t most_growth = 256;
  static constexpr std::size_t least = std::size_t{64} << 10;
  static constexpr std::size_t most = std::size_t{512} << 20;
  static constexpr std::size_t cell_bytes = 8;  // a value of a column, without its text

  void begin(std::size_t record_bytes) { left_ = std::min(least + most_growth * record_bytes, most); }
  [[nodiscard]] std::size_t left() const { return left_; }
  /// False: there are not so many left.
  [[nodiscard]] bool take(std::size_t bytes) {
    if (bytes > left_)
      return false;
    left_ -= bytes;
    return true;
  }
  static constexpr std::string_view exceeded = "its lists and JSON texts take more than 256 times the "
                                               "record's bytes and 64 KiB, or 512 MiB; declare a "
                                               "\"schema\" with fewer columns in lists, or with less as json";

private:
  std::size_t left_ = 0;
};

}  // namespace millrace::parser
