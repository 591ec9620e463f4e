// Partitions that were found while a run goes on: the receivers of each and the lane that reads it.
// Partitions that were there when the process started are only counted. Pure; the supervisor owns it, and
// gives every later life what concerns it.
#pragma once

#include "runtime/base/ids.hpp"

#include <map>
#include <string>
#include <vector>

namespace millrace::control {

struct found_partition {
  std::string parser;
  std::string name;
  log_id log;
  mark start;        // durable
  std::string lane;  // the lane that reads it
  friend bool operator==(const found_partition&, const found_partition&) = default;
};

class found_partitions {
public:
  /// A lane of this parser, that reads so many partitions from the first, for these receivers.
  void add_lane(const std::string& lane, const std::string& parser, std::vector<std::string> receivers,
                std::size_t partitions);

  [[nodiscard]] bool knows(const std::string& parser, const std::string& partition) const;
  /// Returns the parser's lane that is to read the next one: that with the fewest. `promised`: lanes of
  /// partitions that are on their way to be added.
  [[nodiscard]] const std::string& next_reader(const std::string& parser,
                                               const std::vector<std::string>& promised = {}) const;
  /// Its lane reads it from now on.
  const found_partition& add(found_partition f);

  [[nodiscard]] const std::vector<found_partition>& all() const { return found_; }

  [[nodiscard]] std::vector<found_partition> of_parser(const std::string& parser) const;
  /// Logs that feed this shard or sink, and where each starts.
  [[nodiscard]] std::map<log_id, mark> feeding(const std::string& receiver) const;
  [[nodiscard]] std::vector<std::string> lanes_of(const std::string& parser) const;
  [[nodiscard]] const std::vector<std::string>& receivers_of(const std::string& parser) const;

private:
  struct lane {
    std::string parser;
    std::size_t partitions = 0;
  };
  std::map<std::string, lane> lanes_;
  std::map<std::string, std::vector<std::string>> receivers_;  // keyed by parser: its lanes have the same
  std::vector<found_partition> found_;
};

}  // namespace millrace::control
