#include "actors/node/host/event_keeper.hpp"

#include "runtime/control/spawn.hpp"
#include "runtime/snapshot/merged_snapshots.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <utility>

namespace millrace::host {
namespace {

constexpr std::chrono::seconds again_after{5};

class event_book {
public:
  explicit event_book(std::shared_ptr<node::chain_store> store) : store_(std::move(store)) {}

  /// False: it is to be tried again.
  bool note(const note_events& m) {
    if (m.by && (!mine_ || *mine_ != *m.by)) {
      chain_.reset();
      mine_ = m.by;
      is_over_ = false;
    }
    if (is_over_)
      return true;
    observe::add_events(all_, m.what);
    observe::add_events(unwritten_, m.what);
    return write();
  }
  bool write() {
    if (!mine_ || unwritten_.empty())
      return true;
    auto done = open().and_then([&] { return append(); });
    if (done)
      return true;
    chain_.reset();
    if (done.error().code == ec::fenced) {  // another process leads, and reads what is there
      is_over_ = true;
      unwritten_.clear();
      return true;
    }
    // Another process may be about to open it: one that leads from now on.
    const bool is_contested = done.error().code == ec::locked && told_.empty();
    if (std::exchange(told_, done.error().message) != done.error().message && !is_contested)
      spdlog::warn("events are not kept in {} yet: {}", store_->shown(), done.error().message);
    return false;
  }
  [[nodiscard]] events_told tell() const { return {{all_}}; }

private:
  expected<void> open() {
    if (chain_)
      return {};
    ASSIGN_OR_RETURN(auto opened, store_->open(node::events_of_cluster(), mine_->term));
    ASSIGN_OR_RETURN(auto found, opened->read());
    std::vector<observe::event> all;
    for (const auto& record : chain::records_of(std::move(found)))
      observe::add_events(all, observe::events_in(record));
    observe::add_events(all, unwritten_);
    all_ = std::move(all);
    chain_ = std::move(opened);
    return {};
  }
  expected<void> append() {
    RETURN_IF_ERROR(chain_->append(observe::lines_of(unwritten_), false));
    unwritten_.clear();
    told_.clear();
    return snapshot::append_base_if_due(*chain_, [&] { return observe::lines_of(all_); });
  }

  std::shared_ptr<node::chain_store> store_;
  node::opened_chain chain_;
  std::optional<cluster::epoch> mine_;
  bool is_over_ = false;  // another process has opened it
  std::vector<observe::event> all_;
  std::vector<observe::event> unwritten_;
  std::string told_;  // the last error that was logged
};

event_keeper::behavior_type keeper_behaviour(event_keeper::stateful_pointer<std::optional<event_book>> self,
                                             const std::shared_ptr<node::chain_store>& store) {
  auto* const keeper = &self->state.emplace(store);
  // One try is on its way at most, however many events come meanwhile.
  const auto again = [self, waits = std::make_shared<bool>(false)](bool is_done, bool was_due = false) {
    if (was_due)
      *waits = false;
    if (!is_done && !std::exchange(*waits, true))
      self->delayed_send(self, again_after, write_events_again{});
  };
  return {
      [=](const note_events& m) { again(keeper->note(m)); },
      [=](const tell_events&) { return keeper->tell(); },
      [=](const write_events_again&) { again(keeper->write(), true); },
      [=](const messages::stop&) { self->quit(); },
  };
}

}  // namespace

event_keeper spawn_event_keeper(caf::actor_system& system, std::shared_ptr<node::chain_store> store) {
  return control::spawn_blocking(system, keeper_behaviour, std::move(store));
}

}  // namespace millrace::host
