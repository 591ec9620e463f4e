// A chain on a real server: what is appended is there again; what is damaged is told; what is trimmed.
#include "tests/unit/postgresql_store/place.hpp"

using namespace postgresql_chain_test;

namespace {

using texts = std::vector<std::string>;

std::uint64_t records_in(const place& at) { return at.execute("select 1 from S.records").rows.size(); }

}  // namespace

TEST_CASE("what a life has appended is there in the next one, byte for byte") {
  if (is_skipped())
    return;
  const place at;
  test::check_records_are_kept(at, 1);
}

TEST_CASE("a base stands for all before it, and what lies before the previous one goes") {
  if (is_skipped())
    return;
  const place at;
  const auto c = at.open(1);
  must(c->append("a", false));
  CHECK(must(c->append_base("A")));
  must(c->append("b", false));
  CHECK(records_in(at) == 4);  // no record is trimmed while there is one base
  CHECK(c->size().increments == 1);
  CHECK(must(c->append_base("AB")));
  CHECK(records_in(at) == 3);
  CHECK(c->bytes() == 4);
  CHECK(c->size().base_bytes == 2);
  CHECK(c->size().increments == 0);
  must(c->append("c", false));
  const auto next = at.open(2);
  const auto found = must(next->read());
  CHECK(found.base == "AB");
  CHECK(found.increments == texts{"c"});
  CHECK(next->bytes() == 5);
}

TEST_CASE("a damaged payload is told; a damaged base has the generation before it") {
  if (is_skipped())
    return;
  const place at;
  const auto c = at.open(1);
  const auto newest = test::append_two_generations(*c);
  SECTION("the newest base") {
    at.execute("update S.records set payload = 'AX' where number = " + std::to_string(newest - 1));
    test::check_older_generation(at);
  }
  SECTION("a record behind it") {
    at.execute("update S.records set payload = 'x' where number = " + std::to_string(newest));
    const auto refused = at.try_open(2);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::corrupt);
    CHECK_THAT(refused.error().message,
               Catch::Contains("w/0 of clicks") && Catch::Contains("is damaged; remedy:"));
  }
  SECTION("both bases") {
    at.execute("update S.records set payload = 'x' where kind = 3");
    const auto refused = at.try_open(2);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::corrupt);
    CHECK_THAT(refused.error().message, Catch::Contains("neither of its two bases"));
  }
}

TEST_CASE("a base that does not read back as it was written covers nothing") {
  if (is_skipped())
    return;
  const place at;
  const auto c = at.open(1);
  must(c->append("a", false));
  at.execute("create function S.spoil() returns trigger language plpgsql as "
             "$$ begin if new.kind = 3 then new.payload = 'x'; end if; return new; end $$");
  at.execute("create trigger spoil before insert on S.records for each row execute function S.spoil()");
  const auto refused = c->append_base("A");
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains("does not read back"));
  CHECK_FALSE(must(c->append_base("A")));
  must(c->append("b", false));
  CHECK(must(at.open(2)->read()).increments == texts{"a", "b"});
}

TEST_CASE("actors and topologies of one schema have nothing in common") {
  if (is_skipped())
    return;
  const place at;
  const auto other = must(postgresql_chain::database_chain::open(at.side, at.schema, {"clicks", "w/1"}, 5));
  const auto c = at.open(1);
  must(c->append("a", false));
  must(other->append("b", false));
  CHECK(must(c->read()).increments == texts{"a"});
  CHECK(must(other->read()).increments == texts{"b"});
}

TEST_CASE("a payload that the server could not hold is refused before it is sent") {
  if (is_skipped())
    return;
  const place at;
  const auto c = at.open(1);
  test::check_larger_is_refused(*c, largest_payload, 2);
}

TEST_CASE(
    "records of another format, terms that the column cannot hold, and schemas with quotes are refused") {
  if (is_skipped())
    return;
  const place at;
  (void)at.open(1);
  CHECK(at.try_open(std::uint64_t{1} << 39).error().code == ec::internal);
  CHECK(must(at.try_open((std::uint64_t{1} << 39) - 1))->life().count == 0);
  at.execute("update S.actors set format = 2");
  const auto refused = at.try_open(2);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::mismatch);
  CHECK_FALSE(postgresql_chain::database_chain::open(at.side, "a\"b", {"t", "a"}, 1));
}
