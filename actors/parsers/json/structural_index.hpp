// simdjson's stage 1, and nothing else of it: the places of all tokens in a text, with UTF-8, control
// characters in strings and unclosed strings checked on the way. The parser runs it over many records at
// once.
//
// After a success: a token is one of { } [ ] : , or a string or another scalar. Its position is that of its
// first byte; between its last byte and the next token there is nothing but blanks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace millrace::parser {

class structural_index {
public:
  structural_index();
  ~structural_index();
  structural_index(const structural_index&) = delete;
  structural_index& operator=(const structural_index&) = delete;

  /// nullptr, or what is wrong with the text (its tokens are unknown then). A text without tokens is fine.
  [[nodiscard]] const char* build(const char* text, std::size_t length);
  [[nodiscard]] std::uint32_t count() const { return count_; }
  /// count() positions, ascending, then four at or behind the text's end.
  [[nodiscard]] const std::uint32_t* positions() const { return positions_; }

private:
  std::unique_ptr<simdjson::internal::dom_parser_implementation> impl_;
  const std::uint32_t* positions_ = nullptr;
  std::uint32_t count_ = 0;
};

}  // namespace millrace::parser
