#include "runtime/data/json_member.hpp"

namespace millrace::data {

std::optional<std::string> member_finder::find(std::string_view padded_record, std::string_view member) {
  simdjson::ondemand::document document;
  if (parser_
          .iterate(simdjson::padded_string_view(padded_record.data(), padded_record.size(),
                                                padded_record.size() + simdjson::SIMDJSON_PADDING))
          .get(document))
    return std::nullopt;
  simdjson::ondemand::object object;
  simdjson::ondemand::value value;
  if (document.get_object().get(object) || object.find_field_unordered(member).get(value))
    return std::nullopt;
  simdjson::ondemand::json_type type{};
  if (value.type().get(type) || type == simdjson::ondemand::json_type::null)
    return std::nullopt;
  if (type == simdjson::ondemand::json_type::string) {
    std::string_view text;
    if (value.get_string().get(text))
      return std::nullopt;
    return std::string(text);
  }
  std::string_view raw = value.raw_json_token();
  while (!raw.empty() &&
         (raw.back() == ' ' || raw.back() == '\n' || raw.back() == '\r' || raw.back() == '\t'))
    raw.remove_suffix(1);
  return std::string(raw);
}

}  // namespace millrace::data
