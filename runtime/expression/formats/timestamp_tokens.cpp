#include "runtime/expression/formats/timestamp_tokens.hpp"

#include "runtime/base/scan.hpp"

#include <algorithm>

namespace millrace::expression {
namespace {

struct timestamp_keyword_entry {
  std::string_view word;
  timestamp_keyword means;
};
// clang-format off
constexpr timestamp_keyword_entry timestamp_keywords[] = {
    {"jan", {timestamp_word::month, 1}}, {"january", {timestamp_word::month, 1}},
    {"feb", {timestamp_word::month, 2}}, {"february", {timestamp_word::month, 2}},
    {"mar", {timestamp_word::month, 3}}, {"march", {timestamp_word::month, 3}},
    {"apr", {timestamp_word::month, 4}}, {"april", {timestamp_word::month, 4}},
    {"may", {timestamp_word::month, 5}}, {"jun", {timestamp_word::month, 6}},
    {"june", {timestamp_word::month, 6}}, {"jul", {timestamp_word::month, 7}},
    {"july", {timestamp_word::month, 7}}, {"aug", {timestamp_word::month, 8}},
    {"august", {timestamp_word::month, 8}}, {"sep", {timestamp_word::month, 9}},
    {"sept", {timestamp_word::month, 9}}, {"september", {timestamp_word::month, 9}},
    {"oct", {timestamp_word::month, 10}}, {"october", {timestamp_word::month, 10}},
    {"nov", {timestamp_word::month, 11}}, {"november", {timestamp_word::month, 11}},
    {"dec", {timestamp_word::month, 12}}, {"december", {timestamp_word::month, 12}},
    {"sun", {timestamp_word::weekday, 0}}, {"sunday", {timestamp_word::weekday, 0}},
    {"mon", {timestamp_word::weekday, 1}}, {"monday", {timestamp_word::weekday, 1}},
    {"tue", {timestamp_word::weekday, 2}}, {"tues", {timestamp_word::weekday, 2}},
    {"tuesday", {timestamp_word::weekday, 2}}, {"wed", {timestamp_word::weekday, 3}},
    {"weds", {timestamp_word::weekday, 3}}, {"wednesday", {timestamp_word::weekday, 3}},
    {"thu", {timestamp_word::weekday, 4}}, {"thur", {timestamp_word::weekday, 4}},
    {"thurs", {timestamp_word::weekday, 4}}, {"thursday", {timestamp_word::weekday, 4}},
    {"fri", {timestamp_word::weekday, 5}}, {"friday", {timestamp_word::weekday, 5}},
    {"sat", {timestamp_word::weekday, 6}}, {"saturday", {timestamp_word::weekday, 6}},
    {"am", {timestamp_word::half_of_day, 0}}, {"pm", {timestamp_word::half_of_day, 1}},
    {"ad", {timestamp_word::era, 0}}, {"bc", {timestamp_word::era, 1}},
    {"at", {timestamp_word::filler, 0}}, {"on", {timestamp_word::filler, 0}},
    {"t", {timestamp_word::time_follows, 0}},
    // of the clock, of no moment, of days and parts by their letters, of clocks that are set
    {"now", {timestamp_word::refused}}, {"today", {timestamp_word::refused}},
    {"tomorrow", {timestamp_word::refused}}, {"yesterday", {timestamp_word::refused}},
    {"infinity", {timestamp_word::refused}}, {"epoch", {timestamp_word::refused}},
    {"allballs", {timestamp_word::refused}}, {"j", {timestamp_word::refused}},
    {"jd", {timestamp_word::refused}}, {"julian", {timestamp_word::refused}},
    {"y", {timestamp_word::refused}}, {"m", {timestamp_word::refused}}, {"d", {timestamp_word::refused}},
    {"h", {timestamp_word::refused}}, {"mm", {timestamp_word::refused}}, {"s", {timestamp_word::refused}},
    {"dow", {timestamp_word::refused}}, {"doy", {timestamp_word::refused}},
    {"isodow", {timestamp_word::refused}}, {"isoyear", {timestamp_word::refused}},
    {"dst", {timestamp_word::refused}},
};
// clang-format on

}  // namespace

timestamp_keyword timestamp_keyword_of(std::string_view word) {
  const auto* const found = std::ranges::find(timestamp_keywords, word, &timestamp_keyword_entry::word);
  return found == std::end(timestamp_keywords) ? timestamp_keyword{} : found->means;
}

bool timestamp_tokens::take_one() {
  if (used_ + 1 >= bytes_.size())
    return false;
  bytes_[used_++] = lower_letter(rest_.front());
  rest_.remove_prefix(1);
  return true;
}

template<class Fits>
bool timestamp_tokens::take_while(Fits fits) {
  while (!rest_.empty() && fits(rest_.front()))
    if (!take_one())
      return false;
  return true;
}

bool timestamp_tokens::take_number(kind& out) {
  const auto next_is = [&](auto fits) { return !rest_.empty() && fits(rest_.front()); };
  out = kind::number;
  if (!take_while(is_digit))
    return false;
  if (next_is([](char c) { return c == ':'; })) {
    out = kind::time;
    return take_while([](char c) { return is_digit(c) || c == ':' || c == '.'; });
  }
  if (!next_is([](char c) { return c == '-' || c == '/' || c == '.'; }))
    return true;
  const char separator = rest_.front();
  if (!take_one())
    return false;
  if (!next_is(is_digit)) {  // a month's name may follow
    out = kind::date;
    return take_while([&](char c) { return is_digit(c) || is_letter(c) || c == separator; });
  }
  out = separator == '.' ? kind::number : kind::date;
  if (!take_while(is_digit))
    return false;
  if (!next_is([&](char c) { return c == separator; }))
    return true;
  out = kind::date;
  return take_while([&](char c) { return is_digit(c) || c == separator; });
}

bool timestamp_tokens::take_word(kind& out) {
  const auto begin = used_;
  out = kind::word;
  if (!take_while(is_letter))
    return false;
  const auto word = std::string_view(bytes_.data(), used_).substr(begin);
  const char next = rest_.empty() ? ' ' : rest_.front();
  const bool goes_on =
      next == '-' || next == '/' || next == '.' ||
      ((next == '+' || is_digit(next)) && timestamp_keyword_of(word).is == timestamp_word::none);
  if (!goes_on)
    return true;
  out = kind::date;
  return take_while([](char c) {
    return is_digit(c) || is_letter(c) || std::string_view("+-/_.:").find(c) != std::string_view::npos;
  });
}

bool timestamp_tokens::split(std::string_view s) {
  rest_ = s;
  used_ = count_ = 0;
  while (!rest_.empty()) {
    const char c = rest_.front();
    const auto begin = used_;
    kind is{};
    bool fits = false;
    if (is_digit(c)) {
      fits = take_number(is);
    } else if (is_letter(c)) {
      fits = take_word(is);
    } else if (c == '+' || c == '-') {
      is = kind::offset;
      fits = take_one();
      while (!rest_.empty() && is_blank(rest_.front()))
        rest_.remove_prefix(1);
      fits = fits && !rest_.empty() && is_digit(rest_.front()) &&
             take_while([](char d) { return is_digit(d) || d == ':' || d == '.' || d == '-'; });
    } else if (is_blank(c) || (c > ' ' && c < '\x7F' && c != '.')) {
      rest_.remove_prefix(1);
      continue;
    }  // a fraction alone is nobody's
    if (!fits || count_ == tokens_.size())
      return false;
    tokens_[count_++] = {is, std::string_view(bytes_.data() + begin, used_ - begin)};
    bytes_[used_++] = '\0';
  }
  return true;
}

}  // namespace millrace::expression
