#include "runtime/tls/folder.hpp"
#include "runtime/tls/key_files.hpp"
#include "tests/unit/tls/tls_fixture.hpp"

#include <set>
#include <sys/stat.h>
#include <unistd.h>

using namespace millrace;
using namespace millrace::tls;
using namespace millrace::tls::test;

namespace {

struct authority_folder : own_folder {
  authority_folder() { REQUIRE(init_folder(dir, {tls::test::now - 20 * day, tls::test::now + 1'000 * day})); }
  std::string dir = path("tls");
};

using millrace::test::mode_of;

std::set<std::string> names_in(const std::string& dir) {
  std::set<std::string> out;
  for (const auto& one : std::filesystem::directory_iterator(dir))
    out.insert(one.path().filename().string());
  return out;
}

file_pair issued(const std::string& dir, role is, const std::string& name) {
  const auto out = issue(dir, {is, name, {}}, always, if_there::keep);
  REQUIRE(out);
  return *out;
}

}  // namespace

TEST_CASE("an authority's folder and its key are its owner's alone, whatever the umask") {
  for (const mode_t mask : {0000U, 0022U, 0077U}) {
    const auto before = ::umask(mask);
    const own_folder f;
    const auto dir = f.path("deep/er/tls");
    const bool made = init_folder(dir, always).has_value();
    const auto node = issue(dir, {role::node, "a", {}}, always, if_there::keep);
    ::umask(before);
    REQUIRE(made);
    REQUIRE(node);
    CHECK(mode_of(dir) == 0700);
    CHECK(mode_of(dir + "/authority.key") == 0600);
    CHECK(mode_of(node->key) == 0600);
    CHECK((mode_of(node->certificate) & 0022U) == 0);
    CHECK(names_in(dir) ==
          std::set<std::string>{"authority.crt", "authority.key", "node-a.crt", "node-a.key"});
  }
}

TEST_CASE("an empty folder is taken, and no other") {
  const own_folder f;
  REQUIRE(std::filesystem::create_directory(f.path("empty")));
  CHECK(init_folder(f.path("empty"), always));
  const auto key = contents(f.path("empty/authority.key"));
  const auto again = init_folder(f.path("empty"), always);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == ec::already_exists);
  CHECK_THAT(again.error().message, Catch::Contains("would be worthless with another"));
  CHECK(contents(f.path("empty/authority.key")) == key);
  REQUIRE(std::filesystem::create_directory(f.path("full")));
  std::ofstream(f.path("full/mine")) << "x";
  CHECK_THAT(init_folder(f.path("full"), always).error().message,
             Catch::Contains("is there and is not empty"));
  CHECK(names_in(f.path("full")) == std::set<std::string>{"mine"});
  CHECK_THAT(init_folder(f.path("full/mine"), always).error().message,
             Catch::Contains("a part of the path is a file"));
  CHECK_THAT(init_folder(f.path("full/mine/x"), always).error().message,
             Catch::Contains("a part of the path is a file"));
}

TEST_CASE("a key and a certificate are kept until they are told to make room") {
  const authority_folder f;
  const auto files = issued(f.dir, role::node, "a");
  const auto key = contents(files.key);
  const auto again = issue(f.dir, {role::node, "a", {}}, always, if_there::keep);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == ec::already_exists);
  CHECK_THAT(again.error().message, Catch::Contains("--replace"));
  CHECK(contents(files.key) == key);
  // A key without its certificate: the process ended between the two.
  std::filesystem::remove(files.certificate);
  CHECK(issue(f.dir, {role::node, "a", {}}, always, if_there::keep).error().code == ec::already_exists);
  REQUIRE(issue(f.dir, {role::node, "a", {}}, always, if_there::replace));
  CHECK(contents(files.key) != key);
  CHECK(node_credentials(f.dir, "a", tls::test::now));
  CHECK(names_in(f.dir).size() == 4);
}

TEST_CASE("two that write one file at once: one of them has written it") {
  const own_folder f;
  const auto at = f.path("k");
  CHECK(write_whole(at, "one", key_mode, false));
  const auto second = write_whole(at, "two", key_mode, false);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ec::already_exists);
  CHECK(contents(at) == "one");
  CHECK(names_in(f.path("")) == std::set<std::string>{"k"});
}

TEST_CASE("without an authority nothing is made, and the remedy is told") {
  const own_folder f;
  const auto nowhere = issue(f.path("tls"), {role::node, "a", {}}, always, if_there::keep);
  REQUIRE_FALSE(nowhere);
  CHECK_THAT(nowhere.error().message, Catch::Contains("there is no authority in ") &&
                                          Catch::Contains("millrace tls init " + f.path("tls")));
  const authority_folder g;
  std::filesystem::remove(g.dir + "/authority.key");
  CHECK_THAT(issue(g.dir, {role::node, "a", {}}, always, if_there::keep).error().message,
             Catch::Contains("authority.key is missing; certificates are made where the authority's key is"));
  std::ofstream(g.dir + "/authority.crt") << "x";
  CHECK_THAT(issue(g.dir, {role::node, "a", {}}, always, if_there::keep).error().message,
             Catch::Contains("authority.crt: it holds no certificate"));
}

TEST_CASE("a node's credentials are those of its name") {
  const authority_folder f;
  const auto files = issued(f.dir, role::node, "a");
  const auto own = node_credentials(f.dir, "a", tls::test::now);
  REQUIRE(own);
  CHECK(own->name == "a");
  CHECK(own->own.key == contents(files.key));
  CHECK(own->authority_file == f.dir + "/authority.crt");
  CHECK_THAT(node_credentials(f.dir, "b", tls::test::now).error().message,
             Catch::Contains(
                 "node-b.crt is missing; make it where the authority's key is: millrace tls node b --dir"));
  CHECK_THAT(node_credentials(f.dir, "../a", tls::test::now).error().message,
             Catch::Contains("is not a name of a node"));
  CHECK_THAT(node_credentials(f.path("nowhere"), "a", tls::test::now).error().message,
             Catch::Contains("there is no authority"));
}

TEST_CASE("credentials that cannot work are told when they are read") {
  const authority_folder f;
  const auto a = issued(f.dir, role::node, "a");
  const auto b = issued(f.dir, role::node, "b");
  CHECK_THAT(node_credentials(f.dir, "a", always.until + day).error().message,
             Catch::Contains("node-a.crt: the certificate of \"a\" has expired"));
  REQUIRE(::chmod(a.key.c_str(), 0640) == 0);
  CHECK_THAT(node_credentials(f.dir, "a", tls::test::now).error().message,
             Catch::Contains("(mode 640): chmod 600"));
  std::filesystem::copy_file(b.key, a.key, std::filesystem::copy_options::overwrite_existing);
  REQUIRE(::chmod(a.key.c_str(), 0600) == 0);
  CHECK_THAT(node_credentials(f.dir, "a", tls::test::now).error().message,
             Catch::Contains("is not the key of"));
  std::filesystem::remove(a.key);
  CHECK_THAT(node_credentials(f.dir, "a", tls::test::now).error().message,
             Catch::Contains("node-a.key is missing"));
  std::filesystem::create_symlink(b.key, a.key);
  CHECK_THAT(node_credentials(f.dir, "a", tls::test::now).error().message,
             Catch::Contains("it is a symbolic link"));
  // b's files under a's name.
  std::filesystem::remove(a.key);
  std::filesystem::copy_file(b.key, a.key);
  std::filesystem::copy_file(b.certificate, a.certificate, std::filesystem::copy_options::overwrite_existing);
  CHECK_THAT(node_credentials(f.dir, "a", tls::test::now).error().message,
             Catch::Contains("calls itself \"a\""));
  std::ofstream(a.certificate) << std::string(2 << 20, 'x');
  CHECK_THAT(node_credentials(f.dir, "a", tls::test::now).error().message, Catch::Contains("too long"));
}

TEST_CASE("a client is the only one in the folder, or the one that is named") {
  const authority_folder f;
  CHECK_THAT(client_credentials(f.dir, {}, tls::test::now).error().message,
             Catch::Contains("millrace tls client NAME --dir"));
  issued(f.dir, role::node, "a");
  REQUIRE(client_credentials(f.dir, {}, tls::test::now));
  CHECK(client_credentials(f.dir, {}, tls::test::now)->is == role::node);
  issued(f.dir, role::client, "alice");
  REQUIRE(client_credentials(f.dir, {}, tls::test::now));
  CHECK(client_credentials(f.dir, {}, tls::test::now)->name == "alice");
  issued(f.dir, role::client, "bob");
  CHECK_THAT(client_credentials(f.dir, {}, tls::test::now).error().message,
             Catch::Contains("several clients (alice, bob); name one: --tls-client NAME"));
  CHECK(client_credentials(f.dir, "bob", tls::test::now)->name == "bob");
  CHECK_THAT(client_credentials(f.path("nowhere"), {}, tls::test::now).error().message,
             Catch::Contains("there is no authority"));
}

TEST_CASE("a folder that may not be written is told with its remedy", "[rights]") {
  if (::geteuid() == 0)
    return;  // root may write everywhere; tests/command_line/tls.py plays this as another user
  const own_folder f;
  REQUIRE(::chmod(f.path("").c_str(), 0500) == 0);
  CHECK_THAT(init_folder(f.path("tls"), always).error().message, Catch::Contains("give this user the right"));
  REQUIRE(::chmod(f.path("").c_str(), 0700) == 0);
}
