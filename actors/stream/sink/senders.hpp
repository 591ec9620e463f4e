// The senders of a sink's rows, and how far each was told: lanes hear of commits, shards also of rows that were
// taken. News of a life that another one has followed is passed over. Pure; the shell has their handles.
#pragma once

#include "actors/stream/sink/sink_effects.hpp"
#include "runtime/delivery/sink.hpp"

#include <cstdint>
#include <map>
#include <optional>

namespace millrace::sink {

class senders {
public:
  // --- lanes

  /// A life of a lane asks where the sink stands. Returns false for one that another has followed.
  [[nodiscard]] bool asks(const log_id& log, const life& lane);
  /// The lane of this log, if one has asked.
  void ask_again(const log_id& log, effect_list& out) const;

  // --- shards

  /// A life of a shard is introduced, or a further stand-in of it (messages::sender_up). Returns whether it is to be asked to
  /// go on; false for what is known, or older.
  [[nodiscard]] bool is_up(const log_id& log, const life& shard, std::uint64_t stand_in);
  /// A shard that has been introduced says it in its present life.
  [[nodiscard]] bool is_present(const log_id& log, const life& shard) const;
  /// The shard goes on from what the target has.
  void resume(const log_id& log, const delivery::sink_core& core, const life& own, effect_list& out);
  [[nodiscard]] position told(const log_id& log) const;
  void tell_taken(const log_id& log, position at, const life& own, effect_list& out);

  // --- both

  /// The target is open anew: lanes ask, shards go on.
  void begin(const delivery::sink_core& core, const life& own, effect_list& out);
  /// Lanes hear each position once, shards each time.
  void acknowledge(const std::map<log_id, mark>& committed, effect_list& out);

private:
  struct lane {
    life now;
    std::optional<position> told;
  };
  struct shard {
    life now;
    std::uint64_t stand_in = 0;
    position told = lowest_position;  // taken up to here
  };
  std::map<log_id, lane> lanes_;
  std::map<log_id, shard> shards_;
};

}  // namespace millrace::sink
