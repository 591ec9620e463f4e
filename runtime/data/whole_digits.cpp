#include "runtime/data/whole_digits.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace millrace::data {
namespace {

template<class Real>
bool is_rounded(std::string_view number) {
  if (number.find_first_not_of("0123456789", number.starts_with('-') ? 1 : 0) != std::string_view::npos)
    return false;
  constexpr std::size_t always_exact = 7;
  if (number.size() <= always_exact)
    return false;
  Real v{};
  if (std::from_chars(number.data(), number.data() + number.size(), v).ec != std::errc())
    return true;
  // A sign and all digits of the greatest number.
  std::array<char, std::numeric_limits<Real>::max_exponent10 + 2> digits{};
  const auto written =
      std::to_chars(digits.data(), digits.data() + digits.size(), v, std::chars_format::fixed, 0);
  return std::string_view(digits.data(), static_cast<std::size_t>(written.ptr - digits.data())) != number;
}

}  // namespace

bool is_rounded_in_double(std::string_view number) { return is_rounded<double>(number); }
bool is_rounded_in_float(std::string_view number) { return is_rounded<float>(number); }

}  // namespace millrace::data
