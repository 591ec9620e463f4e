// Writes a Boost.JSON value as text, the one way in which millrace does: numbers in their shortest usual form
// (0, where Boost's own serialiser writes 0E0), as rows have them.
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace millrace::data {

/// Writes no blanks, and members in their order. NaN and infinities, unknown to JSON, become strings.
void append_json(std::string& out, const boost::json::value& v);
[[nodiscard]] std::string json_text(const boost::json::value& v);

}  // namespace millrace::data
