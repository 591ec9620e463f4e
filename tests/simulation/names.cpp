// Names themes, faults, moments and groups for what a run prints.
#include "tests/simulation/scenario.hpp"

#include <array>

namespace millrace::simulation {

std::string_view to_string(theme t) {
  static constexpr std::array names{"any", "series", "zombies", "found", "idle", "ending"};
  return names[static_cast<std::size_t>(t)];
}

std::string_view to_string(fault::kind k) {
  static constexpr std::array names{"child fails",
                                    "source throws",
                                    "writer throws",
                                    "source away",
                                    "sink away",
                                    "commit unknown",
                                    "zombie",
                                    "slow",
                                    "stands still",
                                    "disk full",
                                    "clock jump",
                                    "snapshot writer dies",
                                    "stop",
                                    "kill",
                                    "power loss",
                                    "kill in file",
                                    "pause",
                                    "restart",
                                    "node stands still",
                                    "way breaks",
                                    "cut off",
                                    "late bytes",
                                    "store slow",
                                    "drain",
                                    "remove"};
  return names[static_cast<std::size_t>(k)];
}

std::string_view to_string(fault::moment m) {
  static constexpr std::array names{"none", "a new life", "a partition was made", "all was committed"};
  return names[static_cast<std::size_t>(m)];
}

std::string_view to_string(fault::group g) {
  static constexpr std::array names{"any",     "lanes", "shards", "front shards", "downstream shards",
                                    "no lanes"};
  return names[static_cast<std::size_t>(g)];
}

}  // namespace millrace::simulation
