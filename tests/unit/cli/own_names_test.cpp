#include "tools/cli/own_names.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

using namespace millrace;
using boost::asio::ip::make_address;

TEST_CASE("the status server has the names of its machine, the address that was asked, and no others") {
  const cli::own_names names({"metrics.example.com", "[fd00::1]"});
  const auto local = make_address("192.0.2.7");
  for (const auto* own : {"", "localhost", "LOCALHOST:9100", "localhost.", "127.0.0.1:9100", "127.1.2.3",
                          "[::1]:9100", "192.0.2.7", "192.0.2.7:80", "Metrics.Example.com:443", "[fd00::1]"})
    CHECK(names.have(own, local));
  for (const auto* foreign :
       {"evil.example", "localhost.evil.example", "example.com", "192.0.2.8", "[::2]", "0.0.0.0",
        "127.0.0.1.evil.example", "a b", "[", "2130706433", "metrics.example.com.evil"})
    CHECK_FALSE(names.have(foreign, local));
  CHECK(names.have("192.0.2.7", make_address("::ffff:192.0.2.7")));
  CHECK(names.have("[2001:db8::1]", make_address("2001:db8::1")));
  char own[256] = {};
  REQUIRE(::gethostname(own, sizeof own - 1) == 0);
  CHECK(names.have(own, local));
}
