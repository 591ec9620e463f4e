#include "actors/link/stand_in.hpp"

#include "actors/link/edge_header.hpp"
#include "actors/link/outgoing_messages.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>

namespace millrace::link {
namespace {

using whole = whole_stand_in;

/// Its `from` is where answers go.
template<class M>
constexpr bool has_handle =
    std::is_same_v<M, messages::ask_position> || std::is_same_v<M, messages::take_frame> ||
    std::is_same_v<M, messages::resume_output>;

class standing_in {
public:
  standing_in(whole::pointer self, stand_in_options options, link_handle link)
      : self_(self), options_(std::move(options)), link_(std::move(link)), reader_(options_.window) {}

  void send(messages::edge_message m) {
    outgoing_.push(std::move(m));
    pump();
  }
  void on_answered(std::size_t bytes) {
    outgoing_.answered(bytes);
    pump();
  }
  void on_came(const piece& bytes) {
    auto m = reader_.read(bytes.bytes);
    if (!m)
      return self_->send(link_, edge_broken{options_.number, m.error()});
    std::visit([&](auto& x) { give(std::move(x)); }, *m);
  }

private:
  void pump() {
    while (auto item = outgoing_.next()) {
      auto bytes = messages::encode_message(item->what);
      // Messages that are always taken are small; a log may have a long name.
      const bool is_too_long = bytes.size() + sizeof(edge_header) > options_.longest_answer;
      const auto kind = is_too_long ? kind::content : item->how.kind;
      message m{options_.edge, item->how.stamp, kind, with_header(options_.of, std::move(bytes)),
                item->how.about};
      outgoing_.sent(size_of(m.bytes));
      self_->send(link_, send_on_edge{options_.number, std::move(m)});
    }
  }

  /// Sends the message to the local actor, where the edge's interface has such a message.
  template<class M>
  void give(M m) {
    if constexpr (has_handle<M>)
      m.from = self_;
    if constexpr (std::is_same_v<M, messages::credit_returned>)
      if (!credit_.take_apart(m))
        return;
    const bool given = std::visit(
        [&]<class Handle>(const Handle& local) {
          if constexpr (messages::takes<Handle, M>)
            self_->send(local, std::move(m));
          return messages::takes<Handle, M>;
        },
        options_.local);
    if (!given)
      self_->send(link_,
                  edge_broken{options_.number,
                              fatal_error(ec::corrupt, fmt::format("a message on edge {} goes the wrong "
                                                                   "way",
                                                                   options_.edge))
                                  .value()});
  }

  whole::pointer self_;
  stand_in_options options_;
  link_handle link_;
  messages::message_reader reader_;
  outgoing_messages outgoing_;
  credit_totals credit_;
};

whole::behavior_type stand_in_behaviour(whole::stateful_pointer<std::optional<standing_in>> self,
                                        stand_in_options options, link_handle link) {
  auto* const state = &self->state.emplace(self, std::move(options), std::move(link));
  return {
      [=](const messages::ask_position& m) { state->send(m); },
      [=](const messages::take_frame& m) { state->send(m); },
      [=](const messages::position_answered& m) { state->send(m); },
      [=](const messages::credit_returned& m) { state->send(m); },
      [=](const messages::ask_again& m) { state->send(m); },
      [=](const messages::acknowledged& m) { state->send(m); },
      [=](const messages::resume_output& m) { state->send(m); },
      [=](const messages::furthest_known& m) { state->send(m); },
      [=](const messages::output_taken& m) { state->send(m); },
      [=](const messages::output_acknowledged& m) { state->send(m); },
      [=](const messages::output& m) { state->send(m); },
      [=](const messages::output_resumed& m) { state->send(m); },
      [=](const edge_came& m) { state->on_came(m.message); },
      [=](const edge_answered& m) { state->on_answered(m.bytes); },
      [=](const edge_over&) { self->quit(); },
  };
}

}  // namespace

whole_stand_in spawn_stand_in(caf::actor_system& system, stand_in_options options, link_handle link) {
  return system.spawn(stand_in_behaviour, std::move(options), std::move(link));
}

}  // namespace millrace::link
