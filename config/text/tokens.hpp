// Finds where the tokens of a JSON text begin. Boost.JSON says what a text means but not where: the reader
// pairs its events with these, and words a syntax error from what stands before it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

struct token {
  enum class kind : unsigned char { text, word, open, close, colon, comma };
  kind what{};
  std::size_t begin = 0;
  std::size_t end = 0;
  bool escaped = false;    // a text with a backslash
  bool terminated = true;  // a text with its closing quote
};

/// All tokens, comments left out. Takes any bytes; what is no JSON becomes words.
[[nodiscard]] std::vector<token> scan_tokens(std::string_view text);

struct syntax_error {
  std::size_t offset;   // the offset of the mistake: the beginning of a word, wherever in it the parser gave
                        // up
  std::string message;  // found '}'; expected a value
};
[[nodiscard]] syntax_error explain_syntax(std::string_view text, const std::vector<token>& tokens,
                                          std::size_t offset);

/// Byte offsets to lines and columns (in characters), both from 1.
class line_table {
public:
  explicit line_table(std::string_view text);
  struct spot {
    int line;
    int column;
  };
  /// Offsets that ascend cost what lies between them, however long the line is.
  [[nodiscard]] spot at(std::size_t offset) const;
  /// The byte that stands there; the end of the line, or of the text, where there is none.
  [[nodiscard]] std::size_t offset_of(spot where) const;

private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
  mutable std::size_t last_ = 0;  // the offset asked for before, and its column
  mutable int last_column_ = 1;
};

}  // namespace millrace::config
