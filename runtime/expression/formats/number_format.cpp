#include "runtime/expression/formats/number_format.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/number_text.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace millrace::expression {

/// Writes one number by one template, from left to right.
class number_writer {
public:
  using item = number_format::item;
  using sign_place = number_format::sign_place;

  /// `digits`: without sign, with `places` places, and a point only before these.
  number_writer(const number_format& f, std::string& out, bool negative, std::string digits, int places)
      : f_(f), out_(out), negative_(negative), digits_(std::move(digits)) {
    const auto point = std::min(digits_.find('.'), digits_.size());
    padding_ = f.before_ - static_cast<int>(point);
    if (padding_ < 0) {  // it does not fit
      digits_ = std::string(static_cast<std::size_t>(f.before_), '#') + '.' +
                std::string(static_cast<std::size_t>(places), '#');
      overflow_ = true;
      padding_ = 0;
    }
    if (f.fill_ && places > 0)
      find_last_shown();
    sign_done_ = f.plus_ || f.minus_ ? f.minus_ : f.fill_ && !negative && f.sign_ == sign_place::none;
    brackets_ = f.brackets_ && (negative || !f.fill_);
    slots_ = f.before_ + f.behind_ + (f.has_point_ ? 1 : 0);
  }

  void write() {
    const auto begin = out_.size();
    out_.resize(begin + f_.longest_);
    to_ = out_.data() + begin;
    write_parts();
    out_.resize(static_cast<std::size_t>(to_ - out_.data()));
  }

private:
  void put(char c) { *to_++ = c; }
  void put(std::string_view text) { to_ = std::ranges::copy(text, to_).out; }

  void write_parts() {
    for (const auto& p : f_.parts_) {
      switch (p.what) {
      case item::digit:
      case item::zero:
      case item::point:
        slot(p.what);
        break;
      case item::group:
        if (digits_begun_)
          put(p.text);
        else
          blank();
        break;
      case item::minus:
        negative_ ? put('-') : blank();
        break;
      case item::plus:
        negative_ ? blank() : put('+');
        break;
      case item::any_sign:
        put(negative_ ? '-' : '+');
        break;
      case item::ordinal:
      case item::ORDINAL:
        ordinal(p.what == item::ORDINAL);
        break;
      case item::literal:
        put(p.text);
        break;
      case item::sign:  // goes with the digits
        break;
      }
    }
  }

  void blank() {
    if (!f_.fill_)
      put(' ');
  }

  /// FM shows digits behind the point up to the last that is not zero, or that a 0 asks for.
  void find_last_shown() {
    const auto point = digits_.find('.');
    auto last = std::max(digits_.find_last_not_of('0'), point);
    if (f_.last_zero_ >= padding_) {
      const auto asked = std::min(static_cast<std::size_t>(f_.last_zero_ + 1 - padding_), digits_.size() - 1);
      last = std::max(last, asked);
    }
    last_shown_ = last;
  }

  [[nodiscard]] bool hidden_zero() const { return next_ == 0 && f_.hides_zero(digits_); }
  [[nodiscard]] bool ends_with_point() const { return last_shown_ && digits_[*last_shown_] == '.'; }
  [[nodiscard]] bool zero_here() const { return f_.first_zero_ >= 0 && at_ >= f_.first_zero_; }

  void sign() {
    if (sign_done_ || (at_ < padding_ && f_.first_zero_ != at_) || (hidden_zero() && !ends_with_point()))
      return;
    if (f_.sign_ == sign_place::before) {
      put(negative_ ? '-' : '+');
      sign_done_ = true;
    } else if (f_.sign_ == sign_place::behind) {
      return;
    } else if (brackets_) {
      put(negative_ ? '<' : ' ');
      sign_done_ = true;
    } else {
      negative_ ? put('-') : blank();
      sign_done_ = true;
    }
  }

  void slot(item what) {
    sign();
    if (at_ < padding_) {
      if (zero_here()) {
        put('0');
        digits_begun_ = true;
      } else {
        blank();
      }
    } else {
      digit(what);
      if (next_ < digits_.size())
        ++next_;
    }
    closing_sign();
    ++at_;
  }

  void digit(item what) {
    const char c = next_ < digits_.size() ? digits_[next_] : '\0';
    if (c == '.') {
      put('.');
    } else if (last_shown_ && next_ > *last_shown_ && what != item::zero) {
      return;
    } else if (hidden_zero()) {
      if (!f_.fill_)
        put(' ');
      else if (ends_with_point())
        put('0');
    } else if (c != '\0') {
      put(c);
      digits_begun_ = true;
    }
  }

  /// Writes the sign that stands behind the last digit.
  void closing_sign() {
    const bool last = last_shown_ && *last_shown_ + 1 == next_ && at_ >= padding_ ? true : at_ + 1 == slots_;
    if (!last || closed_)
      return;
    closed_ = true;
    if (brackets_ && sign_done_)
      put(negative_ ? '>' : ' ');
    else if (f_.sign_ == sign_place::behind)
      put(negative_ ? '-' : '+');
  }

