// What a lane and a source actor say to each other. Plain values, so that what decides about reading needs no
// actor.
#pragma once

#include "actors/source/source.hpp"

#include <functional>

namespace millrace::source {

/// lane -> source: read this partition from here on.
struct assign {
  std::string partition;
  position from;
};
struct unassign {
  std::string partition;
};
/// lane -> source: the next chunk of the first wanted partition that has one. Answered by chunk_read.
struct read {
  std::uint64_t ticket;  // comes back with the answer
  std::vector<std::string> wanted;
  std::size_t max_bytes;
  std::chrono::milliseconds wait;
};
/// source -> lane: a chunk, nothing (none came in time), or an error.
struct chunk_read {
  std::uint64_t ticket;
  std::shared_ptr<const source::chunk> chunk;
  std::optional<error> failure;
  std::optional<std::uint64_t> lag;
  std::optional<std::uint64_t> lag_bytes{};
};
/// lane -> source: look for partitions beside these. Answered by looked.
struct look {
  std::set<std::string> known;
};
/// source -> lane: those that there are; none if the source does not answer.
struct looked {
  std::vector<partition_info> found;
};
/// lane -> source: everything below is durable downstream.
struct durable {
  std::string partition;
  position below;
};

/// Where the text of reader::identity() is kept. Both calls may block; they come from the source actor's
/// thread.
struct identity_store {
  std::function<std::string()> load;  // empty: none is kept
  std::function<expected<void>(const std::string&)> keep;
  /// The source is about to be read: it answers, and every receiver has opened. May be empty.
  std::function<expected<void>()> reading = {};
};

}  // namespace millrace::source
