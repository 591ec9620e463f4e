// The configuration of a shard's life, and what it shares with those who look at it.
#pragma once

#include "actors/stream/shard/shard_gauges.hpp"
#include "actors/stream/stage/flow.hpp"
#include "actors/stream/stage/losses.hpp"
#include "actors/stream/stage/taps.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/base/time.hpp"
#include "runtime/messages/messages.hpp"

#include <memory>
#include <optional>
#include <string>

namespace millrace::shard {

struct shard_options {
  std::string name;  // shard_name as text
  std::string topology;
  std::optional<micros> snapshot_every;  // none: only at a stop and for decisions
  std::optional<micros> tick_every;      // set with updates
  const wall_clock* clock = &system_clock();
  messages::snapshot_writer snapshot_writer;
  std::shared_ptr<shard_gauges> gauges = std::make_shared<shard_gauges>();
  std::string stage;  // the window's name
  std::shared_ptr<stage::losses> losses = std::make_shared<stage::losses>();
  std::shared_ptr<stage::flow> flow = std::make_shared<stage::flow>();
  std::shared_ptr<stage::taps> taps = nullptr;  // null: nobody can look

  [[nodiscard]] std::string in_logs() const { return name_in_logs(topology, name); }
};

}  // namespace millrace::shard
