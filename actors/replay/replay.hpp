// Replays dead letters: takes their records back into a topology, as partitions of the source that they came
// from, each once. Batches go into chains of the topology; who calls it, in actors/node/host, decides where these and the
// letters lie. Blocks.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/replay/letter.hpp"
#include "actors/stream/lane/lane_plan.hpp"
#include "actors/stream/replay/stored_batches.hpp"
#include "config/plan.hpp"
#include "runtime/base/error.hpp"

#include <chrono>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace millrace::replay {

struct request {
  std::shared_ptr<const config::topology> topology;
  std::string into;                                                // source or parser
  std::optional<std::set<std::string>> only = {};                  // letters of these ids; none: all
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();  // letters that go in; more are counted
  bool dry_run = false;
  bool is_finished = false;                                       // the topology has ended
  event_micros began = std::numeric_limits<event_micros>::min();  // the state; older letters are refused
  std::chrono::milliseconds start_timeout{30'000};
  std::size_t batch_bytes = 16U << 20U;  // limit of records in memory, and in a batch
  std::function<bool()> is_cancelled = [] { return false; };
  /// Gives what the state has kept of the log of a plan's source, where that is asked for records
  /// (source::reader::identity()). An empty function: the log is not compared.
  std::function<expected<std::string>(const lane::lane_plan&)> identity_of = {};
};

/// The API lets this many letters go in at once: the process runs a topology beside them.
inline constexpr std::uint64_t most_by_api = 100'000;

struct outcome {
  std::uint64_t letters = 0;
  std::uint64_t replayed = 0;
  std::uint64_t before = 0;                        // had been replayed already
  std::uint64_t more = 0;                          // letters beyond `most`
  std::uint64_t unknown = 0;                       // ids in `only` that are not among the letters
  std::map<std::string, std::uint64_t> refused;    // keyed by reason; also damaged lines, which are no
                                                   // letters
  std::map<std::string, std::uint64_t> elsewhere;  // letters of stages that are not downstream of `into`
  bool cut_off = false;                            // the last line of a file
};

/// The API's answer.
[[nodiscard]] api::answers::replayed answer_of(const outcome& o, bool is_taken_now);

/// Everything that is wrong with the letters is found before anything is written. Lines that are none are passed
/// over. A process that is killed has
/// replayed some letters or none; asked again, it does the rest. Others may run on the state meanwhile, but
/// no other replay. fault::user: nothing was contacted or changed. `to` adds none where it is a dry run.
[[nodiscard]] expected<outcome> replay(const request& r, letter_parts& from, batch_index& to);

}  // namespace millrace::replay
