// Stands for the snapshot writer's side of spilled output, of one shard: writes, reads and removals under
// way, files on disk, a disk that is full now and then.
#pragma once

#include "runtime/delivery/outbox.hpp"
#include "tests/property/delivery/world.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::delivery::trial {

class segment_store {
public:
  struct done {
    bool was_read = false;
    bool failed = false;
    segment_id id{};
    std::vector<output_ptr> frames{};
  };
  void write(outbox::spill s) { under_way_.push_back({what::write, s.id, std::move(s.frames)}); }
  void read(const segment_id& id) { under_way_.push_back({what::read, id, {}}); }
  void remove(const segment_id& id) { under_way_.push_back({what::remove, id, {}}); }
  /// The oldest under way; what its owner is told, if anything.
  [[nodiscard]] std::optional<done> step(chance& c, const log_id& log);
  /// The owner dies: some of what was under way is still carried out.
  void owner_died(chance& c, const log_id& log);
  /// Its next life begins.
  void keep_only(const std::vector<segment_id>& ids);

private:
  enum class what : std::uint8_t { write, read, remove };
  struct task {
    what kind;
    segment_id id;
    std::vector<output_ptr> frames;
  };
  std::deque<task> under_way_;
  std::map<segment_id, std::string> files_;
};

}  // namespace millrace::delivery::trial
