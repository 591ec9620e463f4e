#include "actors/connectors/sql/sink/column_rules.hpp"

#include "runtime/base/scan.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sink::sql {
namespace {

bool is_digits(std::string_view text) { return std::all_of(text.begin(), text.end(), is_digit); }

/// Tells whether the text has this form: `9` stands for a digit, `f` for one of 0-9 and a-f, others for themselves.
bool has_form(std::string_view text, std::string_view form) {
  return std::equal(text.begin(), text.end(), form.begin(), form.end(), [](char c, char f) {
    return f == '9' ? is_digit(c) : f == 'f' ? is_digit(c) || (c >= 'a' && c <= 'f') : c == f;
  });
}

std::size_t length_of(std::string_view text, const table_column& into) {
  return into.length_in_bytes ? text.size() : characters(text);
}

/// Zeros at the end of a fraction are no part of its value.
std::size_t significant_digits(std::string_view fraction) {
  return fraction.find_last_not_of('0') + 1;  // npos + 1 is 0
}

/// Plain digits: no sign but -, no zeros in front, no exponent, no negative zero. In a key also as many digits as the
/// server prints; where it prints those that it was given, no zeros at the end.
bool is_plain_number(std::string_view text, const table_column& into) {
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative ? 1 : 0);
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() || !is_digits(whole) || !is_digits(fraction) ||
      (whole.size() > 1 && whole.front() == '0') || (point != std::string_view::npos && fraction.empty()))
    return false;
  const auto is_zero = [](char c) { return c == '0'; };
  if (std::all_of(whole.begin(), whole.end(), is_zero) &&
      std::all_of(fraction.begin(), fraction.end(), is_zero) && negative)
    return false;
  if (into.fraction_digits == every_fraction_digit)
    return !into.is_key ||
           significant_digits(fraction) == (point == std::string_view::npos ? 0 : fraction.size());
  const auto most = static_cast<std::size_t>(std::max(into.fraction_digits, 0));
  if (into.is_key ? fraction.size() != most : significant_digits(fraction) > most)
    return false;
  if (into.fraction_digits >= 0)
    return true;
  const auto zeros = static_cast<std::size_t>(-into.fraction_digits);
  return whole == "0" ||
         (whole.size() > zeros &&
          std::all_of(whole.end() - static_cast<std::ptrdiff_t>(zeros), whole.end(), is_zero));
}

std::string number_form(const table_column& into, bool is_key) {
  if (into.fraction_digits == every_fraction_digit)
    return is_key ? "plain digits such as -12.5, in a key without zeros at the end of the fraction"
                  : "plain digits such as -12.50";
  if (into.fraction_digits < 0)
    return fmt::format("plain digits, the last {} of them 0", -into.fraction_digits);
  return into.fraction_digits == 0 ? std::string("plain digits such as -12")
                                   : fmt::format("plain digits, {}{} of them after the point",
                                                 is_key ? "" : "at most ", into.fraction_digits);
}

/// A time of a day, in a key as the server prints it: PostgreSQL leaves zeros at the end of a fraction away, MariaDB writes
/// all digits.
bool is_plain_time(std::string_view text, const table_column& into) {
  const auto head = text.substr(0, 8);
  if (!has_form(head, "99:99:99") || head[6] > '5')
    return false;
  auto fraction = text.substr(head.size());
  if (!fraction.empty() && (fraction.front() != '.' || fraction.size() == 1))
    return false;
  fraction.remove_prefix(fraction.empty() ? 0 : 1);
  const auto most = static_cast<std::size_t>(into.fraction_digits);
  const auto digits = significant_digits(fraction);
  return is_digits(fraction) && digits <= most &&
         (!into.is_key || fraction.size() == (into.whole_fraction ? most : digits));
}

std::string time_form(const table_column& into) {
  const auto digits = static_cast<std::size_t>(into.fraction_digits);
  if (digits == 0)
    return "the form 19:55:00";
  if (into.is_key && into.whole_fraction)
    return fmt::format("the form 19:55:00.{}", std::string_view("796000").substr(0, digits));
  return fmt::format("the form 19:55:00 or 19:55:00.7, at most {} digits after the point", digits);
}

