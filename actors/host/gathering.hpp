// Figures of a topology on their way from the nodes that have actors of it: complete once each has answered, or is
// known not to. A node shows every actor of a plan that it runs some of, with figures of those that are, or once were,
// there: of each actor the figures of the node that has it now are kept. Pure.
#pragma once

#include "actors/inside/figures.hpp"
#include "runtime/base/error.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace millrace::host {

class gathering {
public:
  using give = std::function<void(inside::figures)>;

  /// `own`: of the node that gathers, whose name is `here`. `places`: the node of each actor, by the names that figures
  /// have. Where no other node is among them, `then` is called here.
  gathering(const std::string& here, inside::figures own, std::map<std::string, std::string> places,
            give then);

  /// The nodes that are to be asked.
  [[nodiscard]] const std::set<std::string>& waits_for() const { return waits_for_; }

  /// A node has told its figures as JSON, or has not answered. The last one calls `then`; what a node says after that, or
  /// twice, is dropped.
  void answered(const std::string& node, const expected<std::string>& json);

private:
  void give_if_whole();

  inside::figures sum_;
  std::map<std::string, std::string> places_;
  std::set<std::string> waits_for_;
  give then_;
};

}  // namespace millrace::host
