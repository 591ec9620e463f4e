// The words, names, texts and signs of SQL, as PostgreSQL's scanner finds them; comments are left out.
#pragma once

#include "runtime/expression/expression.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sql {

struct token {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string word{};  // of a name without quotes or keyword, in lower case; else empty
  bool is_text = false;
  bool is_quoted = false;  // a name in double quotes
  bool is_broken = false;  // a problem has told of it
  char sign = '\0';        // of one character: ( ) [ ] , ; . = and others
};
using tokens = std::vector<token>;

struct scanned {
  tokens all;
  expression::problems problems;
};
/// A problem: what the scanner cannot take. A number with letters behind it, such as 10s, is a broken token, and the rest of the text
/// is read; a text or comment without an end is the last token. To be called on the parser's thread.
[[nodiscard]] scanned scan(std::string_view text);

/// Whether the token is a name for where it stands, whatever word it is: behind a dot or behind AS.
[[nodiscard]] bool is_name_by_place(std::span<const token> all, std::size_t i);

/// How a token changes the depth of parentheses and brackets.
[[nodiscard]] constexpr int depth_of(const token& t) {
  return t.sign == '(' || t.sign == '[' ? 1 : t.sign == ')' || t.sign == ']' ? -1 : 0;
}

}  // namespace millrace::sql
