// All that a client sends over one connection, in pieces: the requests that the server's reader finds are
// those of a second reader, written from RFC 9112 on its own, and so is the status of what is refused. A
// request that two readers take for different ones is how requests are smuggled.
#include "runtime/http/request_reader.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/strict_http.hpp"

#include <algorithm>
#include <cstdint>

using namespace millrace;
using fuzz::require;

namespace {

constexpr fuzz::strict_limits limits{.head = 400, .headers = 8, .body = 60};

void compare(http::incoming_request& found, const fuzz::strict_request& wanted) {
  const auto same = [&](const char* what, std::string_view a, std::string_view b) {
    require(a == b,
            std::string("another ") + what + ": '" + std::string(a) + "' and '" + std::string(b) + "'");
  };
  same("method", found.method, wanted.method);
  same("target", found.target, wanted.target);
  same("host", found.host, wanted.host);
  same("body", found.body, wanted.body);
  require(found.is_1_0 == wanted.is_1_0, "another version");
  require(found.keep_alive == wanted.keep_alive, "another end of the connection");
  require(found.waits_to_go_on == wanted.waits, "another answer to Expect");
  require(found.headers.size() == wanted.headers.size(), "another number of headers");
  for (std::size_t i = 0; i < wanted.headers.size(); ++i) {
    same("name", found.headers[i].first, wanted.headers[i].first);
    same("value", found.headers[i].second, wanted.headers[i].second);
  }
}

}  // namespace

/// The first byte says how long the pieces are: bytes of their own up to 0xFF, the last one over and over.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::size_t> pieces;
  for (; size > 0 && *data != 0xFF; ++data, --size)
    pieces.push_back(*data == 0 ? 1 : *data);
  if (size > 0) {
    ++data;
    --size;
  }
  if (pieces.empty())
    pieces.push_back(4'096);
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto wanted = fuzz::strict_reader(bytes, limits).read();

  http::request_reader reader({limits.head, limits.headers, limits.body});
  std::size_t taken = 0;
  std::size_t number = 0;
  std::size_t piece = 0;
  bool closes = false;
  while (taken < bytes.size() && !reader.refused() && !closes) {
    const auto n = std::min(pieces[std::min(piece++, pieces.size() - 1)], bytes.size() - taken);
    std::string got = bytes.substr(taken, n);  // a copy: a reader keeps no views of its input
    const auto used = reader.put(got);
    std::fill(got.begin(), got.end(), 'x');
    require(used == n || reader.is_done() || reader.refused(), "bytes are left without a reason");
    taken += used;
    if (!reader.is_done())
      continue;
    require(number < wanted.requests.size(), "a request more");
    compare(reader.request(), wanted.requests[number++]);
    closes = !reader.request().keep_alive;
    reader.begin_anew();
  }
  require(number == wanted.requests.size(), "a request less");
  const int status = reader.refused() ? reader.refused()->status : 0;
  require(status == wanted.refused,
          "refused with " + std::to_string(status) + " and " + std::to_string(wanted.refused));
  return 0;
}
