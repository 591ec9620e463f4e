// The differences between a topology's file and the one before.
#include "actors/node/host/plan_changes.hpp"

#include <catch2/catch.hpp>

using millrace::host::changes_between;

TEST_CASE("a change of a file is told by the names of options and stages, without a value") {
  const auto before = R"({"snapshot_every": "1 s", "stages": {
      "counts": {"size": "1 min", "key": ["k"]}, "rows": {"connection": "postgresql://u:secret@h/d"}}})";
  CHECK(changes_between(before, before) == "its file is the same");
  CHECK(changes_between(before, R"({"snapshot_every": "2 s", "stages": {
      "counts": {"size": "2 min", "key": ["k", "l"]}, "rows": {"connection": "postgresql://u:other@h/d"}}})") ==
        "it changes snapshot_every, stages.counts.size, stages.counts.key, stages.rows.connection");
  CHECK(changes_between(before, R"({"title": "T", "stages": {
      "counts": {"size": "1 min", "key": ["k"], "shards": 3}, "file": {"path": "x"}}})") ==
        "it adds title, stages.counts.shards, stages.file and drops snapshot_every, stages.rows");
}

TEST_CASE("a file that has none before it is new") {
  CHECK(changes_between("", "{}") == "its file is new here");
  CHECK(changes_between("no JSON", "{}") == "its file is new here");
}
