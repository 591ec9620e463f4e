// The differences between a topology's file and the one before.
#include "actors/node/host/plan_changes.hpp"

#include <catch2/catch.hpp>

using millrace::host::changes_between;

TEST_CASE("a change of a file is told by the names of options and stages, and by numbers of windows and "
          "conditions") {
  const auto before = R"({"snapshot_every": "1 s", "stages": {
      "counts": {"size": "1 min", "key": ["k"]}, "rows": {"connection": "postgresql://u:secret@h/d"}}})";
  CHECK(changes_between(before, before) == "its file is the same");
  CHECK(changes_between(before, R"({"snapshot_every": "2 s", "stages": {
      "counts": {"size": "2 min", "key": ["k", "l"]}, "rows": {"connection": "postgresql://u:other@h/d"}}})") ==
        "it changes snapshot_every, stages.counts.size (1 becomes 2), stages.counts.key, "
        "stages.rows.connection");
  CHECK(changes_between(before, R"({"title": "T", "stages": {
      "counts": {"size": "1 min", "key": ["k"], "shards": 3}, "file": {"path": "x"}}})") ==
        "it adds title, stages.counts.shards, stages.file and drops snapshot_every, stages.rows");
}

TEST_CASE("a change of one number in a condition is told, and no other part of it") {
  const auto with = [](const std::string& having) {
    return R"({"stages": {"counts": {"having": ")" + having + R"("}}})";
  };
  const auto change = [&](const std::string& was, const std::string& is) {
    return changes_between(with(was), with(is));
  };
  CHECK(change("count(*) >= '5'::bigint", "count(*) >= '18'::bigint") ==
        "it changes stages.counts.having (5 becomes 18)");
  CHECK(change("n > 15", "n > 25") == "it changes stages.counts.having (15 becomes 25)");
  CHECK(change("n > 1.5", "n > 1.75") == "it changes stages.counts.having (1.5 becomes 1.75)");
  CHECK(change("s = 'hunter1'", "s = 'hunter2'") == "it changes stages.counts.having");
  CHECK(change("n > 5", "m > 6") == "it changes stages.counts.having");
  CHECK(change("n > 5", "n > 5 and m") == "it changes stages.counts.having");
}

TEST_CASE("a file that has none before it is new") {
  CHECK(changes_between("", "{}") == "its file is new here");
  CHECK(changes_between("no JSON", "{}") == "its file is new here");
}
