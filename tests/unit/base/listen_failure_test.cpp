#include "runtime/base/listen_failure.hpp"

#include <catch2/catch.hpp>

#include <cerrno>

using namespace millrace;

TEST_CASE("an address that cannot be listened at is told with cause and remedy") {
  const auto taken = listen_failure("--listen", "127.0.0.1:7100", EADDRINUSE);
  CHECK(taken.message ==
        "cannot listen on 127.0.0.1:7100: Address already in use; another process has it (`ss -ltnp` "
        "names it): end that one, or choose another address by --listen");
  CHECK(taken.retry);
  const auto missing = listen_failure("--http", "10.0.0.5:9100", EADDRNOTAVAIL);
  CHECK(missing.message ==
        "cannot listen on 10.0.0.5:9100: Cannot assign requested address; no network interface of this "
        "machine has it (`ip address` lists them): give one that it has by --http, or bring the "
        "interface up");
  CHECK(missing.retry);
}

TEST_CASE("a right that is missing stays missing: the user's, and not tried again") {
  const auto low = listen_failure("--http", "127.0.0.1:80", EACCES);
  CHECK(low.whose == fault::user);
  CHECK_FALSE(low.retry);
  CHECK_THAT(low.message, Catch::Contains("Permission denied") && Catch::Contains("CAP_NET_BIND_SERVICE"));
}
