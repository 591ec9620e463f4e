#include "runtime/http/own_host.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using boost::asio::ip::make_address;

TEST_CASE("a host is this machine's by its names, by loopback, and by the address that was asked") {
  const std::vector<std::string> names{"node1.example.com", "fd00::1"};
  const auto local = make_address("192.0.2.7");
  for (const auto* own : {"localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1", "192.0.2.7",
                          "Node1.Example.com", "fd00::1"})
    CHECK(http::is_own_host(own, names, local));
  for (const auto* foreign : {"", "localhost.", "evil.example", "localhost.evil.example", "example.com",
                              "192.0.2.8", "[::1]", "::2", "0.0.0.0", "2130706433", "127.0.0.1.evil.example"})
    CHECK_FALSE(http::is_own_host(foreign, names, local));
}

TEST_CASE("an IPv4 address is the same one behind an IPv6 socket") {
  CHECK(http::is_own_host("192.0.2.7", {}, make_address("::ffff:192.0.2.7")));
  CHECK(http::is_own_host("::ffff:192.0.2.7", {}, make_address("192.0.2.7")));
  CHECK_FALSE(http::is_own_host("192.0.2.8", {}, make_address("::ffff:192.0.2.7")));
  CHECK(http::is_own_host("2001:db8::1", {}, make_address("2001:db8::1")));
}

TEST_CASE("an address stands without its brackets") {
  CHECK(http::without_brackets("[::1]") == "::1");
  CHECK(http::without_brackets("example.com") == "example.com");
  CHECK(http::without_brackets("").empty());
}
