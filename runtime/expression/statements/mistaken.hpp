// A statement that does not parse, and the token at which PostgreSQL's parser gave up. Pure.
#pragma once

#include "runtime/expression/statements/token_list.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sql {

class mistaken {
public:
  mistaken(const tokens& words, std::string_view text, std::size_t error_at)
      : words_(words), text_(text),
        error_(static_cast<std::size_t>(std::ranges::lower_bound(words, error_at, {}, &token::begin) -
                                        words.begin())) {
    for (std::size_t i = 0; i < error_; ++i) {
      if (words_[i].sign == '(')
        open_.push_back(i);
      else if (words_[i].sign == ')' && !open_.empty())
        open_.pop_back();
    }
  }
  [[nodiscard]] std::size_t size() const { return words_.size(); }
  /// The index of the token that the parser could not take; size(): the statement ends too early.
  [[nodiscard]] std::size_t error() const { return error_; }
  /// The parentheses around it, the outermost one first.
  [[nodiscard]] const std::vector<std::size_t>& open() const { return open_; }

  /// It stands in the list of options of a table or view.
  [[nodiscard]] bool in_options() const {
    return !open_.empty() && open_.back() > 0 && word(open_.back() - 1) == "with";
  }

  // Tokens by index; one that does not exist has neither word nor sign.
  [[nodiscard]] std::string_view word(std::size_t i) const {
    return i < size() ? words_[i].word : std::string_view();
  }
  [[nodiscard]] char sign(std::size_t i) const { return i < size() ? words_[i].sign : '\0'; }
  [[nodiscard]] bool is_text(std::size_t i) const { return i < size() && words_[i].is_text; }
  [[nodiscard]] bool is_quoted(std::size_t i) const { return i < size() && words_[i].is_quoted; }
  [[nodiscard]] bool is_name(std::size_t i) const { return !word(i).empty() || is_quoted(i); }
  [[nodiscard]] bool is_number(std::size_t i) const {
    const auto s = source(i);
    return !s.empty() && s.front() >= '0' && s.front() <= '9';
  }
  [[nodiscard]] std::string_view source(std::size_t i) const {
    return i < size() ? text_.substr(words_[i].begin, words_[i].end - words_[i].begin) : std::string_view();
  }
  [[nodiscard]] std::size_t at(std::size_t i) const { return i < size() ? words_[i].begin : text_.size(); }
  [[nodiscard]] std::string_view text() const { return text_; }
  /// Returns what stands between the quotes of a plain text.
  [[nodiscard]] std::string_view inner(std::size_t i) const {
    const auto s = source(i);
    return is_text(i) && s.size() >= 2 && s.front() == '\'' ? s.substr(1, s.size() - 2) : s;
  }
  /// Returns the place behind the parenthesis that closes the one at `i`, or size().
  [[nodiscard]] std::size_t behind(std::size_t i) const {
    int depth = 0;
    for (; i < size(); ++i) {
      depth += depth_of(words_[i]);
      if (depth <= 0)
        return i + 1;
    }
    return size();
  }

private:
  const tokens& words_;
  std::string_view text_;
  std::size_t error_;
  std::vector<std::size_t> open_;
};

/// Whether these stand from `i` on, divided by blanks: words, signs, ' for a text, # for a number, ? for a name.
[[nodiscard]] bool are(const mistaken& m, std::size_t i, std::string_view words);
[[nodiscard]] bool is_one_of(std::string_view word, std::initializer_list<std::string_view> all);
/// The token as messages show it.
[[nodiscard]] std::string shown(const mistaken& m, std::size_t i);

}  // namespace millrace::sql
