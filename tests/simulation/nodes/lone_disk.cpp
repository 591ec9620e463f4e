#include "tests/simulation/nodes/lone_disk.hpp"

#include <stdexcept>

namespace millrace::simulation {
namespace {

using k = fault::kind;

constexpr std::uint64_t most_lives = 80;

}  // namespace

lone_disk::lone_disk(const scenario& s, node_cluster& cluster)
    : is_alone_(s.nodes == 1), cluster_(cluster), damage_(cluster.files(), s.seed) {
  cluster_.before_shards([this](const std::string& shard) {
    if (damaged_at_return_.erase(shard) != 0)
      damage_newest(shard);
  });
}

bool lone_disk::carry_out(const fault& f) {
  if (!is_alone_)
    return false;
  switch (f.what) {
  case k::kill:
  case k::power_loss:
    cluster_.files().crash_after(0);
    death_ = f;
    return true;
  case k::kill_in_file:
    cluster_.files().crash_after(1 + f.size % 20);
    death_ = f;
    return true;
  case k::disk_full:
    cluster_.files().fail_next(static_cast<unsigned>(1 + f.size % 30),
                               static_cast<unsigned>(f.size / 64 % 4));
    was_full_ = true;
    return true;
  default:
    return false;
  }
}

void lone_disk::look() {
  if (!is_alone_)
    return;
  auto& all = cluster_.processes();
  if (cluster_.files().is_dead()) {
    if (!all.empty())
      cluster_.kill(all.front(), true);
    return begin_again();
  }
  if (!all.empty()) {
    why_over_ = all.front().over->value_or("");
    return;
  }
  if (!was_full_)
    throw std::runtime_error("the process has ended: " + why_over_);
  begin_again();
}

void lone_disk::begin_again() {
  cluster_.files().restart(death_.what == k::power_loss);
  if (death_.damage)
    damage_newest("");
  death_ = {};
  damaged_at_return_.clear();
  cluster_.forget_lives();
  if (cluster_.begun() == most_lives)
    throw std::runtime_error("too many lives of the process");
  cluster_.begin("a");
}

/// Damages the newest record of the actor, or of some actor (""), which comes back now: one that goes on
/// would write after the damage.
void lone_disk::damage_newest(const std::string& actor) {
  if (const auto file = damage_.damage_newest(store_folder, actor); !file.empty())
    cluster_.schedule().note("damaged: " + file);
}

}  // namespace millrace::simulation
