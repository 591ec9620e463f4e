#include "actors/link/link_actor.hpp"

#include "actors/link/notes.hpp"
#include "actors/link/stand_in.hpp"
#include "runtime/base/backoff.hpp"
#include "runtime/control/actor_error.hpp"
#include "runtime/link/edge_numbers.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>

namespace millrace::link {
namespace {

using whole_link = link_handle;

/// The longest registration, and something beside it. An honest node waits for answers before it says more.
constexpr std::size_t most_mail_waiting = std::size_t{64} << 20;

/// A node that restarts is met within the longest.
constexpr backoff_options between_tries{
    .first = std::chrono::milliseconds(100), .longest = std::chrono::seconds(2), .jitter = 0};
/// A peer that was refused is tried again so much later: somebody has to mend a configuration.
constexpr micros after_refusal = std::chrono::seconds(5);

class carrier {
public:
  carrier(whole_link::pointer self, link_options options)
      : self_(self), owner_(std::move(options.owner)), peer_(options.link.peer), bounds_(options.link.bounds),
        clock_(options.clock), tick_every_(options.tick_every), link_([&] {
          options.link.join = join_note_bytes;
          return std::move(options.link);
        }()),
        edges_(bounds_), way_(options.make_transport(self->system(), self)) {
    self_->set_down_handler([this](const caf::down_msg& m) { on_end_is_over(m); });
    on_tick();
  }

  // --- the way
  void on_way_opened() {
    state_ = way_state::open;
    without_session_since_ = now().steady;
    change([&](link_effect_list& out) { link_.connected(now(), out); });
  }
  void on_way_closed() {
    lose_way([&](link_effect_list& out) { link_.closed(now(), out); });
  }
  void on_way_refused() {
    lose_way([&](link_effect_list& out) { link_.connection_refused(now(), out); });
  }
  void on_whole(const piece& bytes) {
    change([&](link_effect_list& out) { link_.received(now(), bytes, out); });
  }
  void on_tick() {
    self_->delayed_send(self_, tick_every_, link_tick{});
    if (state_ == way_state::closed && now().steady >= next_try_) {
      state_ = way_state::opening;
      self_->send(way_, open_way{});
    }
    change([&](link_effect_list& out) { link_.tick(now(), out); });
    give_up_a_way_without_session();
  }

  // --- the owner
  void on_local_up(const local_up& m) {
    locals_[m.edge] = {m.handle, m.window};
    const bool hears_first = std::holds_alternative<messages::frame_receiver>(m.handle) ||
                             std::holds_alternative<messages::output_sender>(m.handle);
    change_edges([&](auto& effects) { edges_.local_up(m.edge, m.now, hears_first, effects); });
  }
  void on_local_down(const local_down& m) {
    change_edges([&](auto& effects) { edges_.local_down(m.edge, m.last, effects); });
  }
  void on_remote_up(const remote_up& m) {
    change_edges([&](auto& effects) { edges_.remote_up(m.edge, m.now, effects); });
  }
  void on_remote_down(const remote_down& m) {
    change_edges([&](auto& effects) { edges_.remote_down(m.edge, m.last, effects); });
  }
  void on_mail(const send_mail& m) {
    if (!link_.is_open())
      return;
    put({0, {mail_edge, {}, kind::content, {make_piece(m.bytes)}}});
    if (waiting_mail_ > most_mail_waiting)
      leave(our_error("more mail waits than may").value());
  }
  void on_nodes(const nodes_known& m) { link_.know(m.others); }
  void on_plans(const plans_changed& m) { link_.has_plans(m.plans); }
  void on_stop() {
    for (const auto& [number, end] : ends_)
      self_->send(end, edge_over{});
    self_->send(way_, messages::stop{});
    self_->quit();
  }

  // --- ends of edges
  void on_send(const send_on_edge& m) {
    if (edges_.is_current(m.what.edge, m.from))
      put({m.from, m.what});
  }
  void on_broken(const edge_broken& m) {
    if (ends_.contains(m.end))
      leave(m.why);
  }

private:
  struct waiting_message {
    end_number from = 0;  // 0: the owner
    message what;
  };
  struct local {
    local_end handle;
    std::optional<window::definition> window;
  };
  enum class way_state : std::uint8_t { closed, opening, open };

