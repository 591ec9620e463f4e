#include "runtime/expression/formats/trailing_text.hpp"

#include "runtime/base/scan.hpp"
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/formats/timestamp_tokens.hpp"
#include "runtime/expression/formats/zone_abbreviations.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <array>

namespace millrace::expression {
namespace {

/// Two digits up to `limit`.
bool take_pair(std::string_view& s, std::int64_t limit, std::int64_t& out) {
  if (s.size() < 2 || !is_digit(s[0]) || !is_digit(s[1]))
    return false;
  out = (s[0] - '0') * 10 + s[1] - '0';
  s.remove_prefix(2);
  return out <= limit;
}

/// hh, hhmm, hh:mm, hh:mm:ss.
bool take_unsigned_offset(std::string_view& s, bool minus, std::int64_t& seconds) {
  std::int64_t h = 0, m = 0, sec = 0;
  if (!take_pair(s, 15, h))
    return false;
  const auto goes_on = [&] { return s.size() > 1 && s.front() == ':' && is_digit(s[1]); };
  if (goes_on()) {
    s.remove_prefix(1);
    if (!take_pair(s, 59, m))
      return false;
    if (goes_on()) {
      s.remove_prefix(1);
      if (!take_pair(s, 59, sec))
        return false;
    }
  } else if (!s.empty() && is_digit(s.front()) && !take_pair(s, 59, m)) {
    return false;
  }
  seconds = (h * 3600 + m * 60 + sec) * (minus ? -1 : 1);
  return true;
}

bool is_word_part(char c) {
  return is_letter(c) || is_digit(c) || std::string_view("+-/_.:").find(c) != std::string_view::npos;
}

/// Blanks and punctuation but signs, which PostgreSQL takes for nothing else.
void skip_separators(std::string_view& s) {
  while (!s.empty() &&
         (is_blank(s.front()) || (s.front() > ' ' && s.front() < '\x7F' && !is_letter(s.front()) &&
                                  !is_digit(s.front()) && s.front() != '+' && s.front() != '-')))
    s.remove_prefix(1);
}

/// Of a time of day behind a date: T19, or 19 behind blanks and punctuation.
void skip_hour(std::string_view& s) {
  auto behind = s;
  skip_separators(behind);
  if (!take(behind, 'T'))
    (void)take(behind, 't');
  if (!take_digits(behind).empty())
    s = behind;
}

bool number_follows(std::string_view s) { return s.size() > 1 && is_digit(s[1]); }

/// Minutes, seconds and their fraction, :55:00.796; false of a fraction of something else, which may be meant for one
/// of seconds: 19:55.796 are 19 minutes to PostgreSQL.
bool skip_finer_parts(std::string_view& s, int parts) {
  int there = parts;
  for (; number_follows(s) && s.front() == ':'; ++there) {
    s.remove_prefix(1);
    (void)take_digits(s);
  }
  if (!number_follows(s) || (s.front() != '.' && s.front() != ','))
    return true;
  s.remove_prefix(1);
  (void)take_digits(s);
  return parts == 0 || there >= 3;
}

/// Says whether a zone so far ahead of UTC is the one that the time was read in: over all that is cut off, for the clocks may
/// change there.
bool is_same_distance(std::int64_t seconds, pattern_reads reads, wall_read wall) {
  if (wall.local == nullptr)
    return seconds == 0;
  constexpr std::array unit{day_micros, hour_micros, minute_micros, second_micros};
  const auto last = wall.time + unit[static_cast<std::size_t>(reads.parts_of_time)] - 1;
  return instant_of(*wall.local, wall.time) == wall.time - seconds * second_micros &&
         instant_of(*wall.local, last) == last - seconds * second_micros;
}

enum class trailing_word : std::uint8_t { half_of_day, before_christ, same_zone, other_zone, filler, free };

/// Tells what a word would mean to PostgreSQL, and takes it.
trailing_word take_word(std::string_view& s, pattern_reads reads, wall_read wall) {
  std::size_t letters = 0, size = 0;
  while (letters < s.size() && is_letter(s[letters]))
    ++letters;
  bool has_digits = false;
  for (size = letters; size < s.size() && is_word_part(s[size]); ++size)
    has_digits = has_digits || is_digit(s[size]);
  const auto word = fold(s.substr(0, letters));
  const auto whole = fold(s.substr(0, size));
  s.remove_prefix(size);
  if (has_digits)  // UTC+2, EST5EDT
    return trailing_word::other_zone;
  if (whole.starts_with("a.m") || whole.starts_with("p.m"))
    return trailing_word::half_of_day;
  if (const auto* const known = find_zone_abbreviation(word))
    return whole == word && known->zone.empty() && is_same_distance(known->seconds, reads, wall)
               ? trailing_word::same_zone
               : trailing_word::other_zone;
  switch (const auto keyword = timestamp_keyword_of(word); keyword.is) {
  case timestamp_word::half_of_day:
    return trailing_word::half_of_day;
  case timestamp_word::era:
    return keyword.value == 1 ? trailing_word::before_christ : trailing_word::filler;
  case timestamp_word::weekday:
  case timestamp_word::filler:
    return trailing_word::filler;
  default:
    break;
  }
  const auto* const named = find_zone(whole);
  return named == nullptr      ? trailing_word::free
         : named == wall.local ? trailing_word::same_zone
                               : trailing_word::other_zone;
}

}  // namespace

void skip_all_blanks(std::string_view& s) {
  while (!s.empty() && is_blank(s.front()))
    s.remove_prefix(1);
}

bool take_offset(std::string_view& s, std::int64_t& seconds) {
  const bool minus = !s.empty() && s.front() == '-';
  return (take(s, '+') || take(s, '-')) && take_unsigned_offset(s, minus, seconds);
}

bool token_ends(char directive, std::string_view rest) {
  if (rest.empty() || std::string_view("zZpba").find(directive) == std::string_view::npos)
    return rest.empty() || !is_digit(rest.front());
  const char c = rest.front();
  return !is_digit(c) && !is_letter(c) && std::string_view("+-:/_").find(c) == std::string_view::npos;
}

bool moment_stays(std::string_view rest, pattern_reads reads, wall_read wall) {
  if (reads.parts_of_time == 0 && !reads.instant)
    skip_hour(rest);
  if (!skip_finer_parts(rest, reads.instant ? 3 : reads.parts_of_time))
    return false;
  bool attached = !rest.empty() && (is_letter(rest.front()) || rest.front() == '+' || rest.front() == '-');
  bool zone_known = reads.zone || reads.instant;
  for (;; attached = false) {
    skip_separators(rest);
    if (rest.empty())
      return true;
    if (rest.front() == '+' || rest.front() == '-') {
      const bool minus = rest.front() == '-';
      rest.remove_prefix(1);
      skip_all_blanks(rest);
      if (rest.empty() || !is_digit(rest.front()))
        continue;
      if (zone_known)
        return reads.instant && !attached;
      std::int64_t seconds = 0;
      if (!take_unsigned_offset(rest, minus, seconds) || !is_same_distance(seconds, reads, wall) ||
          !token_ends('z', rest))
        return false;
      zone_known = true;
      continue;
    }
    if (!is_letter(rest.front()))
      return true;
    switch (take_word(rest, reads, wall)) {
    case trailing_word::half_of_day:
      if (reads.parts_of_time != 0)
        return false;
      break;
    case trailing_word::before_christ:
      return reads.instant;
    case trailing_word::same_zone:
      zone_known = true;
      break;
    case trailing_word::other_zone:
      if (!zone_known || attached)
        return false;
      break;
    case trailing_word::filler:
      break;
    case trailing_word::free:
      return !attached;
    }
  }
}

}  // namespace millrace::expression
