// A lane and a source actor say this to each other. Plain values, so that what decides about reading needs no
// actor.
#pragma once

#include "actors/stream/source/source.hpp"

#include <string>

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
  std::optional<backlog> lag;
  std::optional<std::uint64_t> lag_bytes{};
  std::uint64_t reader = 0;  // the answering reader: the number that the lane has given to this source actor
  std::optional<std::string> identity{};  // durable since the answer before: a reader opened later gets it
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

/// A value of the state folder.
struct kept_value {
  std::string name;
  std::string value;
};

}  // namespace millrace::source
