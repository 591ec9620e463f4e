#include "config/text/tokens.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace millrace::config {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t longest_quoted = 40;
constexpr std::string_view delimiters = " \t\r\n{}[]:,\"/";

std::size_t skip_comment(std::string_view text, std::size_t i) {
  if (text[i + 1] == '/')
    return std::min(text.find('\n', i), text.size());
  const auto end = text.find("*/", i + 2);
  return end == std::string_view::npos ? text.size() : end + 2;
}

token scan_text(std::string_view text, std::size_t begin) {
  token t{token::kind::text, begin, begin + 1, false, false};
  while (t.end < text.size()) {
    const char c = text[t.end++];
    if (c == '"') {
      t.terminated = true;
      break;
    }
    if (c == '\\') {
      t.escaped = true;
      t.end = std::min(t.end + 1, text.size());
    }
  }
  return t;
}

/// Says what may come next, as far as the tokens before an error tell.
class grammar {
public:
  void pass(std::string_view text, const token& t) {
    switch (t.what) {
    case token::kind::open:
      open_.push_back({text[t.begin], t.begin});
      state_ = text[t.begin] == '{' ? state::key_or_close : state::value_or_close;
      return;
    case token::kind::close:
      if (!open_.empty())
        open_.pop_back();
      state_ = state::after_value;
      return;
    case token::kind::colon:
      state_ = state::value;
      return;
    case token::kind::comma:
      state_ = in_map() ? state::key_or_close : state::value_or_close;
      return;
    case token::kind::text:
    case token::kind::word:
      state_ = state_ == state::key_or_close ? state::colon : state::after_value;
      return;
    }
  }
  [[nodiscard]] std::string expected() const {
    switch (state_) {
    case state::start:
      return "a map that begins with '{'";
    case state::key_or_close:
      return "a key in double quotes or '}'";
    case state::colon:
      return "':' after the key";
    case state::value:
      return "a value (text in double quotes, a number, true, false, null, a map or a list)";
    case state::value_or_close:
      return "a value or ']'";
    case state::after_value:
      break;
    }
    return open_.empty() ? "the end of the file" : in_map() ? "',' or '}'" : "',' or ']'";
  }
  struct bracket {
    char sign;
    std::size_t at;
  };
  [[nodiscard]] const std::vector<bracket>& open() const { return open_; }

private:
  enum class state : unsigned char { start, key_or_close, colon, value, value_or_close, after_value };
  [[nodiscard]] bool in_map() const { return !open_.empty() && open_.back().sign == '{'; }
  state state_ = state::start;
  std::vector<bracket> open_;
};

std::string in_broken_text(std::string_view text, std::size_t offset) {
  const auto c = offset < text.size() ? static_cast<unsigned char>(text[offset]) : 0U;
  if (c == '\n' || c == '\r')
    return "the line ends inside a text; expected a closing '\"' (a line break within a text is written \\n)";
  if (c < 0x20)
    return fmt::format("the control character {:#04x} in a text; expected it as \\u{:04x}", c, c);
  return "a broken escape in a text; expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u with four hex "
         "digits";
}

/// Says what is known of a token that JSON has not.
std::string hint_for(std::string_view found) {
  if (found.front() == '\'')
    return " (texts and keys stand in double quotes)";
  if (found.front() == '#')
    return " (a comment begins with //)";
  if (found == "True" || found == "False" || found == "TRUE" || found == "FALSE")
    return "; did you mean " + std::string(std::tolower(found.front()) == 't' ? "true" : "false") + "?";
  if (found == "None" || found == "NULL" || found == "nil")
    return "; did you mean null?";
  return {};
}

}  // namespace

std::vector<token> scan_tokens(std::string_view text) {
  std::vector<token> out;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (blanks.find(c) != std::string_view::npos) {
      ++i;
    } else if (c == '/' && i + 1 < text.size() && (text[i + 1] == '/' || text[i + 1] == '*')) {
      i = skip_comment(text, i);
    } else if (c == '"') {
      out.push_back(scan_text(text, i));
      i = out.back().end;
    } else if (const auto sign = std::string_view("{[}]:,").find(c); sign != std::string_view::npos) {
      constexpr token::kind kinds[] = {token::kind::open,  token::kind::open,  token::kind::close,
                                       token::kind::close, token::kind::colon, token::kind::comma};
      out.push_back({kinds[sign], i, i + 1});
      ++i;
    } else {
      const auto end = std::max(std::min(text.find_first_of(delimiters, i), text.size()), i + 1);
      out.push_back({token::kind::word, i, end});
      i = end;
    }
  }
  return out;
}

syntax_error explain_syntax(std::string_view text, const std::vector<token>& tokens, std::size_t offset) {
  grammar g;
  for (const auto& t : tokens) {
    if (t.what == token::kind::text && t.begin < offset && offset <= t.end) {
      if (!t.terminated && offset >= text.size())
        return {offset, "the file ends inside a text; expected a closing '\"'"};
      if (offset < t.end)
        return {offset, in_broken_text(text, offset)};
    }
    const bool in_word = t.what == token::kind::word &&
                         (offset < t.end || (offset == t.end && std::isalnum(text[t.end - 1] & 0x7F) == 0));
    if (t.begin >= offset || in_word) {
      const auto found = std::string(text.substr(t.begin, std::min(t.end - t.begin, longest_quoted)));
      return {t.begin,
              fmt::format("found {}; expected {}{}", t.what == token::kind::text ? found : "'" + found + "'",
                          g.expected(), hint_for(found))};
    }
    g.pass(text, t);
  }
  if (g.open().empty())
    return {offset, fmt::format("the file ends here; expected {}", g.expected())};
  const auto where = line_table(text).at(g.open().back().at);
  return {offset, fmt::format("the file ends here; expected {} (the '{}' of {}:{} is still open)",
                              g.expected(), g.open().back().sign, where.line, where.column)};
}

line_table::line_table(std::string_view text) : text_(text), starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n')
      starts_.push_back(i + 1);
}

line_table::spot line_table::at(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto line = std::upper_bound(starts_.begin(), starts_.end(), offset) - starts_.begin();
  const auto start = starts_[static_cast<std::size_t>(line - 1)];
  const bool goes_on = last_ >= start && last_ <= offset;
  int column = goes_on ? last_column_ : 1;
  for (auto i = goes_on ? last_ : start; i < offset; ++i)
    column += (static_cast<unsigned char>(text_[i]) & 0xC0U) != 0x80U;
  last_ = offset;
  last_column_ = column;
  return {static_cast<int>(line), column};
}

std::size_t line_table::offset_of(spot where) const {
  if (where.line < 1)
    return 0;
  const auto line = std::min(static_cast<std::size_t>(where.line), starts_.size());
  const auto end = line < starts_.size() ? starts_[line] - 1 : text_.size();
  auto at = starts_[line - 1];
  for (int column = 1; column < where.column && at < end; ++column)
    for (++at; at < end && (static_cast<unsigned char>(text_[at]) & 0xC0U) == 0x80U;)
      ++at;
  return at;
}

}  // namespace millrace::config