  [[nodiscard]] moment now() const {
    const auto steady = std::chrono::duration_cast<micros>(self_->clock().now().time_since_epoch());
    return {steady, clock_->now()};
  }
  void tell(link_news what) { self_->send(owner_, link_told{peer_, std::move(what)}); }
  void leave(error why) {
    change([&](link_effect_list& out) { link_.leave(std::move(why), out); });
  }
  template<class F>
  void lose_way(F how) {
    state_ = way_state::closed;
    next_try_ = std::max(next_try_, now().steady + waits_.next());
    change(how);
  }

  /// A way on which the two ends do not find each other is given up, for any fault: another one may be
  /// better.
  void give_up_a_way_without_session() {
    const auto at = now().steady;
    if (state_ != way_state::open || link_.is_open() || at - without_session_since_ < 2 * bounds_.lost_after)
      return;
    without_session_since_ = at;
    self_->send(way_, close_way{});
  }

  /// Changes the link by `what`, then runs the effects; effects of effects are queued.
  template<class F>
  void change(F what) {
    link_effect_list out;
    what(out);
    todo_.push_back(std::move(out));
    if (std::exchange(is_running_, true))
      return;
    for (; !todo_.empty(); todo_.pop_front())
      run(todo_.front());
    is_running_ = false;
  }
  void run(link_effect_list& out) {
    for (auto& bytes : out.bytes)
      self_->send(way_, send_whole{std::move(bytes)});
    for (auto& e : out.others)
      std::visit([&](auto& x) { run(x); }, e);
    for (const auto edge : out.room)
      put_waiting(edge);
    if (!out.room.empty())
      change([&](link_effect_list& more) { link_.flush(more); });
  }

  void run(delivered& m) {
    if (m.edge == mail_edge)
      return tell(mail_came{std::string(m.bytes.bytes)});
    edge_effect_list effects;
    const auto come = edges_.arrived(m.edge, m.bytes, effects);
    run(effects);
    if (!come)
      leave(come.error());
  }
  void run(session_opened& e) {
    waits_.reset();
    tell(std::move(e));
    change_edges([&](auto& effects) { edges_.session_opened(effects); });
  }
  void run(session_ended& e) {
    without_session_since_ = now().steady;
    waiting_.clear();
    waiting_mail_ = 0;
    tell(std::move(e));
    change_edges([&](auto& effects) { edges_.session_ended(effects); });
  }
  void run(standing_changed& e) { tell(e); }
  void run(peer_warned& e) { tell(std::move(e)); }
  void run(peer_refused& e) {
    next_try_ = now().steady + after_refusal;
    self_->send(way_, close_way{});
    tell(std::move(e));
  }

  template<class F>
  void change_edges(F what) {
    edge_effect_list effects;
    what(effects);
    run(effects);
  }
  void run(const edge_effect_list& effects) {
    for (const auto& a : effects)
      std::visit([&](const auto& x) { run(x); }, a);
  }
  void run(const edge_effects::begin& a) {
    const auto& l = locals_.at(a.edge);
    auto end = spawn_stand_in(self_->system(),
                              {a.edge, a.end, a.of, l.handle, l.window, bounds_.longest_answer}, self_);
    self_->monitor(end);
    by_address_[end.address()] = a.end;
    ends_.emplace(a.end, std::move(end));
  }
  void run(const edge_effects::stop& a) {
    if (const auto end = ends_.find(a.end); end != ends_.end())
      self_->send(end->second, edge_over{});
  }
  void run(const edge_effects::deliver& a) {
    if (const auto end = ends_.find(a.end); end != ends_.end())
      self_->send(end->second, edge_came{a.message});
  }
  void run(const edge_effects::tell_up& a) { tell(stand_in_up{a.edge, ends_.at(a.end), a.remote}); }
  void run(const edge_effects::tell_down& a) { tell(stand_in_down{a.edge, a.remote}); }

