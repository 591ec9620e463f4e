// The seam to the chains of one topology by their names, for what is kept beside snapshots in the store of a
// cluster.
#pragma once

#include "runtime/base/life.hpp"
#include "runtime/chain/chain.hpp"

#include <memory>
#include <string_view>

namespace millrace::chain {

class named_chains {
public:
  virtual ~named_chains() = default;

  /// Opens a chain under the life of the actor that writes it; blocks. ec::fenced where a higher term is there.
  [[nodiscard]] virtual expected<std::unique_ptr<actor_chain>> open_chain(std::string_view name,
                                                                          const millrace::life& now) = 0;
  /// Reads it and changes nothing; blocks. A chain that was never opened is empty.
  [[nodiscard]] virtual expected<contents> look(std::string_view name) = 0;
  /// Makes durable what looks have shown so far; blocks. A store that shows durable records alone does nothing.
  [[nodiscard]] virtual expected<void> settle(std::string_view name) = 0;
};

}  // namespace millrace::chain
