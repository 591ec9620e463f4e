#include "tools/remote/tables.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::api;

TEST_CASE("columns are as wide as their widest cell, in characters") {
  CHECK(remote::table({"A", "LONG"}, {{"ää", "x"}, {"abc", ""}}) == "A    LONG\nää   x\nabc\n");
}

TEST_CASE("topologies and nodes are tables, and text of others is made visible") {
  CHECK(remote::table_of(answers::topologies{}) == "no topologies\n");
  CHECK(remote::table_of(answers::topologies{{{"t", topology_state::failed, "a\nb"}}}) ==
        "TOPOLOGY  STATE   REASON\nt         failed  a\\nb\n");
  CHECK(remote::table_of(answers::nodes{{{"a", 2, true, node_state::up, {"t/x", "t/y", "u/x"}},
                                         {"b", 3, false, node_state::silent, {}}}}) ==
        "NODE  STATE   ROLE         SESSION  ACTORS  TOPOLOGIES\n"
        "a     up      coordinator  2        3       t, u\n"
        "b     silent               3        0\n");
}
