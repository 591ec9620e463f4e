// Pieces of SQL that know which part of the topology they come from, and how they are laid out for people. Internal to write_sql.
#pragma once

#include "config/text/node.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

/// Text with the parts of the topology that stand in it.
class written_text {
public:
  struct origin {
    std::size_t begin = 0;
    std::size_t end = 0;
    const node* from = nullptr;
    std::string path{};
    bool as_it_is = false;  // the node's own text stands here, byte for byte
  };
  written_text() = default;
  written_text(std::string text) : text_(std::move(text)) {}  // NOLINT(google-explicit-constructor)
  written_text(std::string_view text) : text_(text) {}        // NOLINT(google-explicit-constructor)
  written_text(const char* text) : text_(text) {}             // NOLINT(google-explicit-constructor)
  /// All of it comes from that part.
  written_text(std::string text, const node& from, std::string path, bool as_it_is);

  written_text& operator+=(const written_text& more);
  /// Adds that all of it so far comes from that part.
  void note(const node& from, std::string path);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  /// The innermost part that stands at that byte; null: none does.
  [[nodiscard]] const origin* at(std::size_t offset) const;

private:
  std::string text_;
  std::vector<origin> origins_;
};
using written_items = std::vector<written_text>;

/// A longer line is divided at its items.
inline constexpr std::size_t widest_line = 100;

/// `a, b`, or where that is too long behind `width` bytes each item on a line of its own, `indent` wide, with `around` before and
/// behind them.
[[nodiscard]] written_text listed(const written_items& items, std::size_t width, std::size_t indent,
                                  std::string_view before = "", std::string_view behind = "");
/// `'text'`.
[[nodiscard]] std::string text_literal(std::string_view text);

}  // namespace millrace::config
