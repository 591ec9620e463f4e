#include "runtime/data/json_value.hpp"

#include "runtime/data/render.hpp"

#include <cmath>

namespace millrace::data {
namespace {

void append_number(std::string& out, double v) {
  const bool finite = std::isfinite(v);
  if (!finite)
    out.push_back('"');
  append_double(out, v);
  if (!finite)
    out.push_back('"');
}

}  // namespace

void append_json(std::string& out, const boost::json::value& v) {
  switch (v.kind()) {
  case boost::json::kind::null:
    out += "null";
    break;
  case boost::json::kind::bool_:
    out += v.get_bool() ? "true" : "false";
    break;
  case boost::json::kind::int64:
    out += std::to_string(v.get_int64());
    break;
  case boost::json::kind::uint64:
    out += std::to_string(v.get_uint64());
    break;
  case boost::json::kind::double_:
    append_number(out, v.get_double());
    break;
  case boost::json::kind::string:
    append_json_string(out, {v.get_string().data(), v.get_string().size()});
    break;
  case boost::json::kind::array: {
    const char* between = "[";
    for (const auto& item : v.get_array()) {
      out += between;
      append_json(out, item);
      between = ",";
    }
    out += v.get_array().empty() ? "[]" : "]";
    break;
  }
  case boost::json::kind::object: {
    const char* between = "{";
    for (const auto& member : v.get_object()) {
      out += between;
      append_json_string(out, {member.key().data(), member.key().size()});
      out.push_back(':');
      append_json(out, member.value());
      between = ",";
    }
    out += v.get_object().empty() ? "{}" : "}";
    break;
  }
  }
}

std::string json_text(const boost::json::value& v) {
  std::string out;
  append_json(out, v);
  return out;
}

}  // namespace millrace::data
