// The chain `control` in memory, as the rules of chains have it (docs/design/chains.md): a record after one
// of a higher epoch is void, an append may be lost, or land later than its writer waits.
#pragma once

#include "runtime/cluster/coordinator.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace millrace::cluster::trial {

struct wrong {
  std::string text;
};
void require(bool is_true, const std::string& text);

class control_store {
public:
  /// `counts` is called with each change that counts, before it does.
  explicit control_store(std::function<void(const epoch&, const change&)> counts)
      : counts_(std::move(counts)) {}

  [[nodiscard]] epoch highest() const { return highest_; }
  /// The opening of an epoch that its candidate does not give up.
  void open(const epoch& mine) { highest_ = std::max(highest_, mine); }
  /// `loss`: of a hundred answers.
  [[nodiscard]] append_outcome append(const epoch& by, const change& what, std::mt19937_64& random,
                                      unsigned loss);
  [[nodiscard]] append_outcome write_base(const epoch& by, const control_state& s);
  /// Lets each append that is under way land, or be gone.
  void settle(std::mt19937_64& random);
  /// Returns what counts, read from its bytes.
  [[nodiscard]] control_state read() const;

private:
  struct late {
    epoch by;
    change what;
  };
  bool land(const epoch& by, const change& what);

  std::function<void(const epoch&, const change&)> counts_;
  epoch highest_;
  std::string base_;
  std::vector<std::string> increments_;
  std::vector<late> late_;
};

}  // namespace millrace::cluster::trial
