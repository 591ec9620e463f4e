// The text of csv records as those who take them apart need it: a source into records, a parser into fields
// (RFC 4180). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace millrace::data {

struct csv_dialect {
  char delimiter = ',';
  std::optional<char> quote = '"';  // none: quotes are text like any other
};

inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Removes a byte-order mark, which the first record of a file may have.
[[nodiscard]] inline std::string_view without_byte_order_mark(std::string_view text) {
  // Each record is looked at: its first byte is compared without a call.
  const bool may = !text.empty() && text.front() == byte_order_mark.front();
  return may && text.starts_with(byte_order_mark) ? text.substr(byte_order_mark.size()) : text;
}

/// The text without the LF or CR LF at its end.
[[nodiscard]] inline std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n'))
    text.remove_suffix(1);
  if (text.ends_with('\r'))
    text.remove_suffix(1);
  return text;
}

struct closing_quote {
  std::size_t at = 0;    // npos: the text ends within the quotes
  bool doubled = false;  // a doubled quote, which stands for one, lies in front of it
};
/// Returns where the quotes end that are open at `from`.
[[nodiscard]] inline closing_quote find_closing_quote(std::string_view text, std::size_t from, char quote) {
  closing_quote out{text.find(quote, from)};
  while (out.at != std::string_view::npos && out.at + 1 < text.size() && text[out.at + 1] == quote)
    out = {text.find(quote, out.at + 2), true};
  return out;
}

}  // namespace millrace::data
