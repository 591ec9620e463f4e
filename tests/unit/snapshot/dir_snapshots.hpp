// An actor's snapshots in a folder of their own, by the functions of the chain.
#pragma once

#include "runtime/snapshot/dir_chain.hpp"
#include "runtime/snapshot/merged_snapshots.hpp"

#include <memory>
#include <string>
#include <utility>

namespace millrace::snapshot::test {

/// The folder must exist (dir_chain::open).
[[nodiscard]] inline expected<std::unique_ptr<snapshots>>
open_dir_snapshots(file_system& files, std::string folder, std::string actor, incarnation life,
                   base_rule rule = {}) {
  ASSIGN_OR_RETURN(auto records, dir_chain::open(files, std::move(folder), std::move(actor), life,
                                                 std::make_shared<life_fence>()));
  return std::make_unique<merged_snapshots>(std::move(records), rule);
}

}  // namespace millrace::snapshot::test
