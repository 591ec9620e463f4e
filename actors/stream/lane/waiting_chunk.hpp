// A chunk that was read, from `next` on not yet processed.
#pragma once

#include "actors/stream/lane/piece.hpp"

#include <chrono>
#include <memory>
#include <optional>

namespace millrace::lane {

struct waiting_chunk {
  std::shared_ptr<const source::chunk> chunk;
  std::chrono::steady_clock::time_point arrived;
  std::size_t next = 0;
  std::optional<piece> now{};  // the piece that holds `next`, parsed, once it was its turn
  bool begun = false;
  std::uint64_t number = 0;                 // not 0: a helper parses it, and it has to wait for that
  std::shared_ptr<parser::parsed> ahead{};  // all of it, parsed by a helper
};

}  // namespace millrace::lane
