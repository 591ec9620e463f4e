// Damages the newest snapshot of an actor, or loses it: of each actor one file at most.
#pragma once

#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <cstdint>
#include <set>
#include <string>

namespace millrace::simulation {

class snapshot_damage {
public:
  snapshot_damage(snapshot::test::faulty_file_system& files, std::uint64_t seed)
      : files_(files), seed_(seed) {}

  /// Damages this actor's newest, or any's ("") below `folder`, that of a store. Names the file; "" where none may be damaged.
  std::string damage_newest(const std::string& folder, const std::string& actor);

private:
  bool is_one_generation(const std::string& path);
  void damage_last_record(const std::string& path);

  snapshot::test::faulty_file_system& files_;
  std::uint64_t seed_;
  std::set<std::string> damaged_;  // folders of actors; two of one's files may not be
};

}  // namespace millrace::simulation
