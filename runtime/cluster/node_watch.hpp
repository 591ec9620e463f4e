// Knows which nodes are there, and for how long each has been silent. Pure: time is told.
#pragma once

#include "runtime/cluster/identities.hpp"
#include "runtime/cluster/silence.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace millrace::cluster {

/// A node that has registered with this coordinator.
struct present_node {
  std::uint64_t instance = 0;
  cluster::session session = 0;
  std::uint32_t cores = 1;
  std::uint32_t formats = 0;
  micros heard{};
  bool is_detached = false;
  bool is_leaving = false;  // its process ends in order
};

class node_watch {
public:
  explicit node_watch(const silence& limits) : limits_(limits) {}

  /// Nodes that may register yet: until they have, or are away, what they run is not given to others.
  void await(const std::string& node, micros now) { awaited_[node] = now; }
  /// It has been silent since then, which is before it was waited for.
  void silent_since(const std::string& node, micros then);
  void arrived(const std::string& node, const present_node& what);
  /// Returns false if it is not present under this session.
  bool heard(const std::string& node, cluster::session session, micros now);
  /// Its link is broken. Returns whether that is news.
  bool detach(const std::string& node);
  void gone(const std::string& node);
  [[nodiscard]] bool awaits(const std::string& node) const { return awaited_.contains(node); }
  void no_longer_await(const std::string& node) { awaited_.erase(node); }

  struct change {
    std::vector<std::string> detached, away;
  };
  /// Finds the nodes that have been silent for too long since the last look; those that are away are not present any
  /// more.
  [[nodiscard]] change look(micros now);

  [[nodiscard]] const present_node* find(const std::string& node) const;
  [[nodiscard]] const present_node* find(const std::string& node, cluster::session session) const;
  [[nodiscard]] const std::map<std::string, present_node>& present() const { return present_; }
  [[nodiscard]] bool is_settled() const { return awaited_.empty(); }
  [[nodiscard]] bool is_awaited(const std::string& node) const { return awaited_.contains(node); }

private:
  silence limits_;
  std::map<std::string, present_node> present_;
  std::map<std::string, micros> awaited_;
};

}  // namespace millrace::cluster
