#include "actors/api/guard.hpp"
#include "tools/cli/own_names.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

using namespace millrace;
using boost::asio::ip::make_address;

namespace {

bool answers_for(const std::string& host, const std::string& local, bool is_1_0 = false) {
  http::incoming_request r;
  r.host = host;
  r.is_1_0 = is_1_0;
  const api::guard_rules rules{"secret", cli::own_names({"metrics.example.com", "[fd00::1]"}), false, false};
  return !api::refusal_of(rules, api::route_of(api::requests::metrics{}), r, make_address(local));
}

}  // namespace

TEST_CASE("--http has the names of its machine, the address that was asked, and no others") {
  for (const auto* own : {"localhost", "LOCALHOST:9100", "localhost.", "127.0.0.1:9100", "127.1.2.3",
                          "[::1]:9100", "192.0.2.7", "192.0.2.7:80", "Metrics.Example.com:443", "[fd00::1]"})
    CHECK(answers_for(own, "192.0.2.7"));
  for (const auto* foreign :
       {"", "evil.example", "localhost.evil.example", "example.com", "192.0.2.8", "[::2]", "0.0.0.0",
        "127.0.0.1.evil.example", "a b", "[", "2130706433", "metrics.example.com.evil"})
    CHECK_FALSE(answers_for(foreign, "192.0.2.7"));
  CHECK(answers_for("192.0.2.7", "::ffff:192.0.2.7"));
  CHECK(answers_for("[2001:db8::1]", "2001:db8::1"));
  CHECK(answers_for("", "192.0.2.7", true));
  char own[256] = {};
  REQUIRE(::gethostname(own, sizeof own - 1) == 0);
  CHECK(answers_for(own, "192.0.2.7"));
}
