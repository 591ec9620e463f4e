#include "config/text/mask.hpp"
#include "config/text/references.hpp"

#include <catch2/catch.hpp>

using namespace millrace::config;

TEST_CASE("a reference has a good name and an end") {
  CHECK(is_reference("${secret:db}"));
  CHECK(is_reference("${secret:Db-1_x.pem}"));
  for (const auto* no : {"", "${secret:}", "${secret:db", "${secret:.db}", "${secret:a/b}", "${secret:a b}",
                         "${secret:a:b}", "${db}", "x${secret:db}", "${secret:db}x", "${secret:${secret:x}}"})
    CHECK_FALSE(is_reference(no));
  CHECK(is_secret_name(std::string(128, 'x')));
  CHECK_FALSE(is_secret_name(std::string(129, 'x')));
  CHECK(references_in("a ${secret:x} ${secret:} ${Y} ${secret:y}${secret:x}") ==
        std::vector<std::string>{"x", "y", "x"});
}

TEST_CASE("values stand where their references stood, and are not looked at again") {
  const auto value = [](std::string_view name) { return std::string("<${secret:y}") + std::string(name); };
  CHECK(with_references("a${secret:x}b${secret:z}", value) == "a<${secret:y}xb<${secret:y}z");
}

TEST_CASE("a value in a URI is percent-encoded, in SOCI's text escaped") {
  const auto value = [](std::string_view) { return std::string("p@:/?# '\\%"); };
  CHECK(with_references_in_uri("postgresql://u:${secret:x}@h/d", value) ==
        "postgresql://u:p%40%3A%2F%3F%23%20%27%5C%25@h/d");
  CHECK(with_references_in_uri("mysql://db=d password=${secret:x}", value) ==
        R"(mysql://db=d password=p@:/?#\ \'\\%)");
}

TEST_CASE("what stands around a reference in a secret text is starred") {
  CHECK(references_alone("Bearer ${secret:x}") == "***${secret:x}");
  CHECK(references_alone("${secret:x}${secret:y} z") == "${secret:x}${secret:y}***");
  CHECK(references_alone("z") == "***");
}

TEST_CASE("a reference is no password: it is shown, with what stands around it") {
  CHECK(mask_passwords("postgresql://u:${secret:db}@h/d") == "postgresql://u:${secret:db}@h/d");
  CHECK(mask_passwords("postgresql://${secret:u}:${secret:db}@h/d") ==
        "postgresql://${secret:u}:${secret:db}@h/d");
  CHECK(mask_passwords("postgresql://${secret:u}:open@h/d") == "postgresql://${secret:u}:***@h/d");
  CHECK(mask_passwords("postgresql://u:a${secret:db}@h/d") == "postgresql://u:***@h/d");
  CHECK(mask_passwords("mysql://db=d password='${secret:db}'") == "mysql://db=d password='${secret:db}'");
}
