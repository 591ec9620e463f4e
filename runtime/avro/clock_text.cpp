#include "runtime/avro/clock_text.hpp"

#include "runtime/base/time.hpp"

#include <chrono>
#include <cstddef>

namespace millrace::avro {
namespace {

constexpr std::int64_t micros_in_second = 1'000'000;
constexpr std::int64_t micros_in_day = 86'400 * micros_in_second;

/// Takes so many digits off the text.
std::optional<std::int64_t> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count)
    return std::nullopt;
  std::int64_t out = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9')
      return std::nullopt;
    out = out * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return out;
}

bool take_sign(std::string_view& text, char sign) {
  if (text.empty() || text.front() != sign)
    return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<std::int64_t> time_of_day_in(std::string_view text) {
  const auto hours = take_digits(text, 2);
  const bool first = take_sign(text, ':');
  const auto minutes = take_digits(text, 2);
  const bool second = take_sign(text, ':');
  const auto seconds = take_digits(text, 2);
  if (!hours || !minutes || !seconds || !first || !second || *hours > 23 || *minutes > 59 || *seconds > 59)
    return std::nullopt;
  auto out = ((*hours * 60 + *minutes) * 60 + *seconds) * micros_in_second;
  if (text.empty())
    return out;
  constexpr std::size_t most_digits = 6;
  if (!take_sign(text, '.') || text.empty() || text.size() > most_digits)
    return std::nullopt;
  const auto count = text.size();
  auto fraction = take_digits(text, count);
  if (!fraction)
    return std::nullopt;
  for (auto i = count; i < most_digits; ++i)
    *fraction *= 10;
  return out + *fraction;
}

std::optional<std::int64_t> date_in(std::string_view text) {
  const auto year = take_digits(text, 4);
  const bool first = take_sign(text, '-');
  const auto month = take_digits(text, 2);
  const bool second = take_sign(text, '-');
  const auto day = take_digits(text, 2);
  if (!year || !month || !day || !first || !second || !text.empty())
    return std::nullopt;
  const std::chrono::year_month_day whole{std::chrono::year(static_cast<int>(*year)),
                                          std::chrono::month(static_cast<unsigned>(*month)),
                                          std::chrono::day(static_cast<unsigned>(*day))};
  if (!whole.ok())
    return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(whole).time_since_epoch().count();
  return is_date(days) ? std::optional(days) : std::nullopt;
}

std::optional<std::int64_t> timestamp_in(std::string_view text) {
  constexpr std::size_t date_size = 10;
  if (text.size() < date_size + 2 || (text[date_size] != 'T' && text[date_size] != ' ') || text.back() != 'Z')
    return std::nullopt;
  const auto days = date_in(text.substr(0, date_size));
  const auto time = time_of_day_in(text.substr(date_size + 1, text.size() - date_size - 2));
  return days && time ? std::optional(*days * micros_in_day + *time) : std::nullopt;
}

}  // namespace millrace::avro
