#include "actors/registry/access.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::registry;

namespace {

config::values with(std::map<std::string, std::string> options,
                    std::map<std::string, std::string> headers = {}) {
  config::values out;
  out.set("registry", std::string("http://r/"), {});
  for (auto& [name, value] : options)
    out.set(name, std::move(value), {});
  if (!headers.empty())
    out.set("registry_headers", std::move(headers), {});
  return out;
}

}  // namespace

TEST_CASE("A user and a password become the header of basic authentication") {
  const auto a = access_of(with({{"registry_user", "ann"}, {"registry_password", "p:w"}}, {{"X-A", "b"}}));
  REQUIRE(a);
  CHECK(a->url == "http://r");
  CHECK(a->headers ==
        std::map<std::string, std::string>{{"X-A", "b"}, {"Authorization", "Basic YW5uOnA6dw=="}});
}
