// What a client sends: Beast parses it, ours makes a path and a record of it. The record is one line of JSON,
// an object whose own members nobody has changed, and every header is in it once.
#include "actors/source/http_server/routes.hpp"
#include "tests/fuzz/require.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json.hpp>

#include <algorithm>

using namespace millrace;
using fuzz::require;
namespace http = boost::beast::http;

namespace {

const source::routes& known() {
  static const auto r =
      *source::routes::from(boost::json::parse(R"({"/": {"event": {"event_type": "default", "X-1": [1]}}})"));
  return r;
}

std::string folded(std::string_view name) {
  std::string out(name);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(1'000);
  parser.body_limit(1'000);
  parser.eager(true);
  boost::beast::error_code failed;
  parser.put(boost::asio::buffer(data, size), failed);
  if (failed || !parser.is_header_done())
    return 0;
  const auto& request = parser.get();
  const auto target = request.target();
  const auto path = source::path_of({target.data(), target.size()});
  require(!path.empty() && path.size() <= std::max<std::size_t>(1, target.size()),
          "a path longer than its target");
  (void)known().find(path);

  std::vector<source::request_header> headers;
  for (const auto& h : request)
    headers.emplace_back(std::string_view(h.name_string().data(), h.name_string().size()),
                         std::string_view(h.value().data(), h.value().size()));
  const auto records = source::records_of(*known().find("/"), {}, headers, true);
  require(records && records->size() == 1, "not one record of a request without a body");
  const auto& record = records->front();
  require(record.find('\n') == std::string::npos, "a record of several lines: " + record);
  boost::json::error_code malformed;
  const auto value = boost::json::parse(record, malformed);
  require(!malformed && value.is_object(), "no JSON object: " + record);
  const auto& members = value.as_object();
  require(members.size() >= 2 && members.begin()->key() == "event_type" &&
              members.at("event_type") == "default" && members.at("X-1") == boost::json::value{1},
          "members of the event have changed: " + record);
  for (const auto& header : headers) {
    const auto name = header.first;
    const auto wanted = folded(name);
    const auto found = std::count_if(members.begin(), members.end(), [&](const auto& m) {
      const std::string_view key(m.key().data(), m.key().size());
      return key.size() == name.size() && folded(key) == wanted &&
             std::equal(key.begin(), key.end(), name.begin(),
                        [](char a, char b) { return (a == '-') == (b == '-'); });
    });
    require(found == 1 || wanted == "event_type" || wanted == "x_1", "a header is not there once: " + record);
  }
  return 0;
}
