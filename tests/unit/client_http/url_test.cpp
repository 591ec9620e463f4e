// URLs taken apart and put together.
#include "actors/client/http/exchange.hpp"

#include <catch2/catch.hpp>

namespace millrace::http {

TEST_CASE("What is special in a URL is escaped, and comes back") {
  CHECK(escaped("part_date=2018/a b%é") == "part_date%3D2018%2Fa%20b%25%C3%A9");
  CHECK(escaped("a/b=1", true) == "a/b%3D1");
  CHECK(escaped("azAZ09-._~") == "azAZ09-._~");
  for (const std::string text : {"", "a+b", "100%", "x/y?z=#&", "\x01\xff"})
    CHECK(unescaped(escaped(text)) == text);
}

TEST_CASE("A URL is taken apart") {
  const auto u = parse_url("s3://KEY:se%2Fcr%2Bet@bucket?region=eu-1&endpoint=http://127.0.0.1:9000&empty=");
  REQUIRE(u);
  CHECK(u->scheme == "s3");
  CHECK(u->user == "KEY");
  CHECK(u->password == "se/cr+et");
  CHECK(u->host == "bucket");
  CHECK(u->port.empty());
  CHECK(u->path == "/");
  CHECK(u->query == std::vector<std::pair<std::string, std::string>>{
                        {"region", "eu-1"}, {"endpoint", "http://127.0.0.1:9000"}, {"empty", ""}});
  const auto v6 = parse_url("webhdfs://[::1]:9870/a%20b");
  REQUIRE(v6);
  CHECK(v6->host == "[::1]");
  CHECK(v6->port == "9870");
  CHECK(v6->path == "/a b");
}

TEST_CASE("What is no URL is nothing") {
  for (const auto* text : {"", "bucket", "http://", "http://a:port", "http:// a", "://x"})
    CHECK_FALSE(parse_url(text));
}

}  // namespace millrace::http
