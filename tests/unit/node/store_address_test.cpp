#include "actors/node/stores/chain_store.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::node;

TEST_CASE("a store is named by its kind and where it is") {
  CHECK(parse_store_address("dir:/mnt/shared/").value() == store_address(dir_address{"/mnt/shared"}));
  CHECK(parse_store_address("dir:///").value() == store_address(dir_address{"/"}));
  CHECK(parse_store_address("dir:state").value() == store_address(dir_address{"state"}));
  CHECK(parse_store_address("postgresql://m@db/chains").value() ==
        store_address(postgresql_address{"postgresql://m@db/chains"}));
  CHECK(parse_store_address("kafka:a:9092,b:9092").value() ==
        store_address(kafka_address{"a:9092,b:9092", "millrace-chains"}));
  CHECK(parse_store_address("kafka:a:9092/my.chains").value() ==
        store_address(kafka_address{"a:9092", "my.chains"}));
}

TEST_CASE("a store that is named otherwise is refused with the forms that there are, without its password") {
  const auto* const text =
      GENERATE("", "/mnt/shared", "dir:", "postgresql:", "postgresql://", "postgresql:secret",
               "kafka:", "kafka:/topic", "kafka:a:9092/", "kafka:a:9092/no topic", "kafka:a,,b", "kafka:,a",
               "mysql://u:secret@h/d");
  const auto parsed = parse_store_address(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == ec::invalid_argument);
  CHECK(parsed.error().message.find("--store dir:PATH") != std::string::npos);
  CHECK(parsed.error().message.find("secret") == std::string::npos);
}

TEST_CASE("a store is made by its kind, before anything is touched") {
  CHECK(make_chain_store(dir_address{"/nowhere/at/all"}).value()->shown() == "dir:/nowhere/at/all");
  const auto database = make_chain_store(postgresql_address{"postgresql://m:secret@db:5432/chains"});
  REQUIRE(database);
  CHECK((*database)->shown() == "postgresql://m@db:5432/chains");
  CHECK(make_chain_store(postgresql_address{"postgresql://?no=such"}).error().code == ec::invalid_argument);
  CHECK(make_chain_store(kafka_address{"a:9092", "t"}).value()->shown() == "topic \"t\" at a:9092");
}