  void ordinal(bool upper) {
    if (overflow_ || negative_ || f_.has_point_)
      return;
    const auto last = digits_.back();
    const bool teen = digits_.size() > 1 && digits_[digits_.size() - 2] == '1';
    const std::string_view suffix = teen          ? "th"
                                    : last == '1' ? "st"
                                    : last == '2' ? "nd"
                                    : last == '3' ? "rd"
                                                  : "th";
    for (const char c : suffix)
      put(upper ? static_cast<char>(c - 'a' + 'A') : c);
  }

  const number_format& f_;
  std::string& out_;
  char* to_ = nullptr;
  bool negative_;
  std::string digits_;
  int padding_ = 0;  // digits of the template that the number does not have
  int slots_ = 0;
  std::optional<std::size_t> last_shown_;  // with FM: where in digits_
  bool overflow_ = false;
  bool sign_done_ = false;
  bool brackets_ = false;
  bool digits_begun_ = false;
  bool closed_ = false;
  int at_ = 0;            // digits and point of the template so far
  std::size_t next_ = 0;  // of digits_
};

namespace {

/// The text up to its closing quote, where a backslash stands before what is meant as it is. `length` becomes that of the
/// quoted text, where it is closed.
std::string quoted(std::string_view text, std::size_t& length) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      length = i + 2;
      break;
    }
    i += text[i] == '\\' && i + 1 < text.size();
    out += text[i];
  }
  return out;
}

}  // namespace

tl::expected<number_format, std::string> number_format::parse(std::string_view text, purpose what_for) {
  number_format f;
  const auto whole = text;
  const auto refused = [&](std::string_view why) {
    return tl::unexpected(
        fmt::format("the template '{}' of a number cannot be used: {}", data::excerpt(whole), why));
  };
  int sign_at = 0;
  while (!text.empty()) {
    const auto starts = [&](std::string_view word) { return fold(text.substr(0, word.size())) == word; };
    std::size_t length = 1;
    const char c = text.front();
    if (c == '9' || c == '0') {
      if (f.brackets_)
        return refused("PR comes last");
      if (c == '0' && f.first_zero_ < 0 && !f.has_point_)
        f.first_zero_ = f.before_;
      f.has_point_ ? ++f.behind_ : ++f.before_;
      if (c == '0')
        f.last_zero_ = f.before_ + f.behind_ - 1;
      f.parts_.push_back({c == '9' ? item::digit : item::zero});
    } else if (c == '.' || c == 'D' || c == 'd') {
      if (f.has_point_)
        return refused("it has two decimal points");
      f.has_point_ = true;
      f.parts_.push_back({item::point});
    } else if (c == ',' || c == 'G' || c == 'g') {
      f.parts_.push_back({item::group, ","});
    } else if (starts("fm")) {
      f.fill_ = true;
      length = 2;
    } else if (starts("mi") || starts("pl") || starts("sg") || starts("pr") || starts("th")) {
      length = 2;
      if (f.sign_ != sign_place::none && !starts("th"))
        return refused("S goes with no other sign");
      if (starts("pr") && (f.minus_ || f.plus_))
        return refused("PR goes with no other sign");
      f.minus_ = f.minus_ || starts("mi") || starts("sg");
      f.plus_ = f.plus_ || starts("pl");
      f.brackets_ = f.brackets_ || starts("pr");
      if (!starts("pr"))
        f.parts_.push_back({starts("mi")             ? item::minus
                            : starts("pl")           ? item::plus
                            : starts("sg")           ? item::any_sign
                            : text.starts_with("TH") ? item::ORDINAL
                                                     : item::ordinal});
    } else if (c == 'S' || c == 's') {
      if (f.sign_ != sign_place::none || f.minus_ || f.plus_ || f.brackets_)
        return refused("S goes with no other sign");
      sign_at = f.before_ + f.behind_;
      f.sign_ = f.has_point_ ? sign_place::behind : sign_place::before;
    } else if (starts("rn") || starts("eeee") || c == 'V' || c == 'v' || c == 'L' || c == 'l' || c == 'B' ||
               c == 'b' || c == 'C' || c == 'c') {
      return refused(fmt::format("{} is not offered; there are 9 0 . D , G FM S MI PL SG PR TH and \"text\"",
                                 text.substr(0, starts("rn")     ? 2
                                                : starts("eeee") ? 4
                                                                 : 1)));
    } else if (c == '"') {
      length = text.size();
      f.parts_.push_back({item::literal, quoted(text.substr(1), length)});
    } else {
      if (text.starts_with("\\\""))  // a quote that begins nothing
        text.remove_prefix(1);
      length = character_length(text, 0);
      f.parts_.push_back({item::literal, std::string(text.substr(0, length))});
    }
    text.remove_prefix(length);
  }
  if (what_for == purpose::read)
    return f;
  const auto is_ordinal = [](const part& p) { return p.what == item::ordinal || p.what == item::ORDINAL; };
  if (f.before_ + f.behind_ == 0 && std::any_of(f.parts_.begin(), f.parts_.end(), is_ordinal))
    return refused("TH needs a digit, 9 or 0");
  // A digit has a sign in front and behind at most.
  for (const auto& p : f.parts_)
    f.longest_ += std::max<std::size_t>(p.text.size(), 3);
  // it follows the number where it stands behind all digits before the point
  if (f.sign_ == sign_place::before && sign_at == f.before_)
    f.sign_ = sign_place::behind;
  if (f.has_point_ && f.behind_ == 0 &&
      (f.parts_.back().what != item::point || f.sign_ == sign_place::behind || f.brackets_))
    return refused("PostgreSQL writes nothing behind a decimal point without digits; put digits behind it, "
                   "or leave it out");
  return f;
}

