#include "actors/connectors/sql/client/trust.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <vector>

using namespace millrace::postgresql;

TEST_CASE("names of tables are the text of an array, whatever they hold") {
  const std::array<std::string_view, 3> names{"plain", "a,b", "q\"b\\c"};
  CHECK(array_text(names) == R"({"plain","a,b","q\"b\\c"})");
  CHECK(array_text({}) == "{}");
}

TEST_CASE("findings are read from rows of texts, and told with all their remedies") {
  const std::vector<std::string> first{"0", "table t belongs to role m", "drop it", "me", "1"};
  const std::vector<std::string> second{"3", "role m may insert on table t", "revoke insert on t from m",
                                        "me", "0"};
  const std::array found{read_finding(first).value(), read_finding(second).value()};
  CHECK(found[0].kind == trust_kind::owner);
  CHECK(found[0].is_superuser);
  CHECK(found[1].kind == trust_kind::writers);
  CHECK_FALSE(found[1].is_superuser);
  CHECK(
      describe(found) ==
      "table t belongs to role m; role m may insert on table t; remedy: drop it; revoke insert on t from m");
  CHECK_FALSE(read_finding(std::vector<std::string>{"5", "", "", "", ""}));
  CHECK_FALSE(read_finding(std::vector<std::string>{"", "", "", "", ""}));
  CHECK_FALSE(read_finding(std::vector<std::string>{"0", "", ""}));
}
