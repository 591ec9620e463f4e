#include "tools/sql/statements.hpp"

#include "runtime/base/lower_case.hpp"

#include <algorithm>
#include <cctype>

namespace millrace::duckdb {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

/// Goes over the text token by token; also says where each begins.
class scanner {
public:
  explicit scanner(std::string_view sql) : sql_(sql) {}

  /// Returns false at the end.
  bool next(token& out) {
    skip_blank();
    if (at_ >= sql_.size())
      return false;
    begin_ = at_;
    out = {};
    const char c = sql_[at_];
    if (c == '\'' || c == '"') {
      out.what = c == '"' ? token::kind::name : token::kind::text;
      out.value = quoted(c, false);
    } else if ((c == 'e' || c == 'E') && peek(1) == '\'') {
      ++at_;
      out.what = token::kind::text;
      out.value = quoted('\'', true);
      out.escapes = sql_.substr(begin_, at_ - begin_).find('\\') != std::string_view::npos;
    } else if (c == '$' && dollar_quoted(out.value)) {
      out.what = token::kind::text;
    } else if (is_word(c)) {
      out.what = token::kind::word;
      while (at_ < sql_.size() && (is_word(sql_[at_]) || sql_[at_] == '$'))
        out.value += lower_case(sql_[at_++]);
    } else {
      out.value = c;
      ++at_;
      if (c == ')' && depth_ > 0)
        --depth_;
    }
    out.depth = depth_;
    if (out.what == token::kind::symbol && c == '(')
      ++depth_;
    return true;
  }
  /// The last token begins here.
  [[nodiscard]] std::size_t begin() const { return begin_; }
  [[nodiscard]] std::size_t end() const { return at_; }

private:
  [[nodiscard]] char peek(std::size_t ahead) const {
    return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0';
  }

  void skip_blank() {
    while (at_ < sql_.size())
      if (std::isspace(static_cast<unsigned char>(sql_[at_])))
        ++at_;
      else if (peek(0) == '-' && peek(1) == '-')
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      else if (peek(0) == '/' && peek(1) == '*')
        skip_comment();
      else
        return;
  }
  void skip_comment() {
    std::size_t open = 0;  // they nest
    do {
      const bool begins = peek(0) == '/' && peek(1) == '*';
      const bool ends = peek(0) == '*' && peek(1) == '/';
      open += begins ? 1 : 0;
      open -= ends ? 1 : 0;
      at_ += begins || ends ? 2 : 1;
    } while (open > 0 && at_ < sql_.size());
  }

  std::string quoted(char quote, bool backslashes) {
    std::string out;
    for (++at_; at_ < sql_.size(); ++at_)
      if (backslashes && sql_[at_] == '\\' && at_ + 1 < sql_.size()) {
        out += sql_[++at_];
      } else if (sql_[at_] != quote) {
        out += sql_[at_];
      } else if (peek(1) == quote) {
        out += quote;
        ++at_;
      } else {
        ++at_;
        break;
      }
    return out;
  }

