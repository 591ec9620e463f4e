// The module that has Arrow: a sink says what is missing where it cannot be loaded.
#include "actors/connectors/parquet/sink/loaded_arrow.hpp"

#include <catch2/catch.hpp>

namespace millrace::sink {

TEST_CASE("Without the module the error says what is missing, where it was looked for, and the remedy") {
  const auto none = load_arrow("libmillrace_nowhere.so");
  REQUIRE_FALSE(none);
  CHECK(none.error().code == ec::unsupported);
  CHECK(none.error().whose == fault::user);
  const auto& said = none.error().message;
  CHECK_THAT(said, Catch::StartsWith("Parquet needs libmillrace_nowhere.so, which cannot be loaded: "));
  CHECK_THAT(said, Catch::Contains("No such file or directory (looked for in /"));
  CHECK_THAT(said, Catch::EndsWith(
                       "beside a copied binary put a copy of the folder lib of its build; a "
                       "build that has no such folder needs tools/arrow, then configure and build again"));
}

TEST_CASE("A module of another millrace is told from one that is not there") {
  const auto other = load_arrow("libz.so.1");
  REQUIRE_FALSE(other);
  CHECK_THAT(other.error().message,
             Catch::StartsWith(
                 "libz.so.1 is of another millrace than this process: it has no function millrace_parquet_"));
}

TEST_CASE("The module is loaded once") { CHECK(load_arrow().value() == load_arrow().value()); }

}  // namespace millrace::sink
