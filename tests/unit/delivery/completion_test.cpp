#include "runtime/delivery/completion.hpp"

#include <catch2/catch.hpp>

using millrace::delivery::completion;

TEST_CASE("completion is said once, and again for each log that was found since") {
  completion c;
  CHECK(c.news() == 0);
  CHECK_FALSE(c.news());
  c.found("p/5");
  CHECK(c.news() == 1);
  c.found("p/5");
  CHECK_FALSE(c.news());
  c.found("p/6");
  c.found("p/7");
  CHECK(c.news() == 3);
  CHECK_FALSE(c.news());
}

TEST_CASE("completion that is said late names all logs that were found by then") {
  completion c;
  c.found("p/5");
  c.found("p/6");
  CHECK(c.news() == 2);
  CHECK_FALSE(c.news());
}
