// Answers of several nodes on their way to one: complete once each has answered, or is known not to. Pure.
#pragma once

#include "actors/api/described.hpp"
#include "actors/observe/figures.hpp"
#include "runtime/base/error.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace millrace::host {

/// T has `missing`, a list of nodes, and api::read_json reads it.
template<class T>
class gatherer {
public:
  using add_more = std::function<void(T& to, T&& more)>;
  using give = std::function<void(T)>;

  /// `own`: of the node that gathers. If no other node is to be asked, `then` is called here.
  gatherer(T own, std::set<std::string> others, add_more add, give then)
      : sum_(std::move(own)), waits_for_(std::move(others)), add_(std::move(add)), then_(std::move(then)) {
    give_if_whole();
  }

  /// The nodes that have yet to answer.
  [[nodiscard]] const std::set<std::string>& waits_for() const { return waits_for_; }

  /// A node has told its part as JSON, or has not answered. The last one calls `then`; what a node says after that, or
  /// twice, is dropped.
  void answered(const std::string& node, const expected<std::string>& json) {
    if (waits_for_.erase(node) == 0)
      return;
    if (auto theirs = json ? api::read_json<T>(*json) : std::nullopt)
      add_(sum_, std::move(*theirs));
    else
      sum_.missing.push_back(node);
    give_if_whole();
  }

private:
  void give_if_whole() {
    if (waits_for_.empty() && then_)
      std::exchange(then_, {})(std::move(sum_));
  }

  T sum_;
  std::set<std::string> waits_for_;
  add_more add_;
  give then_;
};

/// The nodes that have actors, but for the one that asks. `places`: the node of each actor.
[[nodiscard]] std::set<std::string> others_of(const std::map<std::string, std::string>& places,
                                              const std::string& here);

/// A node shows every actor of a plan that it runs some of, with figures of those that are, or once were, there: of each
/// actor the figures of the node that has it now are kept. `places`: by the names that figures have.
void keep_where_they_are(observe::figures& f, const std::map<std::string, std::string>& places);

}  // namespace millrace::host
