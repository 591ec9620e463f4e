#include "runtime/base/timestamp_pattern.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace {
namespace {

constexpr std::string_view supported =
    "%Y %y %m %d %e %j %H %I %p %M %S %f %s %b %B %h %a %A %z %Z %F %T %D %R %n %t %%";

constexpr std::array<std::string_view, 12> months{"january",   "february", "march",    "april",
                                                  "may",       "june",     "july",     "august",
                                                  "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> weekdays{"sunday",   "monday", "tuesday", "wednesday",
                                                   "thursday", "friday", "saturday"};

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

void skip_blanks(std::string_view& s) {
  while (!s.empty() && is_blank(s.front()))
    s.remove_prefix(1);
}

bool take(std::string_view& s, char c) {
  if (s.empty() || s.front() != c)
    return false;
  s.remove_prefix(1);
  return true;
}

/// One up to `width` digits, blanks in front; within [low, high].
bool take_number(std::string_view& s, int width, std::int64_t low, std::int64_t high, std::int64_t& out) {
  skip_blanks(s);
  int n = 0;
  std::int64_t value = 0;
  for (; n < width && !s.empty() && is_digit(s.front()); ++n, s.remove_prefix(1))
    value = value * 10 + (s.front() - '0');
  out = value;
  return n != 0 && value >= low && value <= high;
}

bool take_word(std::string_view& s, std::string_view word) {
  if (s.size() < word.size())
    return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if (lower(s[i]) != word[i])
      return false;
  s.remove_prefix(word.size());
  return true;
}

/// A name of the list, whole or its first three letters; its index.
template<std::size_t N>
bool take_name(std::string_view& s, const std::array<std::string_view, N>& names, std::int64_t& index) {
  for (std::size_t i = 0; i < N; ++i)
    if (take_word(s, names[i]) || take_word(s, names[i].substr(0, 3))) {
      index = static_cast<std::int64_t>(i);
      return true;
    }
  return false;
}

bool take_fraction(std::string_view& s, std::int64_t& micros) {
  std::int64_t nanos = 0;
  int n = 0;
  for (; n < 9 && !s.empty() && is_digit(s.front()); ++n, s.remove_prefix(1))
    nanos = nanos * 10 + (s.front() - '0');
  for (int i = n; i < 9; ++i)
    nanos *= 10;
  micros = (nanos + 500) / 1000;
  return n != 0;
}

bool take_offset(std::string_view& s, std::int64_t& seconds) {
  skip_blanks(s);
  seconds = 0;
  if (take(s, 'Z') || take(s, 'z'))
    return true;
  const bool minus = !s.empty() && s.front() == '-';
  if (!minus && (s.empty() || s.front() != '+'))
    return false;
  s.remove_prefix(1);
  std::array<int, 4> digits{};
  std::size_t n = 0;
  while (n < 4 && !s.empty()) {
    if (n == 2 && s.front() == ':' && s.size() > 1 && is_digit(s[1]))
      s.remove_prefix(1);
    if (!is_digit(s.front()))
      break;
    digits[n++] = s.front() - '0';
    s.remove_prefix(1);
  }
  const int hours = digits[0] * 10 + digits[1];
  const int minutes = digits[2] * 10 + digits[3];
  if ((n != 2 && n != 4) || hours > 15 || minutes > 59)
    return false;
  seconds = (hours * 3600 + minutes * 60) * (minus ? -1 : 1);
  return true;
}

/// Holds what the directives have collected.
struct fields {
  std::int64_t year = 1970, month = 1, day = 1, day_of_year = 0;
  std::int64_t hour = 0, hour12 = -1, minute = 0, second = 0, micros = 0;
  std::int64_t offset = 0;
  bool pm = false;
  std::optional<std::int64_t> epoch;
};

bool take_directive(std::string_view& s, char directive, fields& f) {
  std::int64_t n = 0;
  switch (directive) {
  case 'Y':
    return take_number(s, 4, 1, 9999, f.year);
  case 'y':
    if (!take_number(s, 2, 0, 99, n))
      return false;
    f.year = n < 69 ? 2000 + n : 1900 + n;
    return true;
  case 'm':
    return take_number(s, 2, 1, 12, f.month);
  case 'd':
    return take_number(s, 2, 1, 31, f.day);
  case 'j':
    return take_number(s, 3, 1, 366, f.day_of_year);
  case 'H':
    return take_number(s, 2, 0, 23, f.hour);
  case 'I':
    return take_number(s, 2, 1, 12, f.hour12);
  case 'M':
    return take_number(s, 2, 0, 59, f.minute);
  case 'S':
    return take_number(s, 2, 0, 60, f.second);
  case 'f':
    return take_fraction(s, f.micros);
  case 's': {
    const bool minus = take(s, '-');
    // 12 digits reach far beyond year 9999 and stay far from overflow in microseconds
    if (!take_number(s, 12, 0, 999'999'999'999, n))
      return false;
    f.epoch = minus ? -n : n;
    return true;
  }
  case 'p':
    f.pm = !s.empty() && lower(s.front()) == 'p';
    return take_word(s, "am") || take_word(s, "pm");
  case 'b':
    if (!take_name(s, months, n))
      return false;
    f.month = n + 1;
    return true;
  case 'a':
    return take_name(s, weekdays, n);
  case 'z':
    return take_offset(s, f.offset);
  case 'Z':
    return take_word(s, "utc") || take_word(s, "gmt") || take_word(s, "z");
  case ' ':
    skip_blanks(s);
    return true;
  default:
    return false;
  }
}

std::optional<event_micros> assemble(const fields& f) {
  if (f.epoch)
    return *f.epoch * 1'000'000 + f.micros;
  std::int64_t days = 0;
  const date::year year(static_cast<int>(f.year));
  if (f.day_of_year != 0) {
    if (f.day_of_year == 366 && !year.is_leap())
      return std::nullopt;
    days = date::sys_days(year / 1 / 1).time_since_epoch().count() + f.day_of_year - 1;
  } else {
    const date::year_month_day ymd{year, date::month(static_cast<unsigned>(f.month)),
                                   date::day(static_cast<unsigned>(f.day))};
    if (!ymd.ok())
      return std::nullopt;
    days = date::sys_days(ymd).time_since_epoch().count();
  }
  const auto hour = f.hour12 < 0 ? f.hour : f.hour12 % 12 + (f.pm ? 12 : 0);
  return (((days * 24 + hour) * 60 + f.minute) * 60 + f.second - f.offset) * 1'000'000 + f.micros;
}

}  // namespace

expected<void> timestamp_pattern::add(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (is_blank(c)) {
      steps_.push_back({' ', 0});
      continue;
    }
    if (c != '%') {
      steps_.push_back({0, c});
      continue;
    }
    const char directive = ++i < pattern.size() ? pattern[i] : '\0';
    constexpr std::array<std::pair<char, std::string_view>, 4> composed{
        {{'F', "%Y-%m-%d"}, {'T', "%H:%M:%S"}, {'D', "%m/%d/%y"}, {'R', "%H:%M"}}};
    // Several spellings of one meaning.
    constexpr std::string_view aliases = "edBbhbAan t ";
    if (const auto* found = std::find_if(composed.begin(), composed.end(),
                                         [&](const auto& entry) { return entry.first == directive; });
        found != composed.end()) {
      if (auto done = add(found->second); !done)
        return done;
    } else if (directive == '%') {
      steps_.push_back({0, '%'});
    } else if (directive != '\0' &&
               std::string_view("YymdjHIMSfspbazZ").find(directive) != std::string_view::npos) {
      steps_.push_back({directive, 0});
    } else {
      std::size_t alias = 0;
      while (alias < aliases.size() && (aliases[alias] != directive || directive == '\0'))
        alias += 2;
      if (alias >= aliases.size())
        return user_error(ec::invalid_argument,
                          directive == '\0'
                              ? std::string("a single % ends the pattern; write %% for the character")
                              : fmt::format("%{} is not supported; there are {}", directive, supported));
      steps_.push_back({aliases[alias + 1], 0});
    }
  }
  return {};
}

expected<void> timestamp_pattern::check_whole(std::string_view pattern) const {
  const auto has = [&](char directive) {
    for (const auto& s : steps_)
      if (s.directive == directive)
        return true;
    return false;
  };
  const auto wrong = [&](std::string_view why) {
    return user_error(ec::invalid_argument, fmt::format("the timestamp format \"{}\" {}", pattern, why));
  };
  if (!has('s') && !((has('Y') || has('y')) && (has('j') || ((has('m') || has('b')) && has('d')))))
    return wrong("leaves the date open; it needs year, month and day (%Y-%m-%d), year and day of the year "
                 "(%Y %j), or %s");
  if (has('I') != has('p'))
    return wrong("has only one of %I and %p; use both, or %H");
  return {};
}

expected<timestamp_pattern> timestamp_pattern::compile(std::string_view pattern) {
  timestamp_pattern out;
  if (auto done = out.add(pattern); !done)
    return user_error(ec::invalid_argument,
                      fmt::format("the timestamp format \"{}\": {}", pattern, done.error().message));
  if (auto done = out.check_whole(pattern); !done)
    return tl::unexpected(done.error());
  std::string spelt;
  for (const auto& s : out.steps_) {
    if (s.directive != 0 && s.directive != ' ')
      spelt += '%';
    spelt += s.directive == 0 ? s.literal : s.directive;
  }
  constexpr std::string_view date_part = "%Y-%m-%d", time_part = "%H:%M:%S";
  if (spelt.size() == date_part.size() + 1 + time_part.size() && spelt.starts_with(date_part) &&
      spelt.ends_with(time_part))
    out.fixed_separator_ = spelt[date_part.size()];
  return out;
}

std::optional<event_micros> timestamp_pattern::parse(std::string_view text, bool trailing_ignored,
                                                     day_memory& day) const {
  if (fixed_separator_ &&
      (text.size() == day_memory::length || (text.size() > day_memory::length && trailing_ignored)))
    if (const auto t = day.read(text.data(), *fixed_separator_))
      return t;
  fields f;
  std::string_view rest = text;
  for (const auto& s : steps_)
    if (s.directive == 0 ? !take(rest, s.literal) : !take_directive(rest, s.directive, f))
      return std::nullopt;
  if (!rest.empty() && !trailing_ignored)
    return std::nullopt;
  return assemble(f);
}

expected<void> check_timestamp_format(std::string_view pattern) {
  return timestamp_pattern::compile(pattern).map([](const auto&) {});
}

}  // namespace millrace
