#include "runtime/base/shard_name.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace millrace;

TEST_CASE("a shard's name has its window, its generation and its number, and comes back from its text") {
  CHECK(to_string(shard_name{"counts", 3, 11}) == "counts/3/11");
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  for (const auto& n :
       {shard_name{"counts", 0, 0}, shard_name{"counts", 3, 11}, shard_name{"a-b_c", most, 1023}})
    CHECK(parse_shard_name(to_string(n)) == n);
}

TEST_CASE("what is no shard's name is not taken for one") {
  for (const auto* text : {"",
                           "/",
                           "//",
                           "counts",
                           "counts/1",
                           "/0/1",
                           "counts//1",
                           "counts/1/",
                           "counts/0/1/",
                           "x/counts/0/1",
                           "counts/0/-1",
                           "counts/+1/0",
                           "counts/00/1",
                           "counts/0/01",
                           "counts/0/1x",
                           "counts/0/ 1",
                           "counts/0/4294967296",
                           "counts/18446744073709551616/0",
                           "parsed/lane0",
                           "rows",
                           "dead_letters",
                           "refused/table",
                           "parsed/source:0"})
    CHECK_FALSE(parse_shard_name(text));
}

TEST_CASE("an actor is meant by its lasting name, and by its stage") {
  CHECK(stage_of_actor("counts/3/11") == "counts");
  CHECK(stage_of_actor("table") == "table");
  CHECK(is_meant_by("counts", "counts/3/11"));
  CHECK(is_meant_by("counts/11", "counts/3/11"));
  CHECK(is_meant_by("counts/3/11", "counts/3/11"));
  CHECK(is_meant_by(meant_actor("t", "t/counts/11"), "counts/3/11"));
  CHECK(meant_actor("t", "tt/counts") == "tt/counts");
  CHECK(meant_actor("counts", "counts/11") == "counts/11");
  CHECK(meant_actor("counts", "counts/3/11") == "counts/3/11");
  CHECK_FALSE(is_meant_by("count", "counts/3/11"));
  CHECK_FALSE(is_meant_by("counts/3", "counts/3/11"));
}

TEST_CASE("a log line names an actor with its topology, and without its generation") {
  CHECK(name_in_logs("clicks", "counts/12/3") == "clicks/counts/3");
  CHECK(name_in_logs("clicks", "parsed/lane0") == "clicks/parsed/lane0");
  CHECK(name_in_logs("clicks", "rows") == "clicks/rows");
  CHECK(name_in_logs("", "counts/12/3") == "counts/3");
}

TEST_CASE("what lasts over generations has a name without one") {
  CHECK(lasting_name(shard_name{"counts", 3, 11}) == "counts/11");
  CHECK(lasting_name(std::string("counts/3/11")) == "counts/11");
  for (const std::string actor : {"rows", "dead_letters", "parsed/lane0", "counts/11", ""})
    CHECK(lasting_name(actor) == actor);
  CHECK(parse_lasting_name("counts/11", 3) == shard_name{"counts", 3, 11});
  for (const auto* text : {"", "counts", "counts/", "/1", "counts/3/11", "parsed/lane0", "counts/01"})
    CHECK_FALSE(parse_lasting_name(text, 3));
}
