// Writes a Boost.JSON value as text, the one way in which millrace does: numbers in their shortest usual form
// (0, where Boost's own serialiser writes 0E0), as rows have them. A Boost.JSON number is an integer or a double; a
// number that is read and has other digits than those, such as 1.50 or one of 20 digits, is kept as a string behind a mark.
#pragma once

#include <boost/json/value.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::data {

/// Writes no blanks, and members in their order. NaN and infinities, unknown to JSON, become strings.
void append_json(std::string& out, const boost::json::value& v);
[[nodiscard]] std::string json_text(const boost::json::value& v);

/// `digits` is a number as JSON has it. An integer or a double where that is written with these digits.
[[nodiscard]] boost::json::value number_of_digits(std::string_view digits);
/// The digits of a number that is kept as them; no value for any other. They live as long as `v`.
[[nodiscard]] std::optional<std::string_view> kept_digits(const boost::json::value& v);

/// Whether the value is a text, and no number that is kept as its digits.
[[nodiscard]] inline bool is_text(const boost::json::value& v) { return v.is_string() && !kept_digits(v); }

/// Reads a text of somebody else's, with all digits of its numbers. No value where it is no JSON, or is nested deeper
/// than `most_depth`, or its values would take more memory than `most`: a text of "[]," takes forty times its bytes.
struct json_limits {
  std::size_t most_memory = std::size_t{256} << 20;
  std::size_t most_depth = 32;
};
[[nodiscard]] std::optional<boost::json::value> read_json_value(std::string_view text,
                                                                const json_limits& limits = {});

}  // namespace millrace::data
