// PostgreSQL's templates of to_char and to_number, under locale C: 9 0 . D , G FM S MI PL SG PR TH th, "text".
// A template is looked at once; writing a number never fails but for what is no number.
#pragma once

#include "runtime/base/decimal.hpp"

#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::expression {

class number_format {
public:
  /// A template by which nothing can be written may still read a number.
  enum class purpose : std::uint8_t { write, read };
  /// The error says what of the template is not offered, or does not go together.
  [[nodiscard]] static tl::expected<number_format, std::string> parse(std::string_view text,
                                                                      purpose what_for = purpose::write);

  /// Finds once where digits stand, which makes write() quicker and costs as much as some writes.
  void lay_out();

  void write(std::string& out, std::int64_t v) const;
  void write(std::string& out, const decimal& v) const;
  /// A double has 15 digits that mean anything.
  void write(std::string& out, double v) const;

  /// The number that a text has by this template; the error says why it has none, after the text's name.
  [[nodiscard]] tl::expected<decimal, std::string_view> read(std::string_view text) const;

private:
  enum class item : std::uint8_t {
    digit,
    zero,
    point,
    group,
    sign,
    minus,
    plus,
    any_sign,
    ordinal,
    ORDINAL,
    literal
  };
  enum class sign_place : std::uint8_t { none, before, behind };
  struct part {
    item what;
    std::string text{};
  };
  /// The text of all numbers of some length and sign, and where in it their digits go.
  struct layout {
    std::string text;
    std::vector<std::uint32_t> places;
  };
  friend class number_writer;
  friend class number_reader;

  void write(std::string& out, bool negative, std::string digits, int places) const;
  [[nodiscard]] bool hides_zero(std::string_view digits) const;
  [[nodiscard]] bool has_layout(std::string_view digits, std::size_t point) const;

  std::vector<part> parts_;
  std::size_t longest_ = 0;  // a text by it, at most
  int before_ = 0;           // digits before the point
  int behind_ = 0;           // and behind it
  int first_zero_ = -1;      // place of the first 0, counted over the digits before the point
  int last_zero_ = -1;       // of the last one, over all digits
  bool fill_ = false;        // FM: no blanks, no zeros at the end
  bool has_point_ = false;
  bool brackets_ = false;
  bool minus_ = false;  // MI or SG
  bool plus_ = false;   // PL
  sign_place sign_ = sign_place::none;
  std::vector<layout> layouts_;  // by digits before the point, 0 for a hidden zero; then of the negative ones
};

}  // namespace millrace::expression
