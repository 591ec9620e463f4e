// Questions of this node to others: each ends once, by its answer, or because its node is out of reach or its time is
// over; one whose asker has gone is dropped. No actor; it speaks through `send_question`.
#pragma once

#include "actors/api/cluster_view.hpp"
#include "actors/node/host/question.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace millrace::host {

using give_answer = std::function<void(expected<api::answer>)>;

/// This node cannot take one more.
[[nodiscard]] unexpected busy();

class questions {
public:
  using clock = std::chrono::steady_clock;
  using send_question = std::function<void(const std::string& node, std::string bytes)>;

  struct one {
    std::string node;  // the node that is asked
    question_content what;
    give_answer to;
    std::shared_ptr<const api::reply> by = nullptr;  // null: nobody who may go
    std::optional<clock::time_point> until = {};     // it counts as lost then
  };

  explicit questions(send_question send) : send_(std::move(send)) {}

  /// Answers at once where too many are under way.
  void ask(one q);
  /// Drops an answer to a question that is over.
  void on_answer(const std::string& bytes);
  /// A request that was under way may have been carried out.
  void on_lost(const std::string& node);
  void look(clock::time_point now);

private:
  send_question send_;
  std::uint64_t numbers_ = 0;
  std::map<std::uint64_t, one> under_way_;
};

}  // namespace millrace::host
