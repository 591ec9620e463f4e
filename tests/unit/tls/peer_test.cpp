#include "runtime/tls/peer.hpp"
#include "tests/unit/tls/tls_fixture.hpp"

using namespace millrace;
using namespace millrace::tls;
using namespace millrace::tls::test;

namespace {

struct a_cluster {
  key_and_certificate authority = an_authority();
  certificate trusted = read(authority);

  peer_refusal refused(const certificate& shown, const expected_peer& whom,
                       event_micros at = tls::test::now) const {
    const auto judged = verify_peer(shown, trusted, whom, at);
    REQUIRE_FALSE(judged);
    CHECK_THAT(judged.error().why, !Catch::Contains("\n"));
    return judged.error();
  }
};

const subject node_a{role::node, "a", {"node1.example.com", "192.0.2.1"}};
const subject alice{role::client, "alice", {}};

}  // namespace

TEST_CASE("a node's certificate serves and asks, a client's asks") {
  const a_cluster c;
  const auto a = signed_by(c.authority, node_a);
  const auto served = verify_peer(a, c.trusted, {true, true, "a", "node1.example.com"}, tls::test::now);
  REQUIRE(served);
  CHECK(served->is == role::node);
  CHECK(served->name == "a");
  CHECK(served->until == always.until);
  CHECK(verify_peer(a, c.trusted, {true, false, {}, "192.0.2.1"}, tls::test::now));
  CHECK(verify_peer(a, c.trusted, {false, true, "a", {}}, tls::test::now));
  const auto asked = verify_peer(signed_by(c.authority, alice), c.trusted, {}, tls::test::now);
  REQUIRE(asked);
  CHECK(asked->is == role::client);
  CHECK(asked->name == "alice");
}

TEST_CASE("a client's certificate is not a node's") {
  const a_cluster c;
  const auto shown = signed_by(c.authority, alice);
  for (const auto& whom : {expected_peer{true, false, {}, {}}, expected_peer{false, true, {}, {}}}) {
    const auto no = c.refused(shown, whom);
    CHECK(no.what == peer_fault::wrong_usage);
    CHECK_THAT(no.why, Catch::Contains("is a client's, and a node's is needed"));
  }
}

TEST_CASE("the authority's own certificate is nobody's") {
  const a_cluster c;
  CHECK(c.refused(c.trusted, {}).what == peer_fault::wrong_usage);
}

TEST_CASE("the name in the certificate is the one that the node says") {
  const a_cluster c;
  const auto no = c.refused(signed_by(c.authority, node_a), {false, true, "b", {}});
  CHECK(no.what == peer_fault::wrong_name);
  CHECK_THAT(no.why, Catch::Contains("the certificate of \"a\"") && Catch::Contains("calls itself \"b\""));
}

TEST_CASE("the host that was connected to is one of the certificate's") {
  const a_cluster c;
  const auto shown = signed_by(c.authority, node_a);
  for (const auto* host :
       {"node2.example.com", "192.0.2.2", "example.com", "a", "x.node1.example.com", "::1"}) {
    const auto no = c.refused(shown, {true, false, {}, host});
    CHECK(no.what == peer_fault::wrong_host);
    CHECK_THAT(no.why, Catch::Contains("but for node1.example.com, 192.0.2.1") &&
                           Catch::Contains("tls node a --dir DIR --replace --host"));
  }
  CHECK(verify_peer(shown, c.trusted, {true, false, {}, "NODE1.example.com"}, tls::test::now));
}

TEST_CASE("a name in the place of a host counts as a host only where it is meant so") {
  const a_cluster c;
  const auto no =
      c.refused(signed_by(c.authority, {role::node, "localhost", {}}), {true, false, {}, "localhost"});
  CHECK(no.what == peer_fault::wrong_host);
}

TEST_CASE("a certificate is valid for its time, and the reason names it") {
  const a_cluster c;
  const auto shown = signed_by(c.authority, node_a);
  CHECK(verify_peer(shown, c.trusted, {}, always.until - 1'000'000));
  const auto late = c.refused(shown, {}, always.until + 1'000'000);
  CHECK(late.what == peer_fault::expired);
  CHECK_THAT(late.why, Catch::Contains("has expired at 2024-02-22T22:13:20Z") &&
                           Catch::Contains("millrace tls node a --dir DIR --replace"));
  const auto early = c.refused(shown, {}, always.from - 1'000'000);
  CHECK(early.what == peer_fault::not_yet_valid);
  CHECK_THAT(early.why, Catch::Contains("the clock here says 2023-11-04T22:13:19Z; set the clocks"));
}

TEST_CASE("an authority that has expired is what is told, and nothing outlives it") {
  const auto authority = an_authority({tls::test::now - 20 * day, tls::test::now + day});
  const auto shown = signed_by(authority, node_a);
  CHECK(shown.valid().until == tls::test::now + day);
  const auto no = verify_peer(shown, read(authority), {}, tls::test::now + 2 * day);
  REQUIRE_FALSE(no);
  CHECK(no.error().what == peer_fault::expired);
}

TEST_CASE("another authority's certificate is foreign, though all names be the same") {
  const a_cluster c;
  const a_cluster other;
  const auto no = c.refused(signed_by(other.authority, node_a), {});
  CHECK(no.what == peer_fault::foreign_authority);
  CHECK_THAT(no.why,
             Catch::Contains("is not signed by this cluster's authority, but by \"millrace authority "));
}

TEST_CASE("what is no authority signs nothing") {
  const a_cluster c;
  const auto node = make_certificate(c.authority, node_a, always);
  REQUIRE(node);
  CHECK(make_certificate(*node, alice, always).error().code == ec::mismatch);
  const auto other = an_authority();
  CHECK(make_certificate({other.key, c.authority.certificate}, alice, always).error().code == ec::mismatch);
  CHECK(make_certificate({"", ""}, alice, always).error().code == ec::mismatch);
}

TEST_CASE("names and hosts are judged before anything is made") {
  const auto authority = an_authority();
  CHECK(make_certificate(authority, {role::node, "a/b", {}}, always).error().code == ec::invalid_argument);
  CHECK_THAT(make_certificate(authority, {role::node, "a", {"b:80"}}, always).error().message,
             Catch::Contains("\"b:80\" is not a host"));
}

TEST_CASE("two certificates of one name have numbers and keys of their own") {
  const auto authority = an_authority();
  const auto one = make_certificate(authority, node_a, always);
  const auto other = make_certificate(authority, node_a, always);
  REQUIRE((one && other));
  CHECK(one->key != other->key);
  CHECK(one->certificate != other->certificate);
}

TEST_CASE("text that is no certificate is told by what it was to be") {
  const auto no =
      certificate::from_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x.crt");
  REQUIRE_FALSE(no);
  CHECK_THAT(no.error().message, Catch::Equals("x.crt: it holds no certificate in PEM form"));
}
