// Reads which life holds a chain from the chain's row.
#pragma once

#include "actors/node/stores/postgresql/connection.hpp"
#include "actors/node/stores/postgresql/statements.hpp"
#include "runtime/chain/life.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::postgresql_chain {

struct holder {
  chain::life by;
  std::uint64_t next = 0;  // place
};

/// `id`: the chain's, in digits; `shown` names the chain in errors.
/// ec::corrupt where its row is gone.
[[nodiscard]] expected<holder> who_holds(connection& database, const statements& texts, const std::string& id,
                                         std::string_view shown);

}  // namespace millrace::postgresql_chain
