#include "runtime/expression/formats/time_format.hpp"

#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <array>

namespace millrace::expression {
namespace {

struct keyword {
  std::string_view text;  // matched in this case and in lower case, names also capitalised
  time_part what;
  bool numeric;
  std::size_t width;
  bool capital = false;  // Month, Day: a form of its own
};
using enum time_part;

// A longer keyword stands before those that it begins with.
constexpr std::array keywords{
    keyword{"A.D.", era_dotted, false, 4},
    keyword{"A.M.", half_dotted, false, 4},
    keyword{"AD", era, false, 2},
    keyword{"AM", half_of_day, false, 2},
    keyword{"B.C.", era_dotted, false, 4},
    keyword{"BC", era, false, 2},
    keyword{"CC", century, true, 2},
    keyword{"DAY", day_name, false, 9, true},
    keyword{"DDD", day_of_year, true, 3},
    keyword{"DD", day_of_month, true, 2},
    keyword{"DY", day_short, false, 3, true},
    keyword{"D", day_of_week, true, 1},
    keyword{"FF1", fraction, true, 1},
    keyword{"FF2", fraction, true, 2},
    keyword{"FF3", fraction, true, 3},
    keyword{"FF4", fraction, true, 4},
    keyword{"FF5", fraction, true, 5},
    keyword{"FF6", fraction, true, 6},
    keyword{"FX", fixed_width, false, 0},
    keyword{"HH24", hour24, true, 2},
    keyword{"HH12", hour12, true, 2},
    keyword{"HH", hour12, true, 2},
    keyword{"IDDD", iso_day_of_year, true, 3},
    keyword{"ID", iso_day_of_week, true, 1},
    keyword{"IW", iso_week, true, 2},
    keyword{"IYYY", iso_year4, true, 4},
    keyword{"IYY", iso_year3, true, 3},
    keyword{"IY", iso_year2, true, 2},
    keyword{"I", iso_year1, true, 1},
    keyword{"J", julian, true, 1},
    keyword{"MI", minute, true, 2},
    keyword{"MM", month_number, true, 2},
    keyword{"MONTH", month_name, false, 9, true},
    keyword{"MON", month_short, false, 3, true},
    keyword{"MS", millisecond, true, 3},
    keyword{"OF", zone_offset, false, 3},
    keyword{"P.M.", half_dotted, false, 4},
    keyword{"PM", half_of_day, false, 2},
    keyword{"Q", quarter, true, 1},
    keyword{"RM", month_roman, false, 4},
    keyword{"SSSSS", second_of_day, true, 5},
    keyword{"SSSS", second_of_day, true, 4},
    keyword{"SS", second, true, 2},
    keyword{"TZH", zone_hours, false, 3},
    keyword{"TZM", zone_minutes, true, 2},
    keyword{"TZ", zone_name, false, 3},
    keyword{"US", microsecond, true, 6},
    keyword{"WW", week_of_year, true, 2},
    keyword{"W", week_of_month, true, 1},
    keyword{"Y,YYY", year_comma, true, 5},
    keyword{"YYYY", year4, true, 4},
    keyword{"YYY", year3, true, 3},
    keyword{"YY", year2, true, 2},
    keyword{"Y", year1, true, 1},
};

date_convention convention_of(time_part what) {
  switch (what) {
  case iso_year4:
  case iso_year3:
  case iso_year2:
  case iso_year1:
  case iso_week:
  case iso_day_of_week:
  case iso_day_of_year:
    return date_convention::iso_weeks;
  case year4:
  case year_comma:
  case year3:
  case year2:
  case year1:
  case month_number:
  case month_name:
  case month_short:
  case month_roman:
  case day_of_month:
  case day_of_year:
  case day_of_week:
  case week_of_year:
  case week_of_month:
    return date_convention::months;
  default:
    return date_convention::none;
  }
}

std::string capitalised(std::string_view s) {
  auto out = fold(s);
  out[0] = s[0];
  return out;
}

bool take_prefix(std::string_view& rest, std::string_view upper) {
  if (!rest.starts_with(upper) && !rest.starts_with(fold(upper)))
    return false;
  rest.remove_prefix(upper.size());
  return true;
}

bool take_keyword(std::string_view& rest, format_part& out) {
  for (const auto& k : keywords) {
    const auto letters = rest.starts_with(k.text)         ? std::optional(letter_case::upper)
                         : rest.starts_with(fold(k.text)) ? std::optional(letter_case::lower)
                         : k.capital && rest.starts_with(capitalised(k.text))
                             ? std::optional(letter_case::capital)
                             : std::nullopt;
    if (!letters)
      continue;
    out.what = k.what;
    out.convention = convention_of(k.what);
    out.numeric = k.numeric;
    out.width = k.width;
    out.letters = *letters;
    rest.remove_prefix(k.text.size());
    return true;
  }
  return false;
}

void add_literal(time_format& out, std::string_view character, bool plain) {
  format_part p;
  const char c = character[0];
  p.what = plain                                  ? time_part::literal
           : c == ' ' || (c >= '\t' && c <= '\r') ? time_part::blank
           : is_separator(c)                      ? time_part::separator
                                                  : time_part::literal;
  p.text = character;
  out.push_back(std::move(p));
}

void take_quoted(std::string_view& rest, time_format& out) {
  rest.remove_prefix(1);
  while (!rest.empty() && rest[0] != '"') {
    if (rest[0] == '\\' && rest.size() > 1)
      rest.remove_prefix(1);
    const auto n = character_length(rest, 0);
    add_literal(out, rest.substr(0, n), true);
    rest.remove_prefix(n);
  }
  if (!rest.empty())
    rest.remove_prefix(1);
}

using text_view = std::string_view;

prepared_or prepare_format(constant_texts texts) {
  if (!texts[1])
    return nullptr;
  return std::make_shared<const time_layout>(parse_time_format(*texts[1]));
}

prepared_or prepare_read_format(constant_texts texts) {
  if (!texts[1])
    return nullptr;
  auto format = std::make_shared<const time_format>(parse_time_format(*texts[1]));
  if (auto why = why_not_read(*format); !why.empty())
    return tl::unexpected(refused_argument{1, std::move(why)});
  return format;
}

prepared_or prepare_interval_format(constant_texts texts) {
  if (!texts[1])
    return nullptr;
  auto format = std::make_shared<const time_format>(parse_time_format(*texts[1]));
  if (auto why = why_no_interval(*format); !why.empty())
    return tl::unexpected(refused_argument{1, std::move(why)});
  return format;
}

template<class Use>
auto with_format(row& r, text_view text, Use use) {
  if (const auto* format = r.prepared<time_format>())
    return use(*format);
  return use(parse_time_format(text));
}

template<bool Zoned>
values to_char(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t t, text_view template_text) -> text_view {
    if (template_text.empty())
      return r.null();
    auto& out = r.text();
    if (const auto* layout = r.prepared<time_layout>())
      layout->write(out, t, Zoned);
    else
      write_formatted(out, parse_time_format(template_text), t, Zoned);
    return out.size() > longest_result ? text_view(r.fail("to_char makes a text that is too long"))
                                       : r.keep(out);
  })>(c, args);
}

