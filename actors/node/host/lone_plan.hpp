// The plan of a topology that runs in one process alone (`millrace run`), and what that process has made it with: it counts
// whatever `control` has.
#pragma once

#include "actors/node/host/hosted_plan.hpp"
#include "actors/node/host/run_folder.hpp"

#include <memory>
#include <string>

namespace millrace::host {

struct lone_plan {
  std::shared_ptr<const planned_topology> planned;
  deployment::pipeline_options options;  // the actors' options
  std::shared_ptr<const run_folder> folder;
  std::string chains;                    // their name in the store
  std::shared_ptr<source::feeds> feeds;  // sources that receive have done so since the starts were decided
};

}  // namespace millrace::host
