#include "actors/connectors/kafka/source/kafka_reader.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/text_encoding.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <unordered_map>
#include <vector>

namespace millrace::source {

namespace {

constexpr std::string_view encoded = "base64:";

boost::json::value text_or_base64(std::string_view bytes) {
  if (data::why_no_text(bytes).empty())
    return boost::json::string(bytes);
  return boost::json::object{{"base64", data::base64(bytes)}};
}

}  // namespace

std::string headers_json(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;  // the message's own
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return "{}";
  struct seen {
    std::string name;
    boost::json::array values;
  };
  std::vector<seen> all;                                // in order of appearance
  std::unordered_map<std::string, std::size_t> places;  // a megabyte holds a hundred thousand names
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    std::string text = name;
    if (!data::is_utf8(text) || text.starts_with(encoded))  // no two names are one member
      text = std::string(encoded) + data::base64(text);
    const auto [place, is_new] = places.try_emplace(text, all.size());
    if (is_new)
      all.push_back({std::move(text), {}});
    auto& values = all[place->second].values;
    if (value == nullptr)
      values.emplace_back(nullptr);
    else
      values.push_back(text_or_base64({static_cast<const char*>(value), size}));
  }
  boost::json::object out;
  for (auto& [key, values] : all)
    out[key] = values.size() == 1 ? std::move(values[0]) : boost::json::value(std::move(values));
  return data::json_text(out);
}

}  // namespace millrace::source
