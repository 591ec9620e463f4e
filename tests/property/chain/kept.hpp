// The thing that a writer of a schedule keeps: an actor's chain, what a state folder knows of itself, or a
// value in a whole folder. In each it is a list of tokens that only grows.
#pragma once

#include "runtime/chain/chain.hpp"
#include "runtime/snapshot/file_system.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace millrace::chain::trial {

using tokens = std::vector<std::string>;

class kept {
public:
  virtual ~kept() = default;
  [[nodiscard]] virtual expected<tokens> found() = 0;
  [[nodiscard]] virtual expected<void> add(const std::string& t) = 0;
  /// Makes it smaller, where that is apart from adding.
  [[nodiscard]] virtual expected<void> tidy() { return {}; }
};

/// Keeps tokens in an open chain. `twice`: asked for each token whether it is kept in two copies.
[[nodiscard]] std::unique_ptr<kept> keep_snapshots(std::unique_ptr<actor_chain> records,
                                                   std::function<bool()> twice);

/// These keep tokens where nobody gives terms. `began`: told the term as soon as the opener knows it.
using told_term = std::function<void(incarnation)>;
[[nodiscard]] expected<std::unique_ptr<kept>> keep_control(snapshot::file_system& files,
                                                           const told_term& began);
/// `given`: each number that a counter in the folder has given; the first one is the term.
[[nodiscard]] expected<std::unique_ptr<kept>> keep_folder(snapshot::file_system& files,
                                                          const told_term& began, told_term given);

}  // namespace millrace::chain::trial
