#include "runtime/data/bare_json.hpp"

#include "runtime/data/json_value.hpp"

#include <algorithm>

namespace millrace::data {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::string_view value_within_blanks(std::string_view json) {
  json.remove_prefix(std::min(json.find_first_not_of(blanks), json.size()));
  return json.substr(0, json.find_last_not_of(blanks) + 1);
}

}  // namespace

bool is_json_null(std::string_view json) { return value_within_blanks(json) == "null"; }

std::optional<std::string_view> bare_json(std::string_view json, std::string& scratch) {
  const auto value = value_within_blanks(json);
  if (!value.starts_with('"'))
    return json;
  const auto within = value.substr(1);
  if (const auto end = within.find_first_of("\"\\"); end + 1 == within.size() && within.back() == '"')
    return within.substr(0, end);
  const auto read = read_json_value(value);
  if (!read || !is_text(*read))
    return std::nullopt;
  scratch.assign(read->get_string().data(), read->get_string().size());
  return scratch;
}

}  // namespace millrace::data
