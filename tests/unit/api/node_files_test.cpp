#include "actors/api/node_files.hpp"
#include "tests/unit/remote/remote_folder.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

using namespace millrace;
using Catch::Contains;

TEST_CASE("a node's files lie in its state folder") {
  CHECK(api::files_of_node("/state").http == "/state/http");
  CHECK(api::files_of_node("/state").token == "/state/token");
}

TEST_CASE("a token is one line in a file of its owner's alone") {
  const remote::test::folder f;
  CHECK(*api::read_token(f.write("token", "secret\n")) == "secret");
  CHECK(*api::read_token(f.write("token", "secret\r\n")) == "secret");
  CHECK(*api::read_token(f.write("token", "secret")) == "secret");
  for (const mode_t mode : {0644, 0640, 0602})
    CHECK_THAT(api::read_token(f.write("token", "secret\n", mode)).error().message, Contains("chmod 600"));
  for (const auto& text : {std::string(), std::string("\n"), std::string("a\nb\n"), std::string("a b"),
                           std::string("\xc3\xa4"), std::string(2'000, 'x'), std::string(10'000, 'x')})
    CHECK_THAT(api::read_token(f.write("wrong", text)).error().message, Contains("it holds no token"));
  CHECK_THAT(api::read_token("/nowhere/token").error().message, Contains("No such file"));
  CHECK_THAT(api::read_token(f.path()).error().message, Contains(f.path()));
}

TEST_CASE("another user's token is not taken, by root either") {
  if (::geteuid() != 0)
    return;  // only root can give a file away
  const remote::test::folder f;
  const auto path = f.write("token", "secret\n");
  REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
  CHECK_THAT(api::read_token(path).error().message, Contains("belongs to another user"));
}

TEST_CASE("the file http has one line") {
  const remote::test::folder f;
  CHECK(*api::read_node_url(f.write("http", "http://127.0.0.1:1\n", 0644)) == "http://127.0.0.1:1");
  CHECK_THAT(api::read_node_url(f.write("http", "a\nb\n")).error().message, Contains("expected one line"));
  const auto gone = api::read_node_url(f.path() + "/nowhere");
  CHECK(gone.error().code == ec::not_found);
  CHECK(gone.error().retry);
}
