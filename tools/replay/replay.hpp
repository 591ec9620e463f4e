// Does the work of `millrace replay`: takes the records of dead letters into the state folder, as partitions
// of the source that they came from, each once. Blocks.
#pragma once

#include "config/plan.hpp"
#include "runtime/base/error.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace millrace::replay {

struct request {
  std::shared_ptr<const config::topology> topology;
  std::string letters;  // file
  std::string into;     // source or parser
  std::string state;    // folder
  bool older = false;   // also letters that are older than the state
  bool dry_run = false;
  std::chrono::milliseconds start_timeout{30'000};
  std::size_t batch_bytes = 16U << 20U;  // of records in memory, and in a batch
};

struct outcome {
  std::uint64_t letters = 0;
  std::uint64_t replayed = 0;
  std::uint64_t before = 0;                        // had been replayed already
  std::map<std::string, std::uint64_t> refused;    // by reason
  std::map<std::string, std::uint64_t> elsewhere;  // of stages that are not behind `into`
  bool cut_off = false;                            // the file's last line
};

/// Everything that is wrong with the file is found before anything is written. A process that is killed has
/// replayed some letters or none; asked again, it does the rest. Others may run on the state meanwhile, but
/// no other replay. fault::user: nothing was contacted or changed.
[[nodiscard]] expected<outcome> replay(const request& r);

}  // namespace millrace::replay
