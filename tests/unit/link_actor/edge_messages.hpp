// Messages of edges for the tests of links: frames of one partition, whose content is a letter a position.
#pragma once

#include "actors/link/edge_header.hpp"
#include "runtime/messages/message_format.hpp"

#include <string>
#include <vector>

namespace millrace::link::test {

inline messages::take_frame frame_of(delivery::lane_frame f) {
  return {std::make_shared<const delivery::lane_frame>(std::move(f)), 0, {}};
}
inline delivery::lane_frame frame(const log_id& log, const delivery::fence& stamp, std::int64_t from,
                                  std::int64_t to) {
  delivery::lane_frame f;
  f.log = log;
  f.stamp = stamp;
  f.from = {0, from};
  f.to = {0, to};
  f.watermark = to;
  return f;
}
inline messages::take_frame progress(const log_id& log, const delivery::fence& stamp, std::int64_t from,
                                     std::int64_t to, std::vector<delivery::counted> counts = {}) {
  auto f = frame(log, stamp, from, to);
  f.counts = std::move(counts);
  return frame_of(std::move(f));
}
inline messages::take_frame idle(const log_id& log, const delivery::fence& stamp, std::int64_t at) {
  auto f = frame(log, stamp, at, at);
  f.idle = true;
  return frame_of(std::move(f));
}
/// A letter of `size` bytes at each position.
inline messages::take_frame letters(const log_id& log, const delivery::fence& stamp, std::int64_t from,
                                    std::int64_t to, std::size_t size = 10) {
  auto f = frame(log, stamp, from, to);
  delivery::dead_letters content;
  for (auto at = from; at < to; ++at)
    content.push_back({"stage", log, {0, at}, "", std::string(size, 'x')});
  f.bytes = delivery::byte_size(content);
  f.content = std::make_shared<const delivery::dead_letters>(std::move(content));
  return frame_of(std::move(f));
}

}  // namespace millrace::link::test