/// A zero alone before the point is not written where a 9 stands.
bool number_format::hides_zero(std::string_view digits) const {
  return first_zero_ < 0 && behind_ > 0 && digits.starts_with('0');
}

void number_format::lay_out() {
  constexpr int most_digits = 40;
  const auto is_ordinal = [](const part& p) { return p.what == item::ordinal || p.what == item::ORDINAL; };
  if (before_ + behind_ > most_digits || std::ranges::any_of(parts_, is_ordinal))
    return;
  const auto written = [&](bool negative, int before, char digit) {
    auto digits = before == 0 ? "0" : std::string(static_cast<std::size_t>(before), digit);
    if (behind_ > 0)
      digits.append(".").append(static_cast<std::size_t>(behind_), digit);
    std::string out;
    number_writer(*this, out, negative, std::move(digits), behind_).write();
    return out;
  };
  for (const bool negative : {false, true}) {
    for (int before = 0; before <= before_; ++before) {
      auto& l = layouts_.emplace_back(written(negative, before, '1'));
      const auto other = written(negative, before, '2');
      for (std::uint32_t i = 0; i < other.size(); ++i)
        if (l.text[i] != other[i])
          l.places.push_back(i);
    }
  }
}

/// Returns whether these digits are as many as the template's, and FM leaves out no zero at their end.
bool number_format::has_layout(std::string_view digits, std::size_t point) const {
  const auto behind = behind_ == 0 ? 0 : static_cast<std::size_t>(behind_) + 1;
  const bool fits = point <= static_cast<std::size_t>(before_) && digits.size() == point + behind;
  const bool drops_zero = fill_ && behind_ > 0 && last_zero_ + 1 != before_ + behind_ && digits.back() == '0';
  return !layouts_.empty() && fits && !drops_zero;
}

void number_format::write(std::string& out, bool negative, std::string digits, int places) const {
  const auto point = std::min(digits.find('.'), digits.size());
  if (!has_layout(digits, point))
    return number_writer(*this, out, negative, std::move(digits), places).write();
  const auto before = hides_zero(digits) ? 0 : point;
  const auto& l = layouts_[before + (negative ? layouts_.size() / 2 : 0)];
  const auto begin = out.size();
  out += l.text;
  auto* const to = out.data() + begin;
  const auto* const places_behind = l.places.data() + before;
  for (std::size_t i = 0; i < before; ++i)
    to[l.places[i]] = digits[i];
  for (std::size_t i = 0; i < static_cast<std::size_t>(behind_); ++i)
    to[places_behind[i]] = digits[point + 1 + i];
}

void number_format::write(std::string& out, std::int64_t v) const {
  std::string digits =
      std::to_string(v < 0 ? 0 - static_cast<std::uint64_t>(v) : static_cast<std::uint64_t>(v));
  if (behind_ > 0)
    digits.append(".").append(static_cast<std::size_t>(behind_), '0');
  write(out, v < 0, std::move(digits), behind_);
}

void number_format::write(std::string& out, const decimal& v) const {
  // it has fewer digits then, or all of them
  const auto shown = v.scale() > behind_ ? rounded(v, behind_).value_or(v) : v;
  auto digits = text_of(abs(shown));
  if (shown.scale() < behind_)
    digits.append(shown.scale() == 0 ? "." : "")
        .append(static_cast<std::size_t>(behind_ - shown.scale()), '0');
  write(out, shown.is_negative(), std::move(digits), behind_);
}

void number_format::write(std::string& out, double v) const {
  if (!std::isfinite(v)) {
    return number_writer(*this, out, v < 0, std::isnan(v) ? "NaN" : "Infinity", behind_).write();
  }
  constexpr int most_digits = std::numeric_limits<double>::digits10;
  const bool is_short = behind_ <= 9 && std::fabs(v) < 1e5;
  const auto places =
      is_short ? behind_ : std::clamp(behind_, 0, std::max(0, most_digits - digits_before_point(v)));
  std::string digits;
  write_fixed(digits, v, places);
  write(out, std::signbit(v), std::move(digits), places);
}

}  // namespace millrace::expression
