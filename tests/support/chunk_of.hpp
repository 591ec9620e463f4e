// Records as a source hands them over.
#pragma once

#include "actors/stream/source/source.hpp"

#include <string>
#include <vector>

namespace millrace::test {

/// Makes a chunk of records, one after another, the first at position `first`: lines, each with its line
/// feed, or (as from Kafka) values with nothing between.
inline source::chunk chunk_of(const std::vector<std::string>& records, bool lines = true,
                              std::int64_t first = 0) {
  source::chunk c;
  c.partition = "p0";
  c.topic = "clicks";
  c.lines = lines;
  for (const auto& r : records) {
    c.begins.push_back(static_cast<std::uint32_t>(c.bytes.size()));
    c.lengths.push_back(static_cast<std::uint32_t>(r.size()));
    c.positions.push_back({0, first + static_cast<std::int64_t>(c.bytes.size())});
    c.bytes += r;
    if (lines)
      c.bytes += '\n';
  }
  c.bytes.append(source::padding, '\0');
  return c;
}

/// Makes a chunk of values of a partition at positions from `from` on.
inline source::chunk chunk_of(const std::string& partition, std::int64_t from,
                              const std::vector<std::string>& values) {
  auto c = chunk_of(values, false);
  c.partition = partition;
  c.topic.clear();
  c.from = {0, from};
  for (auto& p : c.positions)
    p = {0, from++};
  c.to = {0, from};
  return c;
}

}  // namespace millrace::test
