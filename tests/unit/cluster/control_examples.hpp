// A change with each kind of record, in an order in which all of them count.
#pragma once

#include "runtime/cluster/control_state.hpp"

#include <catch2/catch.hpp>

namespace millrace::cluster::test {

inline change one_of_each() {
  return {records::founded{"00112233445566778899aabbccddeeff", 3},
          records::formats_raised{4},
          records::topology_applied{"clicks",
                                    "{\"resolved\": true}",
                                    1,
                                    {{"p/lane0", actor_kind::lane, "p"},
                                     {"w/0", actor_kind::shard, "w"},
                                     {"file", actor_kind::sink, "file", true, ""}}},
          records::session_given{"a", 0x0123456789abcdef, 1},
          records::session_given{"b", 77, 2},
          records::placed{{"clicks", "p/lane0"}, "a", 1, 1},
          records::placed{{"clicks", "w/0"}, "b", 2, 2},
          records::placed{{"clicks", "file"}, "b", 2, 3},
          records::term_granted{{"clicks", "p/lane0"}, 4},
          records::session_ended{"b", 2, true, 1'600'000'000'000'000},
          records::crash_told{{"clicks", "w/0"},
                              {"b", 0xfedcba9876543210, 11,
                               attempt{"p/0", {0, 16}, {0, 17}, 1, position{0, 16}, false, true},
                               1'600'000'000'000'001}},
          records::crash_told{
              {"clicks", "w/0"},
              {"b", 78, 0, attempt{"p/0", {0, 20}, {0, 30}, 10, std::nullopt, true}, 1'600'000'000'000'002}},
          records::verdict_given{"clicks", "p/0", {0, 17}, "it cannot be read"},
          records::verdict_given{"clicks", "p/0", {0, 18}, "nor this one"},
          records::verdicts_settled{"clicks", "p/0", {0, 18}},
          records::partition_started{"clicks", "p", "7", "p/7", {{0, 3}, no_watermark}, "p/lane0"},
          records::drain_set{"a", true},
          records::node_forgotten{"b"},
          records::stop_asked{"clicks"},
          records::topology_applied{"other", "", 1, {{"x", actor_kind::lane}}},
          records::topology_failed{"other", "x", "it cannot go on"},
          records::topology_applied{"third", "", 1, {}},
          records::finished{"third"},
          records::topology_applied{"fourth", "", 1, {}},
          records::pause_set{"fourth", true},
          records::topology_removed{"third"},
          records::topology_removed{"other"},
          records::chains_cleared{"third"},
          records::topology_applied{"third", "anew", 6, {}}};
}

inline control_state state_of(const change& c) {
  control_state s;
  for (const auto& r : c)
    REQUIRE(s.apply(r));
  return s;
}

}  // namespace millrace::cluster::test
