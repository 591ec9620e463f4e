// A client sends this, whole: a path and a record are made of it. The record is one line of JSON,
// an object whose own members nobody has changed, and every header is in it once.
#include "actors/connectors/http/server/routes.hpp"
#include "runtime/data/text_encoding.hpp"
#include "tests/fuzz/require.hpp"

#include <boost/json.hpp>

#include <algorithm>

using namespace millrace;
using fuzz::require;

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
  http::request_reader reader({1'000, 100, 1'000});
  reader.put({reinterpret_cast<const char*>(data), size});
  if (!reader.has_head())
    return 0;
  const auto& request = reader.request();
  const auto path = source::path_of(request.target);
  require(!path.empty() && path.size() <= std::max<std::size_t>(1, request.target.size()),
          "a path longer than its target");
  (void)known().find(path);
  const auto shown = source::shown_path(path);
  require(data::is_utf8(shown) &&
              std::none_of(shown.begin(), shown.end(), [](char c) { return c >= 0 && c < 0x20; }),
          "a path that is not fit to be shown");
  const auto& headers = request.headers;
  const auto records = source::records_of(*known().find("/"), {}, headers, {});
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
    const bool secret = source::credential_name(name).has_value();
    require(secret ? found == 0 : found == 1 || wanted == "event_type" || wanted == "x_1",
            "a header is not there once: " + record);
  }
  return 0;
}
