// Stands for the snapshot writer and its disk, of one shard: captures in flight, the durable chain, writes
// that fail and are merged with the next, damage to the newest capture that has no second copy.
#pragma once

#include "runtime/base/ids.hpp"
#include "tests/property/delivery/world.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::delivery::trial {

class capture_store {
public:
  struct capture {
    std::string bytes;
    bool twice = false;
    std::map<log_id, mark> vector;  // the vector that it holds
  };
  struct written {
    bool failed = false;
    bool twice = false;
  };

  void begin(capture c) { under_way_.push_back(std::move(c)); }
  [[nodiscard]] std::size_t under_way() const { return under_way_.size(); }
  /// The oldest one under way; what its owner is told.
  [[nodiscard]] std::optional<written> write(chance& c);
  /// The owner dies. Some of what was under way has become durable without its knowing, the rest is lost; one
  /// time in four the newest capture is found damaged, unless it was kept twice.
  void owner_died(chance& c);
  /// Replaces all but the newest by one base.
  void compact(const std::function<std::string(const std::vector<std::string>&)>& merge);

  [[nodiscard]] const std::vector<std::string>& chain() const { return chain_; }
  /// Vector of the newest durable capture.
  [[nodiscard]] const std::map<log_id, mark>& newest() const { return newest_; }

private:
  void append(capture c);

  std::deque<capture> under_way_;
  std::vector<std::string> chain_;
  std::map<log_id, mark> newest_;
  std::size_t safe_ = 0;  // no life falls back to fewer than this many
  std::string unwritten_;
  bool unwritten_twice_ = false;
};

}  // namespace millrace::delivery::trial
