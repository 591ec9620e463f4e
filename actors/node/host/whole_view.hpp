// The actor that answers what the API is asked, as its parts see it.
#pragma once

#include "actors/node/host/questions.hpp"
#include "actors/node/host/view.hpp"
#include "runtime/messages/plain_message.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace millrace::host {

/// The view sends it to itself.
struct look_at_waits {};
/// The thread that traces a record has ended: the view tells who has asked.
struct record_traced {
  give_answer to;
  expected<api::answer> with;
};

using whole_view = view_actor::extend<caf::reacts_to<look_at_waits>, caf::reacts_to<record_traced>>;

}  // namespace millrace::host