values interval_to_char(call& c, std::span<const values> args) {
  return each<([](row& r, interval_value v, text_view template_text) -> text_view {
    if (template_text.empty())
      return r.null();
    auto& out = r.text();
    auto why = with_format(r, template_text, [&](const time_format& f) {
      auto refused = r.c.prepared ? std::string() : why_no_interval(f);
      if (refused.empty())
        write_formatted(out, f, v);
      return refused;
    });
    if (!why.empty())
      return r.fail(std::move(why));
    return out.size() > longest_result ? text_view(r.fail("to_char makes a text that is too long"))
                                       : r.keep(out);
  })>(c, args);
}

template<auto Read>
values read_by_format(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view template_text) -> std::int64_t {
    auto t = with_format(r, template_text, [&](const time_format& f) { return Read(s, f); });
    return t ? *t : static_cast<std::int64_t>(r.fail(std::move(t.error())));
  })>(c, args);
}

constexpr auto entries = std::to_array<function>({
    entry("to_char", {kind::timestamptz, kind::text}, kind::text, to_char<true>, true, prepare_format),
    entry("to_char", {kind::timestamp, kind::text}, kind::text, to_char<false>, true, prepare_format),
    entry("to_char", {kind::interval, kind::text}, kind::text, interval_to_char, true,
          prepare_interval_format),
    entry("to_timestamp", {kind::text, kind::text}, kind::timestamptz, read_by_format<read_formatted>, true,
          prepare_read_format),
    entry("to_date", {kind::text, kind::text}, kind::date, read_by_format<read_formatted_date>, true,
          prepare_read_format),
});

}  // namespace

std::span<const function> format_functions() { return entries; }

bool is_separator(char c) {
  return c > 0x20 && c < 0x7F && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
         !(c >= '0' && c <= '9');
}

std::string why_not_read(const time_format& format) {
  std::array<bool, 3> used{};
  for (const auto& p : format) {
    if (p.what == time_part::zone_name || p.what == time_part::zone_offset)
      return fmt::format("to_timestamp and to_date cannot read {}: {}", p.text, written_only);
    used[static_cast<std::size_t>(p.convention)] = true;
  }
  if (used[static_cast<std::size_t>(date_convention::iso_weeks)] &&
      used[static_cast<std::size_t>(date_convention::months)])
    return fmt::format("to_timestamp and to_date cannot use this template: {}", mixed_conventions);
  return {};
}

time_format parse_time_format(std::string_view text) {
  time_format out;
  auto rest = text;
  while (!rest.empty()) {
    auto after = rest;
    format_part part;
    const bool prefixed = take_prefix(after, "FM") || take_prefix(after, "TM");
    part.fill = !prefixed || !fold(rest).starts_with("fm");
    part.pads = !prefixed;
    if (take_keyword(after, part)) {
      part.text = rest.substr(0, rest.size() - after.size());
      if (after.starts_with("TH") || after.starts_with("th")) {
        part.ordinal = after[0];
        after.remove_prefix(2);
      } else if (after.starts_with("SP")) {  // accepted and without effect, as in PostgreSQL
        after.remove_prefix(2);
      }
      out.push_back(std::move(part));
      rest = after;
      continue;
    }
    rest = after;  // a prefix of no keyword says nothing
    if (rest.empty())
      break;
    if (rest[0] == '"') {
      take_quoted(rest, out);
      continue;
    }
    if (rest[0] == '\\' && rest.size() > 1 && rest[1] == '"')
      rest.remove_prefix(1);
    const auto n = character_length(rest, 0);
    add_literal(out, rest.substr(0, n), false);
    rest.remove_prefix(n);
  }
  return out;
}

}  // namespace millrace::expression
