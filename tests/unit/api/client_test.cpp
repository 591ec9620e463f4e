#include "tests/unit/api/api_fixture.hpp"

using namespace millrace;
using namespace millrace::api;
using namespace millrace::api::test;

namespace {

std::string why(const expected<answer>& a) {
  REQUIRE_FALSE(a);
  return a.error().message;
}

expected<answer> list(const std::string& url, std::optional<tls::credentials> own = {}) {
  const auto c = client::make({url, std::move(own), {}});
  REQUIRE(c);
  return c->ask(requests::list{});
}

std::string with_scheme(const running_api& s, const std::string& scheme) {
  return scheme + "://127.0.0.1:" + std::to_string(s.api->endpoint().port());
}

}  // namespace

TEST_CASE("the address of a node is a URL with a port") {
  CHECK(parse_api_url("http://127.0.0.1:80")->port == 80);
  CHECK(parse_api_url("https://[::1]:1/")->host == "::1");
  CHECK(parse_api_url("https://node1.example.com:1")->is_secure);
  for (const auto* wrong : {"", "127.0.0.1:80", "http://", "http://a", "http://a:0", "http://a:99999",
                            "ftp://a:1", "http://a:1/x", "http://u@a:1"}) {
    const auto no = parse_api_url(wrong);
    REQUIRE_FALSE(no);
    CHECK_THAT(no.error().message, Catch::Contains("expected http://HOST:PORT or https://HOST:PORT"));
  }
}

TEST_CASE("over a network a node is asked by TLS, with a certificate") {
  CHECK_THAT(client::make({"https://127.0.0.1:1", {}, {}}).error().message, Catch::Contains("--tls DIR"));
  CHECK_THAT(client::make({"http://node1.example.com:1", {}, {}}).error().message,
             Catch::Contains("is not on this machine"));
}

TEST_CASE("nobody listens: the address and the remedy are told") {
  std::string url;
  {
    const running_api gone;
    url = gone.api->url();
  }
  const auto no = list(url);
  CHECK_THAT(why(no),
             Catch::StartsWith(url) &&
                 Catch::Contains("nobody listens there: Connection refused; give the address of a node"));
  CHECK(no.error().retry);
}

TEST_CASE("clients and nodes ask by their certificates") {
  const tls_folder f;
  const running_api s({}, f.node());
  CHECK_THAT(s.api->url(), Catch::StartsWith("https://127.0.0.1:"));
  CHECK(list(s.api->url(), f.client()));
  CHECK(list(s.api->url(), f.node()));
  const auto c = client::make({s.api->url(), f.client(), "secret"});
  REQUIRE(c);
  CHECK(c->ask(requests::apply{"t", plan}));
}

TEST_CASE("a node of another cluster is told by its authority, by both sides") {
  const tls_folder mine;
  const tls_folder other;
  const running_api s({}, other.node());
  const auto no = list(s.api->url(), mine.client());
  CHECK_THAT(why(no), Catch::Contains("is not signed by this cluster's authority"));
  CHECK(no.error().code == ec::refused);
  // The client takes the node's authority, but has a certificate of another one.
  auto mixed = mine.client();
  mixed.authority = other.client().authority;
  CHECK_THAT(why(list(s.api->url(), mixed)), Catch::Contains("it is of another cluster's authority"));
}

TEST_CASE("a certificate for another host, or of a client, is not a node's") {
  const tls_folder f;
  REQUIRE(tls::issue(f.path, {tls::role::node, "b", {"node2.example.com"}}, f.when, tls::if_there::keep));
  const running_api elsewhere({}, f.node("b"));
  CHECK_THAT(why(list(elsewhere.api->url(), f.client())),
             Catch::Contains("is not for the host 127.0.0.1, but for node2.example.com"));
  const running_api no_node({}, f.client());
  CHECK_THAT(why(list(no_node.api->url(), f.client())),
             Catch::Contains("is a client's, and a node's is needed"));
}

TEST_CASE("plain HTTP to a node that speaks TLS, and the other way round, are told") {
  const tls_folder f;
  const running_api secure({}, f.node());
  CHECK_THAT(why(list(with_scheme(secure, "http"))),
             Catch::Contains("this address speaks TLS; ask it by https:// and with --tls DIR"));
  const running_api plain;
  CHECK_THAT(why(list(with_scheme(plain, "https"), f.client())),
             Catch::Contains("does not speak TLS; ask it by http://"));
}

TEST_CASE("a server that says nothing is given up") {
  using boost::asio::ip::tcp;
  boost::asio::io_context io;
  tcp::acceptor silent(io, {boost::asio::ip::make_address("127.0.0.1"), 0});
  const auto c = client::make({"http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()),
                               {},
                               {},
                               std::chrono::seconds(5),
                               std::chrono::milliseconds(100)});
  REQUIRE(c);
  const auto no = c->ask(requests::list{});
  CHECK_THAT(why(no), Catch::Contains("it has not answered"));
  CHECK(no.error().retry);
}
