// The store of a cluster in memory, as each process reaches it by a way of its own: a record after one of a
// higher life is void (R1), an append may be lost, or land later than its writer waits. Only `control` is
// kept, which is all that the control plane itself needs.
#pragma once

#include "actors/node/stores/chain_store.hpp"
#include "runtime/cluster/control_state.hpp"

#include <functional>
#include <random>
#include <string>
#include <vector>

namespace millrace::node::trial {

class shared_store {
public:
  /// `counts` is called with each change that counts, before it does; `wrong` with what must never be.
  shared_store(std::mt19937_64& random, std::function<void(const cluster::change&)> counts,
               std::function<void(const std::string&)> wrong)
      : random_(random), counts_(std::move(counts)), wrong_(std::move(wrong)) {}

  /// Counts answers of a hundred.
  void lose(unsigned percent) { loss_ = percent; }
  /// Has the state in which somebody has copied it, who did not know that it was in use.
  void copy(const shared_store& from) {
    highest_ = from.highest_;
    base_ = from.base_;
    increments_ = from.increments_;
  }
  /// Lets each append that is under way land, or be gone.
  void settle();
  [[nodiscard]] chain::contents contents() const { return {base_, increments_, sequence_, 0, {}}; }
  [[nodiscard]] life highest() const { return highest_; }

  [[nodiscard]] expected<void> open(const life& mine);
  [[nodiscard]] expected<void> append(const life& by, const std::string& bytes);
  [[nodiscard]] expected<void> append_base(const life& by, const std::string& bytes);
  /// Returns whether an answer is lost.
  [[nodiscard]] bool is_lost() { return random_() % 100 < loss_; }

private:
  struct late {
    life by;
    std::string bytes;
  };
  [[nodiscard]] bool land(const life& by, const std::string& bytes);

  std::mt19937_64& random_;
  std::function<void(const cluster::change&)> counts_;
  std::function<void(const std::string&)> wrong_;
  unsigned loss_ = 0;
  life highest_;
  std::string base_;
  std::vector<std::string> increments_;
  std::uint64_t sequence_ = 0;
  std::vector<late> late_;
};

/// One process's way to it.
[[nodiscard]] std::shared_ptr<chain_store> way_to(shared_store& store);

}  // namespace millrace::node::trial
