// Shards that several test files begin with.
#pragma once

#include "tests/unit/shard/shard_scene.hpp"

namespace millrace::shard_test {

/// Two windows have room in memory, and a segment has two.
inline shard_setup with_little_memory() {
  shard_setup s;
  s.limits.memory = s.limits.segment = 2 * bytes_of_window();
  return s;
}

inline shard_setup with_snapshots() {
  shard_setup s;
  s.snapshot_every = 1s;
  return s;
}

/// The lane attaches, and sends a record for each ten up to `end`.
inline void feed_up_to(shard_scene& s, event_micros end) {
  s.attach();
  for (event_micros at = 10; at <= end; at += 10)
    s.feed(at);
}

}  // namespace millrace::shard_test
