#include "tests/unit/remote/remote_folder.hpp"
#include "tools/remote/connecting.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using Catch::Contains;

namespace {

std::string refusal_of_client(const remote::connect_arguments& a, const remote::surroundings& around,
                              bool acts) {
  const auto made = remote::client_of(a, around, acts);
  if (made)
    return "none";
  CHECK(made.error().whose == fault::user);
  return made.error().message;
}

}  // namespace

TEST_CASE("a node's own token goes to the node itself, or to one that proves that it is of the cluster") {
  const api::api_url own{false, "127.0.0.1", 7070};
  CHECK(remote::may_have_own_token({false, "localhost", 7070}, own));
  CHECK_FALSE(remote::may_have_own_token({false, "localhost", 7071}, own));
  CHECK_FALSE(remote::may_have_own_token({false, "localhost", 7070}, std::nullopt));
  CHECK_FALSE(remote::may_have_own_token({false, "localhost", 7070}, api::api_url{true, "localhost", 7070}));
  CHECK(remote::may_have_own_token({true, "node2.example.com", 7071}, own));
  CHECK(remote::may_have_own_token({true, "node2.example.com", 7071}, std::nullopt));
}

TEST_CASE("without --connect the node on this machine is asked, with its own token") {
  const remote::test::folder f;
  const remote::surroundings around{f.path(), {}};
  CHECK_THAT(refusal_of_client({}, {}, false),
             Contains("--connect URL is missing, and neither XDG_STATE_HOME"));
  CHECK_THAT(refusal_of_client({}, around, false),
             Contains("--connect URL is missing, and no node runs here with its state in " + f.path()));
  (void)f.write("http", "http://127.0.0.1:7070\n");
  CHECK(refusal_of_client({}, around, false) == "none");
  CHECK_THAT(refusal_of_client({}, around, true), Contains(f.path() + "/token: No such file"));
  (void)f.write("token", "secret\n");
  CHECK(refusal_of_client({}, around, true) == "none");
  CHECK(refusal_of_client({"http://localhost:7070", {}, {}, {}}, around, true) == "none");
  CHECK_THAT(refusal_of_client({"http://localhost:7071", {}, {}, {}}, around, true),
             Contains("http://localhost:7071 is not the address of the node with its state in " + f.path()));
  CHECK(refusal_of_client({"http://localhost:7071", {}, {}, {}}, around, false) == "none");
}

TEST_CASE("--token comes before MILLRACE_TOKEN, and both before the node's own file") {
  const remote::test::folder f;
  const remote::connect_arguments url{"http://localhost:7071", {}, {}, {}};
  auto with_file = url;
  with_file.token = f.path() + "/nowhere";
  CHECK(refusal_of_client(url, {f.path(), "secret"}, true) == "none");
  CHECK_THAT(refusal_of_client(url, {f.path(), "two words"}, true),
             Contains("MILLRACE_TOKEN holds no token"));
  CHECK_THAT(refusal_of_client(url, {}, true),
             Contains("the token is missing; give the node's token by --token"));
  // A file that was named is looked at, also where nothing needs it.
  for (const bool acts : {false, true})
    CHECK_THAT(refusal_of_client(with_file, {f.path(), "secret"}, acts),
               Contains("--token " + with_file.token));
  with_file.token = f.write("mine", "secret");
  CHECK(refusal_of_client(with_file, {f.path(), "two words"}, true) == "none");
}

TEST_CASE("a wrong URL and a folder without certificates are found before anything is contacted") {
  CHECK_THAT(refusal_of_client({"localhost", {}, {}, {}}, {}, false),
             Contains("\"localhost\" is not an address of a node's API; expected http://HOST:PORT"));
  CHECK_THAT(refusal_of_client({"https://localhost:1", "/nowhere", {}, {}}, {}, false),
             Contains("there is no authority in /nowhere"));
}
