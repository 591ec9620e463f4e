#include "runtime/data/json_member.hpp"

namespace millrace::data {

namespace {

/// A token comes with the blanks behind it.
std::string_view without_blanks(std::string_view raw) {
  return raw.substr(0, raw.find_last_not_of(" \n\r\t") + 1);
}

}  // namespace

bool member_finder::locate(std::string_view padded_record, std::string_view member,
                           simdjson::ondemand::document& in, simdjson::ondemand::value& out) {
  if (parser_
          .iterate(simdjson::padded_string_view(padded_record.data(), padded_record.size(),
                                                padded_record.size() + simdjson::SIMDJSON_PADDING))
          .get(in))
    return false;
  simdjson::ondemand::object object;
  return !in.get_object().get(object) && !object.find_field_unordered(member).get(out);
}

std::optional<std::string> member_finder::find(std::string_view padded_record, std::string_view member) {
  simdjson::ondemand::document document;
  simdjson::ondemand::value value;
  simdjson::ondemand::json_type type{};
  if (!locate(padded_record, member, document, value) || value.type().get(type) ||
      type == simdjson::ondemand::json_type::null)
    return std::nullopt;
  if (type == simdjson::ondemand::json_type::string) {
    std::string_view text;
    if (value.get_string().get(text))
      return std::nullopt;
    return std::string(text);
  }
  return std::string(without_blanks(value.raw_json_token()));
}

std::string_view member_finder::written(std::string_view padded_record, std::string_view member) {
  simdjson::ondemand::document document;
  simdjson::ondemand::value value;
  simdjson::ondemand::json_type type{};
  if (!locate(padded_record, member, document, value) || value.type().get(type))
    return {};
  std::string_view raw;
  simdjson::ondemand::object object;
  simdjson::ondemand::array list;
  if (type == simdjson::ondemand::json_type::object)
    return value.get_object().get(object) || object.raw_json().get(raw) ? std::string_view() : raw;
  if (type == simdjson::ondemand::json_type::array)
    return value.get_array().get(list) || list.raw_json().get(raw) ? std::string_view() : raw;
  return without_blanks(value.raw_json_token());
}

}  // namespace millrace::data
