// The stand-in for one life of a remote actor, towards one life of a local one, in one session of a link.
// Messages of the local actor are encoded here and given to the link; messages for the local actor are
// decoded here and given to it, with the stand-in in the place of the handle. It runs on the shared scheduler
// and never blocks.
#pragma once

#include "actors/link/link_messages.hpp"

#include <caf/actor_system.hpp>

#include <optional>

namespace millrace::link {

struct stand_in_options {
  edge_id edge = 0;
  end_number number = 0;
  lives of;                                       // the lives of the local and the remote one
  local_end local;                                // the end that it gives to
  std::optional<window::definition> window = {};  // copied from local_up
  std::size_t longest_answer = limits{}.longest_answer;
};

/// It ends by edge_over, after all that came before it. `link`: gets send_on_edge and edge_broken.
[[nodiscard]] whole_stand_in spawn_stand_in(caf::actor_system& system, stand_in_options options,
                                            link_handle link);

}  // namespace millrace::link