  /// $$...$$ and $tag$...$tag$.
  bool dollar_quoted(std::string& out) {
    auto close = at_ + 1;
    while (close < sql_.size() && is_word(sql_[close]))
      ++close;
    if (close >= sql_.size() || sql_[close] != '$' || std::isdigit(static_cast<unsigned char>(peek(1))))
      return false;
    const auto tag = sql_.substr(at_, close + 1 - at_);
    const auto from = close + 1;
    const auto to = std::min(sql_.find(tag, from), sql_.size());
    out = sql_.substr(from, to - from);
    at_ = std::min(to + tag.size(), sql_.size());
    return true;
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  std::size_t depth_ = 0;
};

bool is_symbol(const token& t, char c) {
  return t.what == token::kind::symbol && t.value.size() == 1 && t.value.front() == c;
}
bool is_word(const token& t, std::string_view word) { return t.what == token::kind::word && t.value == word; }

/// Skips `explain`, `analyze` and the options of both.
std::size_t past_explain(const std::vector<token>& all) {
  std::size_t i = 0;
  if (all.empty() || !is_word(all[0], "explain"))
    return 0;
  ++i;
  while (i < all.size() && (is_word(all[i], "analyze") || is_word(all[i], "verbose")))
    ++i;
  if (i < all.size() && is_symbol(all[i], '(')) {
    auto close = i + 1;
    while (close < all.size() && !(is_symbol(all[close], ')') && all[close].depth == 0))
      ++close;
    // A bracket may also begin the query itself.
    if (i + 1 < all.size() && (is_word(all[i + 1], "analyze") || is_word(all[i + 1], "format")))
      i = std::min(close + 1, all.size());
  }
  return i;
}

}  // namespace

std::vector<token> tokens_of(std::string_view sql) {
  std::vector<token> out;
  scanner s(sql);
  for (token t; s.next(t);)
    out.push_back(t);
  return out;
}

std::vector<statement> statements_of(std::string_view query) {
  std::vector<statement> out;
  scanner s(query);
  std::optional<std::size_t> begin;
  std::size_t end = 0;
  const auto close = [&] {
    if (begin)
      out.push_back({std::string(query.substr(*begin, end - *begin)), *begin});
    begin.reset();
  };
  for (token t; s.next(t);)
    if (is_symbol(t, ';')) {
      close();
    } else {
      begin = begin.value_or(s.begin());
      end = s.end();
    }
  close();
  return out;
}

std::string rows_for_stars(std::string_view sql, std::string_view function) {
  std::string out(sql);
  std::vector<token> seen;
  std::vector<std::size_t> places;  // places of those seen
  std::vector<std::size_t> calls;   // the depths of the function's brackets that are open
  scanner s(sql);
  for (token t; s.next(t);) {
    const auto n = seen.size();
    if (is_symbol(t, '(') && n > 0 && is_word(seen.back(), function))
      calls.push_back(t.depth);
    if (is_symbol(t, ')') && !calls.empty() && t.depth == calls.back()) {
      calls.pop_back();
      const bool is_star =
          n >= 4 && is_symbol(seen[n - 1], '*') && is_symbol(seen[n - 2], '.') && is_symbol(seen[n - 4], ',');
      if (is_star && (seen[n - 3].what == token::kind::word || seen[n - 3].what == token::kind::name))
        out[places[n - 1]] = out[places[n - 2]] = ' ';
    }
    seen.push_back(t);
    places.push_back(s.begin());
  }
  return out;
}

namespace {

/// Returns the word that says what a statement is about; it follows the verb and what qualifies that.
std::string object_of(const std::vector<token>& all, std::size_t verb) {
  auto i = verb + 1;
  if (is_word(all[verb], "create") || is_word(all[verb], "drop"))
    for (const std::string_view word : {"or", "replace", "persistent", "temporary", "temp"})
      i += i < all.size() && is_word(all[i], word) ? 1 : 0;
  return i < all.size() ? all[i].value : "";
}

bool is_odd_blank(std::string_view text, std::size_t at) {
  const auto rest = text.substr(at);
  for (const std::string_view blank :
       {"\u00a0", "\u1680", "\u180e", "\u2028", "\u2029", "\u202f", "\u205f", "\u2060", "\u3000", "\ufeff"})
    if (rest.starts_with(blank))
      return true;
  // U+2000 to U+200F.
  return rest.starts_with("\xE2\x80") && rest.size() > 2 && static_cast<unsigned char>(rest[2]) <= 0x8F;
}

bool holds_odd_blank(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (static_cast<unsigned char>(text[i]) >= 0x80 && is_odd_blank(text, i))
      return true;
  return false;
}

/// DuckDB takes an odd blank within a text for a space now and then.
bool is_plain(const token& t) {
  return t.what == token::kind::text && !t.escapes && !holds_odd_blank(t.value);
}

/// Reads `(name value, name)` or `with name value`, from the token behind the target on. In the second form each word may be a name.
std::vector<copy_option> options_of(const std::vector<token>& all, std::size_t i) {
  std::vector<copy_option> out;
  if (i < all.size() && is_word(all[i], "with"))
    ++i;
  const bool in_brackets = i < all.size() && is_symbol(all[i], '(');
  if (!in_brackets) {
    for (; i < all.size(); ++i)
      if (all[i].what != token::kind::text)
        out.push_back({lower_case(all[i].value), std::nullopt});
    return out;
  }
  const auto outside = all[i].depth;
  for (++i; i < all.size() && !(all[i].depth == outside && is_symbol(all[i], ')'));) {
    auto end = i + 1;
    const auto ends = [&] {
      return (all[end].depth == outside + 1 && is_symbol(all[end], ',')) ||
             (all[end].depth == outside && is_symbol(all[end], ')'));
    };
    while (end < all.size() && !ends())
      ++end;
    copy_option o{lower_case(all[i].value), std::nullopt};
    if (end == i + 2 && (all[i + 1].what == token::kind::word || is_plain(all[i + 1])))
      o.value = all[i + 1].value;
    out.push_back(std::move(o));
    i = end < all.size() && is_symbol(all[end], ',') ? end + 1 : end;
  }
  for (++i; i < all.size(); ++i)
    out.push_back({lower_case(all[i].value), std::nullopt});
  return out;
}

}  // namespace

std::vector<std::string> calls_of(std::string_view sql) {
  std::vector<std::string> out;
  scanner s(sql);
  token before;
  for (token t; s.next(t); before = t)
    if (is_symbol(t, '(') && (before.what == token::kind::word || before.what == token::kind::name))
      out.push_back(lower_case(before.value));
  return out;
}

bool has_odd_blank(std::string_view sql) {
  scanner s(sql);
  for (token t; s.next(t);)
    if (t.what == token::kind::word && holds_odd_blank(t.value))
      return true;
  return false;
}

file_effect file_effect_of(std::string_view sql) {
  const auto all = tokens_of(sql);
  auto i = past_explain(all);
  file_effect out;
  if (i >= all.size())
    return out;
  out.verb = all[i].value;
  out.object = object_of(all, i);
  if (!is_word(all[i], "copy"))
    return out;
  for (; i < all.size() && !out.copies_out; ++i)
    if (all[i].depth == 0 && is_word(all[i], "to"))
      out.copies_out = true;
    else if (all[i].depth == 0 && is_word(all[i], "from")) {
      out.copies_in = true;
      return out;
    }
  if (!out.copies_out || i >= all.size() || !is_plain(all[i]))
    return out;
  const bool ends = i + 1 == all.size() || is_symbol(all[i + 1], '(') || is_word(all[i + 1], "with");
  if (ends) {
    out.target = all[i].value;
    out.options = options_of(all, i + 1);
  }
  return out;
}

}  // namespace millrace::duckdb
