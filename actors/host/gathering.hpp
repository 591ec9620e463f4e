// Figures of a topology on their way from the nodes that have actors of it: complete once each has answered, or is
// known not to. Pure.
#pragma once

#include "actors/inside/figures.hpp"
#include "runtime/base/error.hpp"

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace millrace::host {

class gathering {
public:
  using give = std::function<void(inside::figures)>;

  /// `own`: of the node that gathers. `nodes`: the others that are asked; where there are none, `then` is called here.
  gathering(inside::figures own, std::set<std::string> nodes, give then);

  /// What a node said: JSON, or nothing where it did not answer. Calls `then` with the last one; what a node says after
  /// that, or twice, is dropped.
  void answered(const std::string& node, const expected<std::string>& json);

private:
  void give_if_whole();

  inside::figures sum_;
  std::set<std::string> waits_for_;
  give then_;
};

}  // namespace millrace::host
