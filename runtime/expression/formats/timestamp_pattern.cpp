#include "runtime/expression/formats/timestamp_pattern.hpp"

#include "runtime/base/scan.hpp"
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/formats/trailing_text.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace millrace::expression {
namespace {

constexpr std::string_view supported =
    "%Y %y %m %d %e %j %H %I %p %M %S %f %s %b %B %h %a %A %z %Z %F %T %D %R %n %t %%";

/// One up to `width` digits, blanks in front; within [low, high].
bool take_number(std::string_view& s, int width, std::int64_t low, std::int64_t high, std::int64_t& out) {
  skip_all_blanks(s);
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
    if (lower_letter(s[i]) != lower_letter(word[i]))
      return false;
  s.remove_prefix(word.size());
  return true;
}

/// A name of the list, whole or its first three letters; its index.
bool take_name(std::string_view& s, std::span<const std::string_view> names, std::int64_t& index) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (take_word(s, names[i]) || take_word(s, names[i].substr(0, 3))) {
      index = static_cast<std::int64_t>(i);
      return true;
    }
  return false;
}

bool take_fraction(std::string_view& s, std::int64_t& micros) {
  const auto digits = take_digits(s);
  micros = micros_of_fraction(digits);
  return !digits.empty();
}

/// Holds what the directives have collected.
struct fields {
  std::int64_t year = 1970, month = 1, day = 1, day_of_year = 0;
  std::int64_t hour = 0, hour12 = -1, minute = 0, second = 0, micros = 0;
  std::int64_t offset = 0;
  bool pm = false;
  std::optional<std::int64_t> epoch;  // without its sign
  bool before_1970 = false;
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
    f.before_1970 = take(s, '-');
    // 12 digits reach far beyond year 9999 and stay far from overflow in microseconds
    if (!take_number(s, 12, 0, 999'999'999'999, n))
      return false;
    f.epoch = n;
    return true;
  }
  case 'p':
    f.pm = !s.empty() && lower_letter(s.front()) == 'p';
    return take_word(s, "am") || take_word(s, "pm");
  case 'b':
    if (!take_name(s, month_names, n))
      return false;
    f.month = n + 1;
    return true;
  case 'a':
    return take_name(s, day_names, n);
  case 'z':
    skip_all_blanks(s);
    f.offset = 0;
    return take(s, 'Z') || take(s, 'z') || take_offset(s, f.offset);
  case 'Z':
    return take_word(s, "utc") || take_word(s, "gmt") || take_word(s, "z");
  case ' ':
    skip_all_blanks(s);
    return true;
  default:
    return false;
  }
}

int part_of_time(char directive) {
  if (directive == 'S')
    return 3;
  if (directive == 'M')
    return 2;
  return directive == 'H' || directive == 'I';
}

std::optional<event_micros> assemble(const fields& f) {
  if (f.epoch)
    return (*f.epoch * 1'000'000 + f.micros) * (f.before_1970 ? -1 : 1);
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
      RETURN_IF_ERROR(add(found->second));
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
    return std::ranges::any_of(steps_, [&](const step& s) { return s.directive == directive; });
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
  for (const auto& s : out.steps_) {
    out.reads_.parts_of_time = std::max(out.reads_.parts_of_time, part_of_time(s.directive));
    out.reads_.instant = out.reads_.instant || s.directive == 's';
    out.reads_.zone = out.reads_.zone || s.directive == 'z' || s.directive == 'Z';
  }
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
                                                     day_memory& day, const zone* local) const {
  const auto fits = [&](std::string_view behind, std::int64_t wall) {
    return behind.empty() || (trailing_ignored && moment_stays(behind, reads_, {wall, local}));
  };
  const auto moment = [&](std::int64_t wall) {
    return local == nullptr ? std::optional(wall) : instant_of(*local, wall);
  };
  if (local == nullptr)
    if (const auto common = parse_common(text, trailing_ignored, day))
      return common;
  if (fixed_separator_ && text.size() >= day_memory::length) {
    const auto behind = text.substr(day_memory::length);
    if (behind.empty() || !is_digit(behind.front()))
      if (const auto wall = day.read(text.data(), *fixed_separator_); wall && fits(behind, *wall))
        return moment(*wall);
  }
  fields f;
  std::string_view rest = text;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const auto [directive, literal] = steps_[i];
    if (directive == 0 ? !take(rest, literal) : !take_directive(rest, directive, f))
      return std::nullopt;
    const bool next_is_apart = i + 1 == steps_.size() || steps_[i + 1].directive == ' ';
    if (directive != 0 && directive != ' ' && next_is_apart && !token_ends(directive, rest))
      return std::nullopt;
  }
  const auto wall = assemble(f);
  return wall && fits(rest, *wall) ? moment(*wall) : std::nullopt;
}

}  // namespace millrace::expression