/// Capitals are no part of a UUID's value.
bool is_plain_uuid(std::string_view text, const table_column& into) {
  std::string small(text);
  if (!into.is_key)
    std::transform(small.begin(), small.end(), small.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  return has_form(small, "ffffffff-ffff-ffff-ffff-ffffffffffff");
}

/// Says what the column expects of a text, where it does not hold this one.
std::optional<std::string> expected_form(std::string_view text, const table_column& into) {
  const bool blank_at_end = text.ends_with(' ');
  switch (into.holds) {
  case family::varying:
    if (blank_at_end && length_of(text, into) > into.length)
      return "a shorter text, for blanks at the end are cut off";
    break;
  case family::stripped:
    if (blank_at_end)
      return "no blank at the end, for it is lost";
    break;
  case family::cut:
    if (text.size() > into.length)
      return fmt::format("at most {} bytes, for the rest is cut off", into.length);
    break;
  case family::decimal:
    if (!is_plain_number(text, into))
      return number_form(into, into.is_key);
    break;
  case family::date:
    if (!has_form(text, "9999-99-99"))
      return "the form 2021-04-24";
    break;
  case family::time:
    if (!is_plain_time(text, into))
      return time_form(into);
    break;
  case family::uuid:
    if (!is_plain_uuid(text, into))
      return fmt::format("the form a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11{}",
                         into.is_key ? ", in small letters" : "");
    break;
  case family::label:
    if (!into.labels.empty() && std::find(into.labels.begin(), into.labels.end(), text) == into.labels.end())
      return "one of its values, spelt as there";
    break;
  default:
    break;
  }
  return std::nullopt;
}

std::string change_text(std::string_view text, const table_column& into, std::string_view form) {
  return fmt::format("column {}: its type {} would change \"{}\"; expected {}", into.name, into.declared,
                     data::excerpt(text), form);
}

}  // namespace

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool keeps_texts(family into) {
  return into == family::text || into == family::varying || into == family::stripped || into == family::cut;
}

bool takes(family into, data::type_id type) {
  if (keeps_texts(into) || into == family::any)
    return true;
  switch (type) {
  case data::type_id::text:
    return into == family::decimal || into == family::date || into == family::time || into == family::uuid ||
           into == family::label || into == family::json;
  case data::type_id::bigint:
  case data::type_id::numeric:
    return into == family::integer || into == family::decimal;
  case data::type_id::float64:
    return into == family::real;
  case data::type_id::boolean:
    return into == family::boolean || into == family::integer;
  case data::type_id::timestamp:
    return into == family::timestamp || into == family::moment;
  case data::type_id::date:
    return into == family::date || into == family::moment;
  case data::type_id::json:
  case data::type_id::object:
  case data::type_id::list:
    return into == family::json || into == family::json_value;
  }
  return false;
}

std::optional<std::string> change_of(std::string_view text, const table_column& into) {
  const auto form = expected_form(text, into);
  return form ? std::optional(change_text(text, into, *form)) : std::nullopt;
}

std::optional<std::string> change_of(std::int64_t number, const table_column& into) {
  const bool rounds = into.holds == family::decimal && into.fraction_digits < 0 &&
                      into.fraction_digits != every_fraction_digit;
  return rounds || into.holds == family::cut ? change_of(std::to_string(number), into) : std::nullopt;
}

std::optional<std::string> change_of(const decimal& number, const table_column& into) {
  const bool is_whole = into.holds == family::integer;
  if (!is_whole && (into.holds != family::decimal || into.fraction_digits == every_fraction_digit))
    return std::nullopt;
  const auto plain = without_end_zeros(number);
  const auto most = is_whole ? 0 : into.fraction_digits;
  if (most >= 0 ? plain.scale() <= most : truncated(plain, most) == plain)
    return std::nullopt;
  return change_text(text_of(number), into, is_whole ? "a whole number" : number_form(into, false));
}

}  // namespace millrace::sink::sql
