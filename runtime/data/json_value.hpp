// Writes a Boost.JSON value as text, the one way in which millrace does: numbers in their shortest usual form
// (0, where Boost's own serialiser writes 0E0), as rows have them.
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

/// Reads a text of somebody else's. Nothing where it is no JSON, or its values would take more memory than this: a text of "[],"
/// takes forty times its bytes.
inline constexpr std::size_t most_json_memory = std::size_t{256} << 20;
[[nodiscard]] std::optional<boost::json::value> read_json_value(std::string_view text,
                                                                std::size_t most = most_json_memory);

}  // namespace millrace::data
