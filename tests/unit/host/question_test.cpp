// Tests the questions of a node to the leader, and the answers, as bytes.
#include "actors/node/host/question.hpp"
#include "runtime/wire/bytes.hpp"
#include "tests/support/must.hpp"

#include <catch2/catch.hpp>

namespace millrace::host::test {
namespace {

using millrace::test::must;

cluster::records::topology_applied a_plan(bool begins_anew = false) {
  return {"clicks", "the plan", 3, {{"p/lane0", cluster::actor_kind::lane, "p", true, "a"}}, begins_anew};
}

std::vector<question> each_question() {
  return {{1, api::request(api::requests::list{})},
          {300, api::request(api::requests::forget{"node b"})},
          {2, api::request(api::requests::wait{"clicks"})},
          {3, a_plan()},
          {4, a_plan(true)}};
}

template<class Decode>
void check_cuts(const std::string& bytes, Decode decode) {
  REQUIRE(decode(bytes));
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    INFO(n << " of " << bytes.size());
    const auto cut = decode(bytes.substr(0, n));
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == ec::corrupt);
  }
  CHECK_FALSE(decode(bytes + '\0'));
  auto later = bytes;
  later[0] = '\x3';
  CHECK_FALSE(decode(later));
}

}  // namespace

TEST_CASE("a question is read as it was asked: a request of the API, or a plan to record") {
  for (const auto& q : each_question()) {
    const auto read = must(decode_question(encode_question(q)));
    CHECK(read.number == q.number);
    CHECK(read.what == q.what);
  }
}

TEST_CASE("a question that is cut off, has more behind it, or another version is refused") {
  for (const auto& q : each_question())
    check_cuts(encode_question(q), decode_question);
}

TEST_CASE("a question of no known kind, for no route, or with a change of something else is malformed") {
  auto kind = encode_question(each_question().front());
  kind[1] = '\x3';
  CHECK(decode_question(kind).error().code == ec::corrupt);

  const auto with = [](std::uint8_t which, const auto& put) {
    wire::writer out;
    out.fixed(std::uint8_t{2});
    out.fixed(which);
    out.varint(7);
    put(out);
    return decode_question(out.take());
  };
  CHECK_FALSE(with(1, [](wire::writer& out) {
    for (const auto* const s : {"GET", "/v1/no-such-thing", ""})
      out.string(s);
  }));
  const auto change_of = [&](const cluster::change& c) {
    return with(2, [&](wire::writer& out) { out.string(cluster::encode_change(c)); });
  };
  CHECK(change_of({a_plan()}));
  CHECK_FALSE(change_of({}));
  CHECK(change_of({cluster::records::topology_removed{"clicks"}, a_plan()}));
  CHECK_FALSE(change_of({cluster::records::topology_removed{"other"}, a_plan()}));
  CHECK_FALSE(change_of({a_plan(), a_plan()}));
  CHECK_FALSE(change_of({cluster::records::finished{"clicks"}}));
}

TEST_CASE("an answer comes back under its question's number, a refusal with its code") {
  const auto good = must(decode_answer(encode_answer(300, api::answer(api::answers::applied{7}))));
  CHECK(good.number == 300);
  CHECK(good.status == 200);
  CHECK(must(api::read_answer(api::requests::apply{}, good.status, good.body)) ==
        api::answer(api::answers::applied{7}));
  const auto bad = must(decode_answer(encode_answer(4, user_error(ec::not_found, "no such topology"))));
  CHECK(bad.status == 404);
  const auto told = api::read_answer(api::requests::list{}, bad.status, bad.body);
  REQUIRE_FALSE(told);
  CHECK(told.error().code == ec::not_found);
  CHECK(told.error().message == "no such topology");
  check_cuts(encode_answer(300, api::answer(api::answers::applied{7})), decode_answer);
}

}  // namespace millrace::host::test
