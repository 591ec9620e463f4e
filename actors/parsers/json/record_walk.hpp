// A walk over the tokens of one record: which value begins where, and whether all of it is JSON (RFC 8259)
// beyond what the structural index has checked. Positions are tokens' numbers; no copies, no allocation.
#pragma once

#include "actors/parsers/number.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace millrace::parser {

/// Values nested deeper than this are no records; bounds the walk's memory.
inline constexpr std::uint32_t deepest = 1024;
inline constexpr const char* too_deep = "values are nested deeper than 1024 levels";

class record_walk {
public:
  /// Walks over the bytes [begin, end) of `text`, whose tokens are `at` (a position at or behind `end` ends
  /// them). The first backslash of the record is at `backslash`, if it has one. The text has some readable bytes behind it.
  record_walk(const char* text, const std::uint32_t* at, std::uint32_t begin, std::uint32_t end,
              std::uint32_t backslash)
      : text_(text), at_(at), begin_(begin), end_(end), backslash_(std::min(backslash, end)) {}

  /// What it walks over, for a loop that keeps it in registers; the next backslash behind what was checked, or the end.
  [[nodiscard]] const char* text() const { return text_; }
  [[nodiscard]] const std::uint32_t* tokens() const { return at_; }
  [[nodiscard]] std::uint32_t end() const { return end_; }
  [[nodiscard]] std::uint32_t backslash() const { return backslash_; }
  /// First byte of a token; NUL behind the record's last.
  [[nodiscard]] char kind(std::uint32_t token) const { return at_[token] < end_ ? text_[at_[token]] : '\0'; }
  /// A scalar as it stands there, strings with their quotes. Another token of the record must follow.
  [[nodiscard]] std::string_view scalar(std::uint32_t token) const {
    const char* const first = text_ + at_[token];
    const char* last = text_ + at_[token + 1];
    while (last[-1] == ' ' || last[-1] == '\n' || last[-1] == '\r' || last[-1] == '\t')
      --last;
    return {first, static_cast<std::size_t>(last - first)};
  }
  /// A string without its quotes, escapes as they are.
  [[nodiscard]] std::string_view body(std::uint32_t token) const {
    const auto s = scalar(token);
    return s.substr(1, s.size() - 2);
  }
  /// A string's body holds a backslash. Strings are mostly asked in their order, so the next one is kept in mind.
  [[nodiscard]] bool has_escapes(std::string_view body) const {
    const auto first = static_cast<std::uint32_t>(body.data() - text_);
    if (first < clean_from_ || first > backslash_) [[unlikely]]
      find_backslash(first);
    return backslash_ < first + body.size();
  }

  /// Checks the value that begins with this token, nested ones to their end; the token behind it, or 0 where
  /// it is malformed (problem() tells). `level`: how many brackets are open around it, with the record's own.
  [[nodiscard, gnu::always_inline]] std::uint32_t check(std::uint32_t token, std::uint32_t level) {
    const char c = kind(token);
    if (c == '{' || c == '[')
      return check_nested(token, level);
    return check_scalar(token, c) ? token + 1 : 0;
  }
  /// The token behind a value, found by its brackets alone; 0 where the record ends first.
  [[nodiscard]] std::uint32_t skip(std::uint32_t token);
  /// The raw text of a checked value.
  [[nodiscard]] std::string_view raw(std::uint32_t token) const;
  /// The token behind a checked value.
  [[nodiscard]] std::uint32_t behind(std::uint32_t token) const;

  /// Checks a member's name and colon.
  [[nodiscard]] bool check_name(std::uint32_t token) {
    if (kind(token) != '"') [[unlikely]]
      return fail(token, "expected a member's name in quotes");
    if (kind(token + 1) != ':') [[unlikely]]
      return fail(token + 1, "expected ':' behind a member's name");
    return is_clean(token) || check_escapes(token);
  }

  /// Notes what is wrong at a token; returns false.
  [[gnu::noinline]] bool fail(std::uint32_t token, const char* what);
  /// "not JSON at byte 17: ...".
  [[nodiscard]] std::string problem() const;

private:
  // The end of a scalar that is the record's last token is unknown; the bracket that must follow is missed
  // next.
  [[nodiscard, gnu::always_inline]] bool check_scalar(std::uint32_t token, char kind) {
    if (kind == '"')
      return is_clean(token) || check_escapes(token);
    const auto text = scalar(token);
    return is_plain_number(text) || check_other(token, kind, text);
  }
  /// The walk has come to a string that holds no backslash.
  [[nodiscard]] bool is_clean(std::uint32_t token) const { return at_[token + 1] <= backslash_; }
  void find_backslash(std::uint32_t from) const {
    clean_from_ = from;
    const auto* const found = std::memchr(text_ + from, '\\', end_ - from);
    backslash_ = found ? static_cast<std::uint32_t>(static_cast<const char*>(found) - text_) : end_;
  }
  [[nodiscard]] static bool is_number_start(char c) { return c == '-' || (c >= '0' && c <= '9'); }
  [[nodiscard]] static bool is_literal(std::string_view text) {
    return text == "true" || text == "false" || text == "null";
  }
  [[nodiscard]] bool check_escapes(std::uint32_t token);
  [[nodiscard]] bool check_other(std::uint32_t token, char kind, std::string_view text);
  [[nodiscard]] std::uint32_t check_nested(std::uint32_t token, std::uint32_t level);

  const char* text_;
  const std::uint32_t* at_;
  std::uint32_t begin_;
  std::uint32_t end_;
  mutable std::uint32_t clean_from_ = begin_;  // from here up to backslash_ there is none
  mutable std::uint32_t backslash_;            // a backslash, or the record's end
  std::uint32_t where_ = 0;
  const char* what_ = nullptr;
};

}  // namespace millrace::parser
