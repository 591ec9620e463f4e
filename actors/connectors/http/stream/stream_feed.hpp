// Keeps one connection to an endless HTTP response and writes its lines into the spool, on a thread of its
// own: connects, reads, makes each group durable, connects again after growing waits when it ends or falls
// silent. A full spool stops the reading, so that the server feels it.
#pragma once

#include "actors/stream/source/feed.hpp"
#include "actors/stream/source/spool_options.hpp"
#include "runtime/base/backoff.hpp"
#include "runtime/base/time.hpp"

#include <map>
#include <memory>
#include <string>

namespace millrace::source {

struct stream_options {
  std::string in_logs;  // the stage's name there
  std::string url;
  std::map<std::string, std::string> headers;
  std::string since_parameter;  // empty: the server cannot go on from anywhere
  std::string since_member;
  backoff_options reconnect;
  micros silence{0};
  std::size_t longest_record = 0;
  bool compression = true;
  int redirects = 0;
  std::string ca_file;
  bool verify = true;
  std::string proxy;
};

/// Starts at once. `clock` outlives the feed.
[[nodiscard]] expected<std::shared_ptr<feed>> start_stream_feed(stream_options options, spool_setup spool,
                                                                const wall_clock& clock);

}  // namespace millrace::source
