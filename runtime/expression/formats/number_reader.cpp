// Reads a number by a template as PostgreSQL's to_number does: each sign of the template takes what stands at its place,
// and what is no digit there is passed over.
#include "runtime/base/scan.hpp"
#include "runtime/expression/formats/number_format.hpp"
#include "runtime/expression/syntax/source_text.hpp"

namespace millrace::expression {

/// Goes over one text by one template, from left to right. Follows NUM_processor in PostgreSQL 15's formatting.c.
class number_reader {
public:
  using item = number_format::item;

  number_reader(const number_format& f, std::string_view text) : f_(f), text_(text) {}

  void read() {
    for (const auto& p : f_.parts_) {
      if (at_end())
        return;
      take(p);
    }
  }

  [[nodiscard]] bool is_negative() const { return sign_ == '-'; }
  /// The digits, with a point only in front of one.
  [[nodiscard]] std::string_view digits() const {
    std::string_view out = digits_;
    if (out.ends_with('.'))
      out.remove_suffix(1);
    return out;
  }

private:
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  /// NUL behind the end.
  [[nodiscard]] char next() const { return at_end() ? '\0' : text_[at_]; }

  void take(const number_format::part& p) {
    switch (p.what) {
    case item::digit:
    case item::zero:
    case item::point:
      take_digit(p.what);
      ++at_;
      return;
    case item::group:
      if (!f_.fill_ && next() == ',')
        ++at_;
      return;
    case item::minus:
      return take_sign("-");
    case item::plus:
      return take_sign("+");
    case item::any_sign:
      return take_sign("-+");
    case item::ordinal:
    case item::ORDINAL:
      if (!f_.has_point_)
        pass_over(2);
      return;
    case item::literal:
      for (auto n = count_characters(p.text); n > 0 && !at_end(); --n)
        at_ += character_length(text_, at_);
      return;
    case item::sign:  // is taken with the digits
      return;
    }
  }

  void take_sign(std::string_view signs) {
    if (signs.find(next()) == std::string_view::npos)
      return pass_over(1);
    sign_ = next();
    ++at_;
  }

  /// Passes over so many characters that belong to no number.
  void pass_over(int characters) {
    for (; characters > 0 && !at_end() &&
           std::string_view("0123456789.,+-").find(next()) == std::string_view::npos;
         --characters)
      at_ += character_length(text_, at_);
  }

  /// A digit or the point, where one is next, and a sign in front of it or behind it.
  void take_digit(item what) {
    if (next() == ' ')
      ++at_;
    if (at_end())
      return;
    if (sign_ == ' ' && what != item::point && before_ + behind_ == 0)
      take_leading_sign();
    if (at_end())
      return;
    bool taken = false;
    if (is_digit(next())) {
      if (point_ && behind_ == f_.behind_)
        return;
      digits_ += next();
      ++(point_ ? behind_ : before_);
      taken = true;
    } else if (f_.has_point_ && !point_ && next() == '.') {
      digits_ += '.';
      point_ = taken = true;
    }
    if (sign_ == ' ' && before_ + behind_ > 0)
      take_trailing_sign(taken);
  }

  void take_leading_sign() {
    const char c = next();
    if (c == '-' || c == '+' || (f_.brackets_ && c == '<')) {
      sign_ = c == '+' ? '+' : '-';
      ++at_;
    }
  }

  /// `taken`: a digit or the point, behind which S has its sign.
  void take_trailing_sign(bool taken) {
    const auto is_sign = [](char c) { return c == '-' || c == '+'; };
    if (f_.sign_ != number_format::sign_place::none) {
      if (taken && at_ + 1 < text_.size() && is_sign(text_[at_ + 1]))
        sign_ = text_[++at_];
    } else if (!taken && (f_.plus_ || f_.minus_) && is_sign(next())) {
      sign_ = next();
    }
  }

  const number_format& f_;
  std::string_view text_;
  std::size_t at_ = 0;
  char sign_ = ' ';
  std::string digits_;
  int before_ = 0;  // digits so far, before the point and behind it
  int behind_ = 0;
  bool point_ = false;
};

tl::expected<decimal, std::string_view> number_format::read(std::string_view text) const {
  const auto refused = [](std::string_view why) { return tl::unexpected(why); };
  number_reader reader(*this, text);
  reader.read();
  decimal out;
  switch (read_decimal(reader.digits(), out)) {
  case decimal_reading::malformed:
    return refused("has no digit where the template has one");
  case decimal_reading::out_of_range:
    return refused("has more than 38 digits");
  case decimal_reading::ok:
    break;
  }
  if (digits_of(magnitude_of(out)) - out.scale() > before_ && magnitude_of(out) >= power_of_ten(out.scale()))
    return refused("has more digits before the point than the template");
  return reader.is_negative() ? -out : out;
}

}  // namespace millrace::expression
