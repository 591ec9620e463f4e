// The source actor: owns a connector's reader on a thread of its own and serves one lane (or one catch-up
// reader of a lane). It never reads ahead by itself: every chunk was asked for, so what is under way is
// bounded by the lane.
#pragma once

#include "actors/source/source.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/actor_system.hpp>

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

/// Shares the reader, so that whoever stops the lane can interrupt() it. The reader connects with the first
/// read.
[[nodiscard]] caf::actor spawn_source(caf::actor_system& system, std::shared_ptr<reader> connector,
                                      identity_store identities);

}  // namespace millrace::source

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::source::assign)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::source::unassign)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::source::read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::source::chunk_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::source::look)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::source::looked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::source::durable)
