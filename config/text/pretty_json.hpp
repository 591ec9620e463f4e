// JSON laid out for people: what is short stands on one line.
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace millrace::config {

/// The text ends with a line break. Members keep their order.
[[nodiscard]] std::string pretty_json(const boost::json::value& v);

}  // namespace millrace::config
