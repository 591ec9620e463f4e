// Certificates that the program `openssl` has made, and ours as it sees them: what a user's own authority
// gives, and what other programs take.
#include "runtime/base/time.hpp"
#include "runtime/tls/folder.hpp"
#include "tests/unit/tls/tls_fixture.hpp"

#include <fmt/format.h>

using namespace millrace;
using namespace millrace::tls;
using namespace millrace::tls::test;

namespace {

/// Runs it in the folder; the test is skipped, and says so, where there is no such program.
struct openssl_folder : own_folder {
  [[nodiscard]] bool run(const std::string& arguments) const {
    return std::system(fmt::format("cd {} && openssl {} >out 2>&1", path(""), arguments).c_str()) == 0;
  }
  [[nodiscard]] bool is_there() const {
    const bool there = run("version");
    if (!there)
      WARN("SKIPPED: the program openssl is not installed");
    return there;
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
  void make_their_authority(const std::string& key = "ec -pkeyopt ec_paramgen_curve:P-256") const {
    REQUIRE(run(fmt::format(
        "req -x509 -newkey {} -nodes -keyout ca.key -out ca.crt -subj /CN=theirs -days 30", key)));
  }
  /// Signed by their authority, valid from now on.
  certificate theirs(const std::string& subject, const std::string& extensions,
                     const std::string& key = "ec -pkeyopt ec_paramgen_curve:P-256") const {
    write("x.cnf", extensions);
    REQUIRE(run(fmt::format("req -newkey {} -nodes -keyout x.key -out x.csr -subj {}", key, subject)));
    REQUIRE(run(
        "x509 -req -in x.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 10 -extfile x.cnf -out x.crt"));
    auto out = certificate::from_pem(contents(path("x.crt")), "x.crt");
    REQUIRE(out);
    return *out;
  }
  certificate their_authority() const { return *certificate::from_pem(contents(path("ca.crt")), "ca.crt"); }
};

/// The program dates a certificate from the moment at which it makes it.
event_micros a_minute_from_now() { return system_clock().now() + 60'000'000; }

constexpr auto as_node = "keyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n";

}  // namespace

TEST_CASE("a certificate that a user's own authority has made is judged as ours") {
  const openssl_folder f;
  if (!f.is_there())
    return;
  f.make_their_authority();
  const auto ca = f.their_authority();
  const auto at = a_minute_from_now();
  const auto good = f.theirs("/CN=a", fmt::format("{}subjectAltName=DNS:node1,IP:192.0.2.1\n", as_node));
  CHECK(verify_peer(good, ca, {true, true, "a", "node1"}, at));
  CHECK(good.hosts() == std::vector<std::string>{"node1", "192.0.2.1"});
  CHECK(verify_peer(good, ca, {true, true, "a", {}}, at - 2 * day).error().what == peer_fault::not_yet_valid);
  CHECK(verify_peer(good, ca, {true, true, "a", {}}, at + 11 * day).error().what == peer_fault::expired);
  CHECK(verify_peer(good, read(an_authority()), {}, at).error().what == peer_fault::foreign_authority);
}

TEST_CASE("what openssl can make and a cluster cannot use is refused by its reason") {
  const openssl_folder f;
  if (!f.is_there())
    return;
  f.make_their_authority();
  const auto ca = f.their_authority();
  const auto at = a_minute_from_now();
  const auto judged = [&](const certificate& shown) {
    const auto out = verify_peer(shown, ca, {}, at);
    REQUIRE_FALSE(out);
    return out.error();
  };
  CHECK(judged(f.theirs("/CN=a", "keyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n")).what ==
        peer_fault::wrong_usage);
  CHECK(
      judged(f.theirs("/CN=a", "keyUsage=keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n")).what ==
      peer_fault::wrong_usage);
  CHECK(judged(f.theirs("/CN=a", "keyUsage=digitalSignature\n")).what == peer_fault::wrong_usage);
  CHECK(judged(f.theirs("/O=nameless", as_node)).what == peer_fault::wrong_name);
  CHECK(judged(f.theirs("/CN=a/CN=b", as_node)).what == peer_fault::wrong_name);
  const auto evil = judged(f.theirs("'/CN=$(touch x); rm'", as_node));
  CHECK(evil.what == peer_fault::wrong_name);
  CHECK(judged(f.theirs("/CN=a", as_node, "rsa:1024")).what == peer_fault::damaged);
  CHECK(judged(f.theirs("/CN=a", fmt::format("{}1.2.3.4=critical,ASN1:NULL\n", as_node))).what ==
        peer_fault::damaged);
  REQUIRE(f.run(
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout s.key -out s.crt -subj /CN=a"));
  CHECK(judged(*certificate::from_pem(contents(f.path("s.crt")), "s.crt")).what ==
        peer_fault::foreign_authority);
}

TEST_CASE("a command that is told never holds a name that a stranger has chosen") {
  const openssl_folder f;
  if (!f.is_there())
    return;
  f.make_their_authority();
  const auto shown = f.theirs("'/CN=a;reboot'", as_node);
  const auto no = verify_peer(shown, f.their_authority(), {}, system_clock().now() + 20 * day);
  REQUIRE_FALSE(no);
  CHECK_THAT(no.error().why, Catch::Contains("millrace tls node NAME --dir DIR --replace"));
}

TEST_CASE("openssl takes what we make, for its purposes and no others") {
  const openssl_folder f;
  if (!f.is_there())
    return;
  const auto at = system_clock().now();
  const validity when{at - day, at + 5 * day};
  REQUIRE(init_folder(f.path("tls"), when));
  REQUIRE(issue(f.path("tls"), {role::node, "a", {"node1", "::1"}}, when, if_there::keep));
  REQUIRE(issue(f.path("tls"), {role::client, "alice", {}}, when, if_there::keep));
  const std::string verify = "verify -x509_strict -CAfile tls/authority.crt -purpose ";
  CHECK(f.run(verify + "sslserver -verify_hostname node1 tls/node-a.crt"));
  CHECK(f.run(verify + "sslserver -verify_ip ::1 tls/node-a.crt"));
  CHECK(f.run(verify + "sslclient tls/node-a.crt"));
  CHECK(f.run(verify + "sslclient tls/client-alice.crt"));
  CHECK_FALSE(f.run(verify + "sslserver tls/client-alice.crt"));
  CHECK_FALSE(f.run(verify + "sslserver -verify_hostname node2 tls/node-a.crt"));
  CHECK(f.run("pkey -in tls/node-a.key -noout -check"));
}
