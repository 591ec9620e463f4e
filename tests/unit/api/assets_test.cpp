#include "tests/unit/api/api_fixture.hpp"

#include <zlib.h>

using namespace millrace;
using namespace millrace::api;
using namespace millrace::api::test;

namespace {

std::string compressed(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string in = text;
  std::string out(text.size() + 1'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

const std::string page_text(100'000, 'p');
const std::string& page_bytes() {
  static const auto bytes = compressed(page_text);
  return bytes;
}
const std::vector<asset>& all() {
  static const std::vector<asset> two{{"/", "text/html", "\"1\"", page_bytes()},
                                      {"/page.js", "text/javascript", "\"2\"", page_bytes()}};
  return two;
}

struct served_page {
  served_page() {
    server_options o{
        {boost::asio::ip::make_address("127.0.0.1"), 0}, {}, {"secret", {}, false, false}, {}, all()};
    auto started = server::start(std::move(o), cluster);
    REQUIRE(started);
    api.emplace(std::move(*started));
  }
  [[nodiscard]] std::string asked(const std::string& line, const std::string& more = {}) const {
    return raw_connection(api->endpoint())
        .send(line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + more + "\r\n")
        .rest();
  }
  millrace::test::memory_cluster cluster{{"a"}};
  std::optional<server> api;
};

}  // namespace

TEST_CASE("a file of the page is found by its path, whatever query stands behind it") {
  CHECK(find_asset(all(), "/page.js?v=1") == &all()[1]);
  CHECK(find_asset(all(), "/") == &all()[0]);
  for (const auto* none : {"", "/page.jsx", "//", "/../page.js", "/api/v1/nodes"})
    CHECK(find_asset(all(), none) == nullptr);
  CHECK(uncompressed(all()[0]) == page_text);
}

TEST_CASE("gzip is for who takes it") {
  for (const auto* yes : {"gzip", "br, gzip", "gzip;q=0.5", " gzip ; q=1 ,br"})
    CHECK(takes_gzip(yes));
  for (const auto* no : {"", "br", "gzip;q=0", "gzip; q=0.000", "xgzip", "identity"})
    CHECK_FALSE(takes_gzip(no));
}

TEST_CASE("the page is given with its policy, and once only to who keeps it") {
  const served_page s;
  const auto plain = s.asked("GET /");
  CHECK_THAT(plain, Catch::StartsWith("HTTP/1.1 200 OK\r\n") &&
                        Catch::Contains("Content-Type: text/html\r\n") &&
                        Catch::Contains("script-src 'self'") && Catch::Contains("frame-ancestors 'none'") &&
                        Catch::EndsWith(page_text));
  const auto packed = s.asked("GET /page.js", "Accept-Encoding: gzip\r\n");
  CHECK_THAT(packed, Catch::Contains("Content-Encoding: gzip\r\n") && Catch::EndsWith(page_bytes()));
  CHECK_THAT(s.asked("GET /", "If-None-Match: \"1\"\r\n"),
             Catch::StartsWith("HTTP/1.1 304 ") && Catch::EndsWith("\r\n\r\n"));
  CHECK_THAT(s.asked("HEAD /"), Catch::StartsWith("HTTP/1.1 200 ") && Catch::EndsWith("\r\n\r\n"));
  CHECK_THAT(s.asked("POST /", "Content-Length: 0\r\n"), Catch::StartsWith("HTTP/1.1 404 "));
  CHECK_THAT(s.asked("GET /nothing"), Catch::StartsWith("HTTP/1.1 404 "));
  const auto foreign = raw_connection(s.api->endpoint())
                           .send("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
                           .rest();
  CHECK_THAT(foreign, Catch::StartsWith("HTTP/1.1 421 "));
}
