// Tells which overlays and values belong to which topology, where `run` is given several. Reads their names
// only.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::cli {

struct topology_arguments {
  std::string file;
  std::vector<std::string> overlays;
  std::vector<std::string> sets;
};

/// Topologies that run in one process need names of their own; those that are only looked at do not.
enum class names_of_topologies : std::uint8_t { differ, any };

/// `NAME:` in front of an overlay or a value gives it to the topology of that name alone. An error when two
/// topologies have one name; what else is wrong with the files shows when they are loaded.
[[nodiscard]] expected<std::vector<topology_arguments>>
arguments_by_topology(const std::vector<std::string>& files, const std::vector<std::string>& overlays,
                      const std::vector<std::string>& sets,
                      names_of_topologies names = names_of_topologies::differ);

}  // namespace millrace::cli
