// A writer of a schedule keeps a list of tokens in an open chain. The list only grows.
#pragma once

#include "runtime/snapshot/merged_snapshots.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::chain::trial {

using tokens = std::vector<std::string>;

class kept {
public:
  /// `twice`: asked for each token whether it is kept in two copies.
  kept(std::unique_ptr<actor_chain> records, std::function<bool()> twice)
      : chain_(std::move(records), {.smallest_base = 12, .most_increments = 3}), twice_(std::move(twice)) {}

  [[nodiscard]] expected<tokens> found() { return chain_.load().and_then(join).map(parts_of); }
  [[nodiscard]] expected<void> add(const std::string& t) {
    return chain_.append(t + ",", twice_()).map([](auto) {});
  }
  /// Makes it smaller.
  [[nodiscard]] expected<void> tidy() {
    return chain_.compact(join).map([](bool) {});
  }

private:
  static tokens parts_of(const std::string& text) {
    tokens all;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find(',', at);
      all.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return all;
  }
  static expected<std::string> join(const contents& c) {
    auto all = c.base;
    for (const auto& i : c.increments)
      all += i;
    return all;
  }

  snapshot::merged_snapshots chain_;
  std::function<bool()> twice_;
};

}  // namespace millrace::chain::trial
