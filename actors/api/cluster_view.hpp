// The seam between the API and what answers it: the node's own process, or a test's cluster in memory.
#pragma once

#include "actors/api/answers.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace millrace::api {

/// The way of an answer to its client. Any thread may give the answer, at most once; giving none is an error,
/// too: the client is told after a while that the node does not answer.
class reply {
public:
  reply(std::weak_ptr<const void> asker, std::function<void(expected<answer>)> take)
      : asker_(std::move(asker)), take_(std::move(take)) {}

  void operator()(expected<answer> a) const { take_(std::move(a)); }
  /// False once nobody waits any more. A keeper of replies for long (`wait`) drops such ones, or they pile
  /// up.
  [[nodiscard]] bool is_wanted() const { return !asker_.expired(); }

private:
  std::weak_ptr<const void> asker_;
  std::function<void(expected<answer>)> take_;
};

class cluster_view {
public:
  virtual ~cluster_view() = default;
  /// Called on the API's thread, and returns at once. `wait` is answered when the topology is over and not
  /// before: the API itself answers a client that has waited for long.
  virtual void ask(request what, reply to) = 0;
};

}  // namespace millrace::api