  /// An end that fails takes the session with it: what it had is lost.
  void on_end_is_over(const caf::down_msg& m) {
    const auto at = by_address_.extract(m.source);
    if (at.empty())
      return;
    ends_.erase(at.mapped());
    if (m.reason)
      leave(our_error(fmt::format("a stand-in has failed: {}", control::words_of(m.reason))).value());
    change_edges([&](auto& effects) { edges_.is_over(at.mapped(), effects); });
  }

  // --- outgoing
  /// Sends the message after those that wait at its edge.
  void put(waiting_message m) {
    const auto edge = m.what.edge;
    if (const auto at = waiting_.find(edge); at != waiting_.end() || !take(m)) {
      waiting_mail_ += edge == mail_edge ? size_of(m.what.bytes) : 0;
      waiting_[edge].push_back(std::move(m));
    }
    change([&](link_effect_list& out) { link_.flush(out); });
  }
  /// Returns false if there is no room; the link says when there is.
  [[nodiscard]] bool take(waiting_message& m) {
    const auto edge = m.what.edge;
    const auto bytes = size_of(m.what.bytes);
    switch (link_.send(std::move(m.what))) {
    case taken::no_room:
      return false;
    case taken::too_long:
      tell(message_lost{edge, our_error(fmt::format("a message of {} bytes is too long for a link: a record "
                                                    "or a row is",
                                                    bytes))
                                  .value()});
      break;
    case taken::queued:
    case taken::joined:
    case taken::no_session:
      break;
    }
    if (const auto end = ends_.find(m.from); end != ends_.end())
      self_->send(end->second, edge_answered{bytes});
    return true;
  }
  void put_waiting(edge_id edge) {
    const auto at = waiting_.find(edge);
    if (at == waiting_.end())
      return;
    auto& queue = at->second;
    while (!queue.empty()) {
      const auto bytes = size_of(queue.front().what.bytes);
      if (!take(queue.front()))
        return;
      waiting_mail_ -= edge == mail_edge ? bytes : 0;
      queue.pop_front();
    }
    waiting_.erase(at);
  }

  whole_link::pointer self_;
  link_owner owner_;
  std::string peer_;
  limits bounds_;
  const wall_clock* clock_;
  micros tick_every_;
  node_link link_;
  edge_table edges_;
  transport way_;
  way_state state_ = way_state::closed;
  backoff waits_{between_tries, 0};
  micros next_try_{0};
  micros without_session_since_{0};  // counts while the way is open and there is no session
  std::map<edge_id, local> locals_;
  std::map<end_number, whole_stand_in> ends_;
  std::map<caf::actor_addr, end_number> by_address_;
  std::map<edge_id, std::deque<waiting_message>> waiting_;  // messages that found no room, in order
  std::size_t waiting_mail_ = 0;                            // bytes of it on mail_edge
  std::deque<link_effect_list> todo_;
  bool is_running_ = false;
};

whole_link::behavior_type link_behaviour(whole_link::stateful_pointer<std::optional<carrier>> self,
                                         link_options options) {
  auto* const state = &self->state.emplace(self, std::move(options));
  return {
      [=](const way_opened&) { state->on_way_opened(); },
      [=](const way_closed&) { state->on_way_closed(); },
      [=](const way_refused&) { state->on_way_refused(); },
      [=](const whole_came& m) { state->on_whole(m.bytes); },
      [=](const local_up& m) { state->on_local_up(m); },
      [=](const local_down& m) { state->on_local_down(m); },
      [=](const remote_up& m) { state->on_remote_up(m); },
      [=](const remote_down& m) { state->on_remote_down(m); },
      [=](const send_mail& m) { state->on_mail(m); },
      [=](const nodes_known& m) { state->on_nodes(m); },
      [=](const plans_changed& m) { state->on_plans(m); },
      [=](const send_on_edge& m) { state->on_send(m); },
      [=](const edge_broken& m) { state->on_broken(m); },
      [=](const link_tick&) { state->on_tick(); },
      [=](const messages::stop&) { state->on_stop(); },
  };
}

}  // namespace

link_handle spawn_link(caf::actor_system& system, link_options options) {
  return system.spawn(link_behaviour, std::move(options));
}

}  // namespace millrace::link
