// An overlay may change a stage's type, such as a sink from "sql" to "console". The options of the old type
// that the new one does not have go with it, and a note names them.
#pragma once

#include "config/catalog.hpp"
#include "config/text/node.hpp"
#include "config/text/report.hpp"

#include <map>
#include <string>

namespace millrace::config {

/// Kind and type of each stage, and of `dead_letters`, by its path.
struct stage_type {
  std::string kind;
  std::string type;
  std::string file;  // the file in which the type was written
};
using stage_types = std::map<std::string, stage_type>;
[[nodiscard]] stage_types types_of(const node& topology);

/// `before`: the types before `overlay` was merged into the topology; null for all of --set together. Options
/// that the overlay gives itself are never dropped.
void drop_old_options(node& topology, const stage_types& before, const node* overlay,
                      const catalog& connectors, report& out);

}  // namespace millrace::config
