// The chains of one topology in a store, by name: for what is no snapshot, such as dead letters and replayed records.
#pragma once

#include "actors/node/stores/chain_store.hpp"
#include "runtime/chain/named_chains.hpp"
#include "runtime/chain/rules.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace millrace::node {

/// Any thread may call.
class topology_chains final : public chain::named_chains {
public:
  /// `chains`: their name in the store (cluster::chains_of).
  topology_chains(std::shared_ptr<chain_store> store, std::string chains)
      : store_(std::move(store)), chains_(std::move(chains)) {}

  expected<std::unique_ptr<chain::actor_chain>> open_chain(std::string_view name,
                                                           const millrace::life& now) override {
    return store_->open({chains_, std::string(name)}, now);
  }
  struct chosen_chain {
    millrace::life now;
    std::unique_ptr<chain::actor_chain> chain;
  };
  /// Opens a chain of none of the topology's actors, under a life above all that were there. `random` tells openers apart
  /// that come at once; ec::fenced: another one was faster.
  [[nodiscard]] expected<chosen_chain> open_chosen(std::string_view name, std::uint32_t random) {
    const cluster::actor_id whose{chains_, std::string(name)};
    ASSIGN_OR_RETURN(const auto seen, store_->look(whose));
    const auto now = chain::chosen_above(seen.highest, random);
    return store_->open_chosen(whose, now).map([&](opened_chain&& opened) {
      return chosen_chain{now, std::move(opened)};
    });
  }
  expected<chain::contents> look(std::string_view name) override {
    return store_->look({chains_, std::string(name)}).map([](found_chain&& f) {
      return std::move(f.contents);
    });
  }
  expected<void> settle(std::string_view name) override {
    return store_->settle({chains_, std::string(name)});
  }

private:
  std::shared_ptr<chain_store> store_;
  std::string chains_;
};

}  // namespace millrace::node
