// Arbitrary requests to a node's API (method, target, body), and arbitrary answers to its client. A request is
// refused with a status, or it is one that the client would write as the same; what a refusal or an error
// shows of others' text has no control characters.
#include "actors/api/answers.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/sections.hpp"

#include <algorithm>

namespace {

using namespace millrace;
using fuzz::require;

bool is_visible(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\n') || c == '\x7f'; });
}

void try_request(const std::string& method, const std::string& target, const std::string& body) {
  const auto found = api::find_route(method, target);
  if (const auto* const no = std::get_if<api::http_refusal>(&found)) {
    require(no->status >= 400 && no->status < 500, "a refusal has a status of the client's fault");
    require(is_visible(no->why), "a refusal shows what can be shown");
    return;
  }
  const auto& at = std::get<api::routed>(found);
  require(at.to->method == method, "the route is of the method");
  const auto read = api::read_request(at, body);
  if (!read) {
    require(read.error().code == ec::invalid_argument, "a wrong body is the client's fault");
    require(is_visible(read.error().message), "an error shows what can be shown");
    const auto told = api::write_error(read.error());
    const auto back = api::read_answer(api::requests::list{}, told.status, told.body);
    require(!back && back.error().code == read.error().code, "an error comes back");
    return;
  }
  const auto written = api::write_request(*read);
  const auto again = api::find_route(written.method, written.target);
  require(std::holds_alternative<api::routed>(again), "what is written has its route");
  const auto reread = api::read_request(std::get<api::routed>(again), written.body);
  require(reread && *reread == *read, "what is written is read as the same");
}

void try_answer(std::uint8_t which, const std::string& body) {
  static const std::vector<api::request> asked{
      api::requests::list{}, api::requests::nodes{},  api::requests::apply{},  api::requests::wait{},
      api::requests::stop{}, api::requests::forget{}, api::requests::status{}, api::requests::report{}};
  const auto& r = asked[which % asked.size()];
  for (const int status : {200, 404, 503}) {
    const auto read = api::read_answer(r, status, body);
    require(read || is_visible(read.error().message), "an error shows what can be shown");
    if (!read || status != 200)
      continue;
    const auto written = api::write_answer(*read);
    const auto again = api::read_answer(r, written.status, written.body);
    require(again && *again == *read, "an answer is read as what was written");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  auto texts = fuzz::sections(data + 1, size - 1);
  texts.resize(3);
  try_request(texts[0], texts[1], texts[2]);
  try_answer(data[0], texts[2]);
  return 0;
}
