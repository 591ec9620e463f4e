#include "runtime/tls/names.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("a node's name is one of a file, and of a certificate") {
  for (const auto* good :
       {"a", "node-1", "A_b.c", "7", "x234567890123456789012345678901234567890123456789012345678901234"})
    CHECK(tls::check_name("node", good));
  for (const auto* wrong : {"", ".a", "-a", "a/b", "..", "a b", "ä", "a\n", "a*",
                            "x2345678901234567890123456789012345678901234567890123456789012345"}) {
    const auto refused = tls::check_name("client", wrong);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().whose == fault::user);
    CHECK_THAT(refused.error().message,
               Catch::Contains("is not a name of a client; expected 1 to 64 letters"));
  }
}

TEST_CASE("a host is a name or an address, without a port") {
  CHECK(tls::parse_host("Node1.Example.COM")->text == "node1.example.com");
  CHECK(tls::parse_host("localhost")->address.empty());
  CHECK(tls::parse_host("192.0.2.1")->address == std::string("\xc0\x00\x02\x01", 4));
  CHECK(tls::parse_host("::1")->address.size() == 16);
  CHECK(tls::parse_host("[2001:DB8::1]")->text == "2001:db8::1");
  for (const auto* wrong : {"", "a:1", "a..b", ".a", "a.", "-a", "a-", "*.example.com", "a,DNS:b", "[a]",
                            "1.2.3", "1234", "a b", "ä.de"})
    CHECK_FALSE(tls::parse_host(wrong));
  CHECK_FALSE(tls::parse_host(std::string(64, 'a')));
  CHECK_FALSE(tls::parse_host(std::string_view("a\0b", 3)));
  CHECK_FALSE(tls::parse_host(std::string_view("127.0.0.1\0x", 11)));
}
