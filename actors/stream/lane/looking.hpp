// Partitions that come while the lane runs: one lane of a parser looks for them, the supervisor makes their
// start durable and tells everybody, and the lane that it names reads them.
#pragma once

#include "actors/stream/lane/discovery.hpp"
#include "actors/stream/lane/sending.hpp"
#include "actors/stream/lane/shared.hpp"

#include <string>
#include <utility>

namespace millrace::lane {

class looking {
public:
  looking(shared& all, sending& receivers)
      : all_(all), sending_(receivers), discovery_(all.options.discover_every, std::move(all.options.known)) {
  }

  /// Arms the timer, where this lane is the one that looks.
  void look_later();
  void look_now() { all_.give(effects::look{{discovery_.known()}}); }
  void on_looked(const source::looked& m);
  void on_partition_started(const std::string& name, const std::string& lane);

private:
  shared& all_;
  sending& sending_;
  discovery discovery_;
};

}  // namespace millrace::lane
