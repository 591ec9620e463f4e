#include "actors/api/complaints.hpp"
#include "actors/api/guard.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::api;

namespace {

const guard_rules rules{"secret", {"node1.example.com"}, false};

/// The status of the refusal; 0 where there is none.
int judged(const guard_rules& by, const request& what, const std::string& host,
           std::vector<http::header> headers, const std::string& local = "192.0.2.1") {
  http::incoming_request r;
  r.host = host;
  r.headers = std::move(headers);
  const auto no = refusal_of(by, route_of(what), r, boost::asio::ip::make_address(local));
  return no ? no->status : 0;
}

const request looks = requests::list{};
const request acts = requests::stop{"t"};
const http::header action{action_header, "yes"};
const http::header token{"authorization", "Bearer secret"};

}  // namespace

TEST_CASE("the API answers for its own names, and for no other that leads here") {
  for (const auto* own :
       {"localhost:1", "127.0.0.1:1", "[::1]:1", "192.0.2.1:1", "node1.example.com:1", "NODE1.example.com"})
    CHECK(judged(rules, looks, own, {}) == 0);
  for (const auto* foreign :
       {"evil.example:1", "192.0.2.2", "", "node2.example.com", "localhost.evil.example"})
    CHECK(judged(rules, looks, foreign, {}) == 421);
}

TEST_CASE("a server of metrics alone answers nothing else") {
  const guard_rules few{"secret", {}, false, true};
  CHECK(judged(few, requests::metrics{}, "localhost", {}) == 0);
  CHECK(judged(few, requests::readyz{}, "localhost", {}) == 0);
  CHECK(judged(few, looks, "localhost", {}) == 403);
  CHECK(judged(few, acts, "localhost", {action, token}) == 403);
}

TEST_CASE("a page of another site asks nothing, and acts on nothing") {
  CHECK(judged(rules, looks, "localhost:1", {{"Origin", "http://localhost:1"}}) == 0);
  for (const auto* origin : {"http://evil.example", "null", "http://localhost:2", "http://localhost", ""})
    CHECK(judged(rules, looks, "localhost:1", {{"Origin", origin}}) == 403);
  CHECK(judged(rules, looks, "localhost:1",
               {{"Origin", "http://localhost:1"}, {"Origin", "http://evil.example"}}) == 403);
  CHECK(judged(rules, acts, "localhost:1", {{"Origin", "http://evil.example"}, action, token}) == 403);
}

TEST_CASE("an action needs the token and its header") {
  CHECK(judged(rules, acts, "localhost", {action, token}) == 0);
  CHECK(judged(rules, acts, "localhost", {token}) == 403);
  CHECK(judged(rules, acts, "localhost", {action}) == 401);
  for (const auto* wrong :
       {"Bearer ", "Bearer secre", "Bearer secrets", "Bearer Secret", "Basic secret", "secret", ""})
    CHECK(judged(rules, acts, "localhost", {action, {"Authorization", wrong}}) == 401);
  CHECK(judged(rules, acts, "localhost", {action, token, token}) == 401);
}

TEST_CASE("rows are for whoever has the token, and are no action") {
  const request rows = requests::dead_letters{"t"};
  CHECK(judged(rules, rows, "localhost", {token}) == 0);
  CHECK(judged(rules, rows, "localhost", {}) == 401);
  CHECK(judged(rules, rows, "localhost", {{"Authorization", "Bearer secre"}}) == 401);
  auto read_only = rules;
  read_only.is_read_only = true;
  CHECK(judged(read_only, rows, "localhost", {token}) == 0);
  auto none = rules;
  none.token.clear();
  CHECK(judged(none, rows, "localhost", {{"Authorization", "Bearer "}}) == 401);
}

TEST_CASE("without a token of its own, or read-only, a node takes no action") {
  auto none = rules;
  none.token.clear();
  CHECK(judged(none, acts, "localhost", {action, {"Authorization", "Bearer "}}) == 401);
  auto closed = rules;
  closed.is_read_only = true;
  CHECK(judged(closed, acts, "localhost", {action, token}) == 403);
  CHECK(judged(closed, looks, "localhost", {}) == 0);
}

TEST_CASE("secrets are equal or not") {
  CHECK(is_same_secret("", ""));
  CHECK(is_same_secret("abc", "abc"));
  for (const auto* other : {"", "ab", "abcd", "abd", "Abc", "abcabc"})
    CHECK_FALSE(is_same_secret(other, "abc"));
  CHECK_FALSE(is_same_secret("abc", ""));
}

TEST_CASE("of each kind of fault the first is told, and of a flood how many there were") {
  using namespace std::chrono_literals;
  complaints c;
  CHECK(c.on_fault(client_fault::no_http, "one", 0s) == "one");
  CHECK_FALSE(c.on_fault(client_fault::no_http, "two", 1s));
  CHECK_FALSE(c.on_fault(client_fault::no_http, "three", 9s));
  CHECK(c.on_fault(client_fault::too_slow, "slow", 9s) == "slow");
  CHECK(c.on_fault(client_fault::no_http, "four", 10s) == "four (2 more such since the last line)");
  CHECK(c.on_fault(client_fault::no_http, "five", 20s) == "five");
}
