// Tests which of the records that were read count, without a server.
#include "actors/node/stores/postgresql/records.hpp"
#include "actors/node/stores/postgresql/row_values.hpp"
#include "actors/node/stores/postgresql/server_error.hpp"
#include "actors/node/stores/postgresql/statements.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::postgresql_chain;

namespace {

const owner whose{"clicks", "w/0"};

class records {
public:
  records& with(std::uint64_t number, std::uint64_t behind, record_kind kind, std::string payload = "") {
    record r{number, behind, {1, 0}, kind, 0, 0, std::move(payload)};
    seal(r, whose, r.payload);
    all.emplace(number, std::move(r));
    return *this;
  }
  [[nodiscard]] expected<restored> restored_from(std::uint64_t tail, std::uint64_t floor = 0) const {
    return restore(all, tail, floor, whose, "postgresql://h/d");
  }
  std::map<std::uint64_t, record> all;
};

records two_generations() {
  records r;
  return r.with(4, 3, record_kind::base, "abc")
      .with(5, 4, record_kind::increment, "d")
      .with(6, 5, record_kind::base, "abcd")
      .with(7, 6, record_kind::opening)
      .with(8, 7, record_kind::increment, "e");
}

}  // namespace

TEST_CASE("the newest base and what was appended after it count") {
  const auto found = two_generations().restored_from(8, 3);
  REQUIRE(found);
  CHECK(found->contents.base == "abcd");
  CHECK(found->contents.increments == std::vector<std::string>{"e"});
  CHECK(found->contents.sequence == 8);
  CHECK(found->base_number == 6);
  CHECK(found->weight.base_bytes == 4);
  CHECK(found->weight.increments == 2);
  CHECK(found->weight.increments_bytes == 1);
  CHECK_FALSE(found->weight.is_base_due);
}

TEST_CASE("a record that no link leads to is passed over") {
  records r;
  r.with(1, 0, record_kind::opening).with(2, 1, record_kind::increment, "a");
  r.with(3, 2, record_kind::increment, "landed late").with(4, 2, record_kind::opening);
  const auto found = r.with(5, 4, record_kind::increment, "b").restored_from(5);
  REQUIRE(found);
  CHECK(found->contents.base.empty());
  CHECK(found->contents.increments == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a damaged base is passed over for the generation before it, and a new one is due") {
  auto r = two_generations();
  r.all[6].payload[1] = 'x';
  CHECK(r.restored_from(8, 5)->needs_older);
  const auto found = r.restored_from(8, 3);
  REQUIRE(found);
  CHECK(found->contents.base == "abc");
  CHECK(found->contents.increments == std::vector<std::string>{"d", "e"});
  CHECK(found->contents.passed_over == 1);
  CHECK(found->base_number == 4);
  CHECK(found->weight.is_base_due);
}

TEST_CASE("any other damage, and a record that is missing, is told with its number and the remedy") {
  auto r = two_generations();
  const auto what = [&r](std::uint64_t tail = 8) {
    const auto found = r.restored_from(tail, 3);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == ec::corrupt);
    CHECK_FALSE(found.error().retry);
    CHECK_THAT(found.error().message, Catch::StartsWith("postgresql://h/d: ") && Catch::Contains("remedy"));
    return found.error().message;
  };
  SECTION("a payload") {
    r.all[8].payload = "f";
    CHECK_THAT(what(), Catch::Contains("record 8 is damaged"));
  }
  SECTION("a base's link") {
    r.all[6].behind = 4;
    CHECK_THAT(what(), Catch::Contains("record 6 is damaged"));
  }
  SECTION("a life") {
    r.all[7].by = {2, 0};
    CHECK_THAT(what(), Catch::Contains("record 7 is damaged"));
  }
  SECTION("a kind that there is not") {
    r.all[7].kind = static_cast<record_kind>(9);
    CHECK_THAT(what(), Catch::Contains("record 7 is damaged"));
  }
  SECTION("a link that leads nowhere") {
    r.with(9, 9, record_kind::opening);
    CHECK_THAT(what(9), Catch::Contains("record 9 is damaged"));
  }
  SECTION("a gap") {
    r.all.erase(7);
    CHECK_THAT(what(), Catch::Contains("record 7 is missing"));
  }
}

TEST_CASE("a record of another actor or topology is damaged") {
  const auto r = two_generations();
  CHECK_FALSE(restore(r.all, 8, 3, {"clicks", "w/1"}, ""));
  CHECK_FALSE(restore(r.all, 8, 3, {"click", "sw/0"}, ""));
}

TEST_CASE("numbers are read as the server writes them") {
  CHECK(number_in(std::string_view("\0\0\0\0\0\0\1\2", 8)) == 258);
  CHECK(number_in("\xff\xff\xff\xff\xff\xff\xff\xfe") == ~std::uint64_t{1});
  CHECK(number_in("") == 0);
  std::vector<std::string> no_record(7);
  CHECK_FALSE(record_in(no_record));
  CHECK_FALSE(one_row({}, 1));
}

TEST_CASE("a schema's name that would need quotes is refused") {
  CHECK(statements_for("millrace_chains2"));
  for (const auto* name :
       {"", "2a", "A", "a b", "a\"b", "a-b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    const auto refused = statements_for(name);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::invalid_argument);
    CHECK_THAT(refused.error().message, Catch::Contains("remedy"));
  }
}

TEST_CASE("what the server says comes with its place, its state and the remedy") {
  const auto e =
      server_error("postgresql://u@h:1/d", "57014", "canceling statement due to statement timeout");
  CHECK(e.code == ec::unavailable);
  CHECK(e.retry);
  CHECK(e.message ==
        "postgresql://u@h:1/d: canceling statement due to statement timeout (SQLSTATE 57014); remedy: "
        "end what holds locks or slows the server down, or raise the statement time-out");
  CHECK(server_error("", "57P01", "").code == ec::unavailable);
  CHECK(server_error("", "40001", "").retry);
  CHECK(server_error("", "28P01", "").code == ec::refused);
  CHECK_FALSE(server_error("", "28P01", "").retry);
  CHECK(server_error("", "3D000", "").code == ec::not_found);
  CHECK(server_error("", "", "").code == ec::unavailable);
  CHECK(server_error("", "XX001", "").code == ec::io);
}

TEST_CASE("the state is taken out of what libpq says of a connection") {
  const auto refused =
      read_told("connection to server at \"h\", port 1 failed: FATAL:  28P01: password "
                "authentication failed for user \"u\"\nLOCATION:  auth_failed, auth.c:340\n");
  CHECK(refused.state == "28P01");
  CHECK(refused.text == "password authentication failed for user \"u\"");
  const auto nobody = read_told("connection to server at \"h\", port 1 failed: Connection refused\n\tIs the "
                                "server running?\n");
  CHECK(nobody.state.empty());
  CHECK(nobody.text ==
        "connection to server at \"h\", port 1 failed: Connection refused Is the server running?");
  CHECK(read_told("FATAL:  no").text == "no");
}
