// Parses chunks beside their lane, so that a source with fewer lanes than there are threads (one file, one partition)
// uses them all. A lane spawns as many of these as it may, gives them what was read and waits, and puts the rows
// together in the order of the log: a parser is a pure function of the chunk, so it makes no difference who calls it.
#pragma once

#include "actors/parsers/parser.hpp"
#include "runtime/base/attempt.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/time.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace millrace::lane {

/// Bounds the work that a lane gives away.
struct parsing_ahead {
  std::size_t helpers = 0;  // 0: the lane parses all by itself
  /// A smaller chunk is parsed before another thread has woken up.
  std::size_t least_bytes = std::size_t{64} << 10U;
};

/// lane -> helper. Answered by chunk_parsed.
struct parse_chunk {
  std::uint64_t number;  // comes back with the answer
  attempt what;          // the chunk, for the flight recorder
  std::shared_ptr<const source::chunk> chunk;
};
/// helper -> lane.
struct chunk_parsed {
  std::uint64_t number;
  /// The lane's alone. Null: it failed, so the lane does it itself, and tells of the failure.
  std::shared_ptr<parser::parsed> rows;
  micros took{0};
};

/// The lane that asks a helper; the helper answers the sender.
using parsing_lane = caf::typed_actor<caf::reacts_to<chunk_parsed>>;
using parse_helper = caf::typed_actor<caf::reacts_to<parse_chunk>, caf::reacts_to<messages::stop>>;
using make_parser = std::function<expected<std::unique_ptr<parser::record_parser>>()>;

/// It takes its turns on the shared threads. `make` is called on one of them, with the first chunk. Its work
/// is the lane's: a crash names that one.
[[nodiscard]] parse_helper spawn_parse_helper(caf::actor_system& system, const std::string& topology,
                                              const std::string& lane, make_parser make);

}  // namespace millrace::lane
