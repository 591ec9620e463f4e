// The list of those who wait for the end of a topology, at the node that leads. No actor.
#pragma once

#include "actors/node/control/messages.hpp"
#include "actors/node/host/questions.hpp"

#include <chrono>
#include <list>
#include <memory>
#include <string>

namespace millrace::host {

class waits {
public:
  using clock = std::chrono::steady_clock;

  /// Answers at once where the topology is over or not known. `by`: null where another node asks, whose question is answered
  /// after a while in any case.
  void add(const node::cluster_described& d, const std::string& topology, const give_answer& to,
           std::shared_ptr<const api::reply> by, clock::time_point now);
  [[nodiscard]] bool is_empty() const { return all_.empty(); }
  /// Answers clients that have waited long enough, and drops those that have gone.
  void look(const node::cluster_described& d, clock::time_point now);

private:
  struct one {
    std::string topology;
    give_answer to;
    std::shared_ptr<const api::reply> by;
    clock::time_point until;  // the time for one of another node
  };
  std::list<one> all_;
};

}  // namespace millrace::host
