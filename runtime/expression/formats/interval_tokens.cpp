#include "runtime/expression/formats/interval_tokens.hpp"

#include "runtime/base/scan.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace millrace::expression {
namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_sign(char c) { return c == '-' || c == '+'; }

/// Digits may stand right behind these units.
bool takes_digits(std::string_view unit) {
  return std::string_view(" d dec h m mon s y ").find(fmt::format(" {} ", unit)) != std::string_view::npos;
}

/// Cuts a text into numbers, clocks and words. Other ASCII characters divide.
class cutter {
public:
  explicit cutter(std::string_view s) : rest_(s) {}

  /// False where the text is none of an interval.
  bool cut(std::vector<interval_token>& out) {
    while (!rest_.empty()) {
      const char c = rest_[0];
      if (c == '.')
        out.push_back(fraction());
      else if (is_digit(c))
        out.push_back(number());
      else if (is_letter(c)) {
        if (!word(out))
          return false;
      } else if (is_sign(c)) {
        rest_.remove_prefix(1);
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n\v\f\r"), rest_.size()));
        if (rest_.empty() || !is_digit(rest_[0]))
          return false;
        out.push_back(signed_number(c));
      } else if (is_blank(c) || (c > ' ' && c < '\x7F')) {
        rest_.remove_prefix(1);
      } else {
        return false;
      }
    }
    return true;
  }

private:
  template<class Belongs>
  std::string take(Belongs belongs) {
    std::size_t n = 0;
    while (n < rest_.size() && belongs(rest_[n]))
      ++n;
    std::string out(rest_.substr(0, n));
    rest_.remove_prefix(n);
    return out;
  }

  interval_token signed_number(char sign) {
    auto text = sign + take([](char c) { return is_digit(c) || c == ':' || c == '.' || c == '-'; });
    const auto what =
        text.find(':') == std::string::npos ? interval_token::kind::number : interval_token::kind::clock;
    return {what, std::move(text)};
  }

  interval_token fraction() {
    rest_.remove_prefix(1);
    return {interval_token::kind::number, '.' + take(is_digit)};
  }

  interval_token number() {
    auto text = take(is_digit);
    const char divider = rest_.empty() ? '\0' : rest_[0];
    if (divider == ':') {
      text += take([](char c) { return is_digit(c) || c == ':' || c == '.'; });
      return {interval_token::kind::clock, std::move(text)};
    }
    if (divider == '.' || divider == '-' || divider == '/') {
      text += divider;
      rest_.remove_prefix(1);
      const bool digits = !rest_.empty() && is_digit(rest_[0]);
      if (digits)
        text += take(is_digit);
      if (!digits || (!rest_.empty() && rest_[0] == divider))
        text += take([&](char c) { return is_digit(c) || c == divider || (!digits && is_letter(c)); });
    }
    return {interval_token::kind::number, std::move(text)};
  }

  bool word(std::vector<interval_token>& out) {
    auto text = fold(take(is_letter));
    const char next = rest_.empty() ? ' ' : rest_[0];
    if (next == '-' || next == '/' || next == '.' || ((next == '+' || is_digit(next)) && !takes_digits(text)))
      return false;
    out.push_back({interval_token::kind::word, std::move(text)});
    return true;
  }

  std::string_view rest_;
};

}  // namespace

bool cut_interval(std::string_view text, std::vector<interval_token>& out) {
  constexpr std::size_t most_tokens = 25;
  constexpr std::size_t most_bytes = 256;  // with one behind each token; PostgreSQL's limits
  const auto bytes = [](std::size_t sum, const interval_token& t) { return sum + t.text.size() + 1; };
  return cutter(text).cut(out) && out.size() <= most_tokens &&
         std::accumulate(out.begin(), out.end(), std::size_t{0}, bytes) <= most_bytes;
}

}  // namespace millrace::expression
