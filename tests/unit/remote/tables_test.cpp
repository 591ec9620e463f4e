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
        "TOPOLOGY  STATE   SINCE  REASON\nt         failed         a\\nb\n");
  answers::topology stopped{"t", topology_state::stopped, ""};
  stopped.ended_at = {1'800'000'000'500'000};
  answers::topology degraded{"u", topology_state::running, "x is slow"};
  degraded.troubles = {{"u", trouble_code::target_slow, "x", {}, "x is slow", {}, {}},
                       {"u", trouble_code::late, "y", {}, "late", {}, {1'800'000'009'000'000}},
                       {"u", trouble_code::gaps, "y", {}, "gaps", {}, {1'800'000'001'000'000}}};
  CHECK(remote::table_of(answers::topologies{{stopped, degraded, {"v", topology_state::running, ""}}}) ==
        "TOPOLOGY  STATE     SINCE                 REASON\n"
        "u         degraded  2027-01-15T08:00:01Z  x is slow\n"
        "v         running\n"
        "t         stopped   2027-01-15T08:00:00Z\n");
  CHECK(remote::table_of(answers::nodes{{{"a", 2, true, node_state::up, {"t/x", "t/y", "u/x"}},
                                         {"b", 3, false, node_state::silent, {}}}}) ==
        "NODE  STATE   ROLE         SESSION  ACTORS  TOPOLOGIES\n"
        "a     up      coordinator  2        3       t, u\n"
        "b     silent               3        0\n");
}
