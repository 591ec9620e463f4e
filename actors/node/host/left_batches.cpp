#include "actors/node/host/left_batches.hpp"

#include "runtime/control/spawn.hpp"
#include "runtime/messages/plain_message.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace millrace::host {
namespace {

constexpr int looks_between = 10;

struct look_into_store {};
using finder = caf::typed_actor<caf::reacts_to<look_into_store>>;

finder::behavior_type finder_behaviour(finder::pointer self, const std::shared_ptr<node::chain_store>& store,
                                       const std::shared_ptr<planned_topologies>& plans,
                                       const whole_view& to) {
  return {[=](const look_into_store&) {
    left_batches_found out;
    try {
      out = unread_batches(store, *plans);
    } catch (const std::exception& e) {
      out.failure =
          our_error(fmt::format("batches of replayed records could not be read: {}", e.what())).value();
    }
    self->send(to, std::move(out));
    self->quit();
  }};
}

}  // namespace

void left_batches::look(const node::cluster_described& d) {
  if (!d.leads) {
    led_.reset();
    return;
  }
  if (is_looking_ || (led_ == d.leads && (is_whole_ || --looks_to_wait_ > 0)))
    return;
  led_ = d.leads;
  looks_to_wait_ = looks_between;
  is_looking_ = true;
  is_whole_ = true;
  self_->send(control::spawn_blocking(self_->system(), finder_behaviour, store_, plans_, whole_view(self_)),
              look_into_store{});
}

void left_batches::found(bool is_whole) {
  is_looking_ = false;
  is_whole_ = is_whole_ && is_whole;
}

}  // namespace millrace::host
