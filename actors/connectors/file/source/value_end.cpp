#include "actors/connectors/file/source/value_end.hpp"

#include "runtime/data/csv_text.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace millrace::source {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view delimiters = " \t\r\n,:[]{}\"";
constexpr auto npos = std::string_view::npos;

struct string_end {
  std::size_t at = npos;  // after the closing quote
  bool is_none = false;   // a line break lies within
};

string_end end_of_string(std::string_view text, std::size_t from) {
  for (auto at = text.find_first_of("\"\\\n", from); at != npos; at = text.find_first_of("\"\\\n", at)) {
    if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] != '\n') {
      at += 2;
      continue;
    }
    if (text[at] == '\\' && at + 1 == text.size())
      break;
    return text[at] == '"' ? string_end{at + 1, false} : string_end{npos, true};
  }
  return {};
}

std::size_t end_of_word(std::string_view text, std::size_t from) {
  return std::min(text.find_first_of(delimiters, from), text.size());
}

/// Walks over brackets, strings and words.
class bracket_walk {
public:
  enum class outcome : std::uint8_t { closed, open, hopeless };

  outcome walk(std::string_view text) {
    while (at_ < text.size()) {
      const char c = text[at_];
      if (c == '"') {
        value_follows();
        const auto end = end_of_string(text, at_ + 1);
        if (end.is_none)
          return outcome::hopeless;
        if (end.at == npos)
          return outcome::open;
        at_ = end.at;
      } else if (c == '{' || c == '[') {
        value_follows();
        is_behind_value_ = false;
        brackets_ += c == '{' ? '}' : ']';
        ++at_;
      } else if (c == '}' || c == ']') {
        if (brackets_.back() != c)
          return outcome::hopeless;
        brackets_.pop_back();
        is_behind_value_ = true;
        ++at_;
        if (brackets_.empty())
          return outcome::closed;
      } else if (c == ',' || c == ':') {
        is_behind_value_ = false;
        ++at_;
      } else if (blanks.find(c) != npos) {
        ++at_;
      } else {
        value_follows();
        at_ = end_of_word(text, at_);
      }
    }
    return outcome::open;
  }

  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool is_broken() const { return is_broken_; }

private:
  void value_follows() {
    is_broken_ = is_broken_ || is_behind_value_;
    is_behind_value_ = true;
  }

  std::size_t at_ = 0;
  std::string brackets_;  // the closing ones that are awaited
  bool is_behind_value_ = false;
  bool is_broken_ = false;
};

std::optional<std::size_t> end_of_brackets(std::string_view text, bool is_all) {
  bracket_walk brackets;
  const auto way = brackets.walk(text.substr(0, longest_value));
  const bool is_closed = way == bracket_walk::outcome::closed;
  if (is_closed && !brackets.is_broken())
    return brackets.at();
  const bool more_may_close = way == bracket_walk::outcome::open && !is_all && text.size() <= longest_value;
  if (more_may_close && !brackets.is_broken())
    return std::nullopt;
  const auto line = next_line_of_value(text);
  if (is_closed || line != npos)
    return is_closed ? std::min(brackets.at(), line) : line;
  return is_all ? std::optional(text.size()) : std::nullopt;
}

std::optional<std::size_t> end_of_line(std::string_view text, bool is_all) {
  if (const auto feed = text.find('\n'); feed != npos)
    return feed + 1;
  return is_all ? std::optional(text.size()) : std::nullopt;
}

bool is_literal(std::string_view word) {
  return word == "true" || word == "false" || word == "null" ||
         word.find_first_not_of("+-.0123456789Ee") == npos;
}

}  // namespace

bool begins_blank(std::string_view text) {
  return !text.empty() && (blanks.find(text.front()) != npos || text.starts_with(data::byte_order_mark));
}

std::size_t next_line_of_value(std::string_view text) {
  for (auto feed = text.find('\n'); feed != npos && feed + 1 < text.size(); feed = text.find('\n', feed + 1))
    if (text[feed + 1] == '{' || text[feed + 1] == '[')
      return feed + 1;
  return npos;
}

std::optional<std::size_t> end_of_value(std::string_view text, bool is_all) {
  if (text.starts_with(data::byte_order_mark))
    return data::byte_order_mark.size();
  if (data::byte_order_mark.starts_with(text) && !is_all)
    return std::nullopt;
  if (begins_blank(text))
    return std::min(text.find_first_not_of(blanks), text.size());
  if (text.front() == '{' || text.front() == '[')
    return end_of_brackets(text, is_all);
  const bool is_text = text.front() == '"';
  const auto end = is_text ? end_of_string(text, 1) : string_end{end_of_word(text, 0), false};
  const bool is_open = !is_all && !end.is_none && (end.at == npos || (!is_text && end.at == text.size()));
  if (is_open && text.size() <= longest_value)
    return std::nullopt;
  if (!is_open && end.at <= longest_value && (is_text || (end.at > 0 && is_literal(text.substr(0, end.at)))))
    return end.at;
  return end_of_line(text, is_all);
}

}  // namespace millrace::source
