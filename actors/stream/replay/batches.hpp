// The batches of replayed records that one lane's source has, as its reader sees them: in a folder of the state
// (replay_log.hpp), or in the store of a cluster (stored_batches.hpp).
#pragma once

#include "actors/stream/replay/replay_format.hpp"

#include <cstdint>
#include <vector>

namespace millrace::replay {

class batches {
public:
  virtual ~batches() = default;

  /// Lists them in ascending order. Blocks, as all functions here do.
  [[nodiscard]] virtual expected<std::vector<std::uint64_t>> numbers() const = 0;
  [[nodiscard]] virtual expected<replayed_batch> read(std::uint64_t number) const = 0;
  /// Makes names durable that were found: what depends on them is.
  [[nodiscard]] virtual expected<void> settle() const = 0;
  /// Returns whether somebody else tells the lanes of new batches; if not, the reader looks for them.
  [[nodiscard]] virtual bool are_told() const { return false; }
};

}  // namespace millrace::replay
