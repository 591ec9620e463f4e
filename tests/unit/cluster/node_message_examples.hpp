// Each kind of message between the coordinator and the nodes, each member with a value of its own.
#pragma once

#include "runtime/cluster/node_messages.hpp"

namespace millrace::cluster::test {

inline std::vector<node_command> commands_of_each() {
  const epoch from{3, 0x0123456};
  return {{from, 0, commands::register_again{}},
          {from, 0, commands::welcome{0x0123456789abcdef, 5}},
          {from, 0, commands::leave{0x0123456789abcdef, "it was taken for dead"}},
          {from, 5, commands::start{{"clicks", "p/lane0"}, 7, 11}},
          {from, 5, commands::stop{{"clicks", "w/0"}, 300}},
          {from, 5, commands::detach{"b"}}};
}

inline std::vector<node_event> events_of_each() {
  return {
      registration{"a",
                   0x0123456789abcdef,
                   5,
                   64,
                   2,
                   {{{"clicks", "p/lane0"}, {11, 2}}, {{"clicks", "w/0"}, {300}}},
                   {{{"clicks", "p/lane0"}, 11}, {{"clicks", "w/0"}, 300}, {{"other", "file"}, 12}},
                   9},
      registration{"a",
                   77,
                   0,
                   64,
                   2,
                   {},
                   {},
                   0,
                   {{{"clicks", "p/lane0"},
                     0x0123456789abcdee,
                     11,
                     attempt{"p/0", {0, 16}, {0, 17}, 1, position{0, 16}, true, true}},
                    {{"clicks", "w/0"}, 78, 0}}},
      registration{"a", 77, 5, 64, 2, {}, {{{"clicks", "p/lane0"}, 11}}, 0, {}, true},
      life_began{5, {"clicks", "p/lane0"}, {11, 0}},
      life_ended{5, {"clicks", "file"}, {12, most_counts}, life_end::fenced, {13, 1}, "a later life has it"},
      epoch_refused{{4, 0x0654321}}};
}

}  // namespace millrace::cluster::test
