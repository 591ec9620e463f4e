// Measures how fast records come and how long they take: rates over the last seconds from counters that only
// grow. Pure: the owner samples, about once a second. When a producer stops, the rates go to zero within the
// span.
#pragma once

#include "actors/deployment/pipeline.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace millrace::observe {

/// Sums up one source over the lanes of its parser (of several parsers, the slowest).
struct source_flow {
  std::uint64_t records = 0;                     // taken since the process started
  double records_per_second = 0;                 // over the last seconds
  std::optional<std::uint64_t> pending{};        // records that are there and not yet read; none: unknown
  std::optional<std::uint64_t> pending_bytes{};  // the same in bytes, where a source knows those
  double wait_seconds = 0;                       // a chunk, from its arrival to its turn, lately
  double work_seconds = 0;                       // and what it then took
};

/// Sums up one sink.
struct sink_flow {
  double wait_seconds = 0;  // a batch of rows, from its first row to the beginning of its commit, lately
  double commit_seconds =
      0;  // and what the commit took; or, where that is more, the one under way has taken so far
};

/// The increase of some counters, a second, over a span of samples.
template<std::size_t N>
class rates {
public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds span{5};

  void sample(clock::time_point now, const std::array<std::uint64_t, N>& counters) {
    samples_.push_back({now, counters});
    // One older than the span is kept, so that the rate is of a whole span.
    while (samples_.size() > 2 && now - samples_[1].at >= span)
      samples_.pop_front();
  }
  /// Returns the growth of counter `i` over the span.
  [[nodiscard]] double growth(std::size_t i) const {
    return samples_.size() < 2
               ? 0
               : static_cast<double>(samples_.back().counters[i] - samples_.front().counters[i]);
  }
  [[nodiscard]] double per_second(std::size_t i) const {
    if (samples_.size() < 2)
      return 0;
    const std::chrono::duration<double> d = samples_.back().at - samples_.front().at;
    return d.count() > 0 ? growth(i) / d.count() : 0;
  }
  /// Growth of `i` for each of `of`; 0 where nothing came.
  [[nodiscard]] double ratio(std::size_t i, std::size_t of) const {
    return growth(of) > 0 ? growth(i) / growth(of) : 0;
  }

private:
  struct one {
    clock::time_point at;
    std::array<std::uint64_t, N> counters;
  };
  std::deque<one> samples_;
};

/// One shard, over the last seconds.
struct shard_flow {
  double records_per_second = 0;
  double busy = 0;  // the share of the time in which it took them
};

class flow_meter {
public:
  using clock = std::chrono::steady_clock;

  void sample(clock::time_point now, const deployment::pipeline_gauges& gauges);
  [[nodiscard]] const std::map<std::string, source_flow>& sources() const { return sources_; }
  [[nodiscard]] const std::map<std::string, sink_flow>& sinks() const { return sinks_; }
  [[nodiscard]] const std::map<std::string, shard_flow>& shards() const { return shards_; }

private:
  using parser_of_source = std::pair<std::string, std::string>;  // source, parser
  std::map<parser_of_source, rates<4>> of_parsers_;  // records, chunks, waited and worked microseconds
  std::map<std::string, rates<3>> of_sinks_;         // commits with rows, waited and committing microseconds
  std::map<std::string, rates<2>> of_shards_;        // records, working microseconds
  std::map<std::string, source_flow> sources_;
  std::map<std::string, sink_flow> sinks_;
  std::map<std::string, shard_flow> shards_;
};

}  // namespace millrace::observe
