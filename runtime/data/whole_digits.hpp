// Whole numbers that are given as digits, and floating-point numbers that do not hold all of them. Pure.
#pragma once

#include <string_view>

namespace millrace::data {

/// Whether the number is a whole one, as digits alone behind a sign, that a double (a float) holds rounded or not at all.
/// Numbers with a point or an exponent are none: they are rounded as any.
[[nodiscard]] bool is_rounded_in_double(std::string_view number);
[[nodiscard]] bool is_rounded_in_float(std::string_view number);

}  // namespace millrace::data
