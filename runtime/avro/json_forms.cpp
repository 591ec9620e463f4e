#include "runtime/avro/json_forms.hpp"

#include "runtime/avro/datum.hpp"
#include "runtime/data/json_value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace millrace::avro {

namespace json = boost::json;

std::string_view text_in(const json::value& v) { return {v.get_string().data(), v.get_string().size()}; }

bool is_json_number(const json::value& v) { return v.is_number() || data::kept_digits(v).has_value(); }

std::optional<double> real_in(const json::value& v) {
  if (is_json_number(v)) {
    const auto digits = data::json_text(v);
    double out = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return read.ec == std::errc() ? std::optional(out) : std::nullopt;
  }
  if (!data::is_text(v))
    return std::nullopt;
  const auto text = text_in(v);
  if (text == "NaN")
    return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity" || text == "-Infinity")
    return text.front() == '-' ? -std::numeric_limits<double>::infinity()
                               : std::numeric_limits<double>::infinity();
  return std::nullopt;
}

bool append_boolean(std::string& out, const json::value& v) {
  if (!v.is_bool())
    return false;
  out.push_back(v.get_bool() ? '\1' : '\0');
  return true;
}

bool append_whole(std::string& out, const json::value& v, const type& t) {
  const auto* const number = v.if_int64();
  if (number == nullptr || (t.is == kind::int32 && *number != static_cast<std::int32_t>(*number)))
    return false;
  append_long(out, *number);
  return true;
}

bool append_real_as(std::string& out, double v, const type& t) {
  if (t.is == kind::float64) {
    append_real(out, v);
    return true;
  }
  const auto shorter = static_cast<float>(v);
  if (std::isfinite(v) && !std::isfinite(shorter))
    return false;
  append_real(out, shorter);
  return true;
}

bool append_symbol(std::string& out, const json::value& v, const type& t) {
  const auto symbol = data::is_text(v) ? std::ranges::find(t.symbols, text_in(v)) : t.symbols.end();
  if (symbol == t.symbols.end())
    return false;
  append_long(out, symbol - t.symbols.begin());
  return true;
}

}  // namespace millrace::avro
