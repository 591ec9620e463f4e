// URLs taken apart and put together.
#include "actors/connectors/http/client/origin.hpp"
#include "actors/connectors/http/client/url.hpp"

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

TEST_CASE("What is not a URL is nothing") {
  for (const auto* text : {"", "bucket", "http://", "http://a:port", "http:// a", "://x"})
    CHECK_FALSE(parse_url(text));
}

TEST_CASE("A Location is an address, or is resolved against the one that was asked for") {
  CHECK(resolved("http://a:8/b/c?d=e", "/f") == "http://a:8/f");
  CHECK(resolved("http://a:8/b/c?d=e", "f?g") == "http://a:8/b/f?g");
  CHECK(resolved("http://a:8/b", "//h/i") == "http://h/i");
  CHECK(resolved("http://a:8/b", "HTTPS://h/i j") == "https://h/i%20j");
  CHECK(resolved("http://a:8/b", "ftp://h/") == "ftp://h/");
}

TEST_CASE("What goes along when a server sends a request on") {
  CHECK(onward_from("http://a/x", "http://A:80/y?z") == onward::all);
  CHECK(onward_from("HTTPS://a:443/x", "https://a") == onward::all);
  CHECK(onward_from("http://[::1]:8/", "http://[::1]:8/b") == onward::all);
  for (const auto* to : {"http://b/", "http://a:81/", "https://a/", "http://a.b/", "http://a@b/"})
    CHECK(onward_from("http://a/", to) == onward::bare);
  CHECK(onward_from("https://a/", "https://b/") == onward::bare);
  for (const auto* to : {"http://a/", "HTTP://b/", "ftp://a/", "file:///etc", "", "//a/", "a"})
    CHECK(onward_from("https://a/", to) == onward::nothing);
  CHECK(onward_from("http://a/", "ftp://a/") == onward::nothing);
}

}  // namespace millrace::http
