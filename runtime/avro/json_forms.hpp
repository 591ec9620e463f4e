// Values of JSON in Avro's encoding, as far as defaults of schemas and rows' JSON have them alike. Pure.
#pragma once

#include "runtime/avro/schema.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace millrace::avro {

/// `v`: a text.
[[nodiscard]] std::string_view text_in(const boost::json::value& v);
[[nodiscard]] bool is_json_number(const boost::json::value& v);
/// A number, or one of the texts NaN, Infinity and -Infinity.
[[nodiscard]] std::optional<double> real_in(const boost::json::value& v);

// Each appends a datum; false: the value is none of that type, and nothing is appended.
[[nodiscard]] bool append_boolean(std::string& out, const boost::json::value& v);
/// `t`: int or long.
[[nodiscard]] bool append_whole(std::string& out, const boost::json::value& v, const type& t);
/// `t`: float or double. A number that is finite is no infinite float.
[[nodiscard]] bool append_real_as(std::string& out, double v, const type& t);
/// `t`: an enum.
[[nodiscard]] bool append_symbol(std::string& out, const boost::json::value& v, const type& t);

}  // namespace millrace::avro
