// A lane-like sender and a shard-like receiver with the real cores of the frame protocol (lane_log and credit,
// intake), for tests of links. The log "p/N" holds a letter at each position from 0 on.
#pragma once

#include "actors/stream/lane/partition_receivers.hpp"
#include "runtime/delivery/intake.hpp"
#include "runtime/messages/plain_message.hpp"
#include "tests/unit/link_actor/edge_messages.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

namespace millrace::link::test {

/// Sent by the test: form frames, as far as credit goes.
struct go_on {};
/// The lane ends when its receiver has everything.
struct quit_when_done {};

struct model_lane {
  std::size_t credit = 4000;
  life now{1};
  std::int64_t until = 0;  // letters of a log
  std::size_t letter = 50;
  std::map<log_id, lane::partition_receivers> logs;
  std::map<log_id, bool> introduced;
  messages::frame_receiver receiver;
  std::vector<std::weak_ptr<const delivery::lane_frame>> sent;
  int downs = 0, answers = 0;
  bool quits = false;

  explicit model_lane(int number_of_logs) {
    for (int i = 0; i < number_of_logs; ++i)
      logs.try_emplace("p/" + std::to_string(i), 1, delivery::lane_log::start::at_lowest);
  }
  [[nodiscard]] bool is_done() const {
    for (const auto& [log, p] : logs)
      if (!p.durable() || p.durable()->minor < until)
        return false;
    return true;
  }
  [[nodiscard]] std::size_t alive() const {
    std::size_t n = 0;
    for (const auto& f : sent)
      n += !f.expired();
    return n;
  }
};
using lane_model = messages::frame_sender::extend<caf::reacts_to<messages::receiver_up>,
                                                  caf::reacts_to<messages::receiver_down>,
                                                  caf::reacts_to<go_on>, caf::reacts_to<quit_when_done>>;

/// Every third frame is progress alone, which needs no credit.
inline void form_frames(lane_model::pointer self, model_lane& l) {
  if (!l.receiver)
    return;
  for (auto& [log, p] : l.logs)
    while (p.log().known() && p.may_send(l.credit) && p.log().at().at.minor < l.until) {
      const auto from = p.log().at().at.minor;
      const auto to = std::min(from + 1 + from % 5, l.until);
      auto m = from % 3 == 2 ? progress(log, {}, from, to) : letters(log, {}, from, to, l.letter);
      auto f = *m.frame;
      f.stamp = p.sends(0, f.bytes);
      m = frame_of(std::move(f));
      m.from = self;
      l.sent.push_back(m.frame);
      self->send(l.receiver, m);
      p.advance({{0, to}, to});
    }
}

inline lane_model::behavior_type lane_model_behaviour(lane_model::pointer self,
                                                      const std::shared_ptr<model_lane>& l) {
  const auto ask = [=](const log_id& log) {
    l->logs.at(log).ask(0);
    if (l->receiver)
      self->send(l->receiver, messages::ask_position{log, l->now, 0, self});
  };
  return {
      [=](const messages::position_answered& m) {
        ++l->answers;
        if (m.answer)
          static_cast<void>(l->logs.at(m.log).answered(0, *m.answer));
        form_frames(self, *l);
      },
      [=](const messages::credit_returned& m) {
        if (l->logs.at(m.log).returned(0, m.stamp, m.bytes))
          form_frames(self, *l);
      },
      [=](const messages::ask_again& m) { ask(m.log); },
      [=](const messages::acknowledged& m) {
        l->logs.at(m.log).acknowledged(0, m.below);
        if (l->quits && l->is_done())
          self->quit();
      },
      [=](const messages::receiver_up& m) {
        l->receiver = m.handle;
        for (auto& [log, p] : l->logs) {
          p.mark_present(0, true);
          ask(log);
        }
      },
      [=](const messages::receiver_down&) {
        ++l->downs;
        l->receiver = nullptr;
        for (auto& [log, p] : l->logs)
          p.mark_present(0, false);
      },
      [=](const go_on&) { form_frames(self, *l); },
      [=](const quit_when_done&) {
        l->quits = true;
        if (l->is_done())
          self->quit();
      },
  };
}

struct model_receiver {
  life now;
  delivery::intake in;
  std::map<log_id, std::vector<std::int64_t>> letters;  // their positions, as they came
  bool broken = false;
  bool takes = true;  // else it keeps what comes, as a receiver does whose queue stands still
  std::vector<messages::take_frame> kept;

  model_receiver(const life& of, int number_of_logs) : now(of), in(of) {
    for (int i = 0; i < number_of_logs; ++i)
      in.add_log("p/" + std::to_string(i), {{0, 0}, 0});
  }
};
using receiver_model = messages::frame_receiver::extend<caf::reacts_to<go_on>>;

inline void take_in(receiver_model::pointer self, model_receiver& r, const messages::take_frame& m) {
  using outcome = delivery::intake::outcome;
  const auto what = r.in.offer(*m.frame);
  r.broken = r.broken || what == outcome::broken || what == outcome::held;
  if (const auto* found = std::get_if<delivery::letters_ptr>(&m.frame->content);
      found && what == outcome::taken)
    for (const auto& letter : **found)
      r.letters[m.frame->log].push_back(letter.at.minor);
  if (m.frame->bytes != 0)
    self->send(m.from, messages::credit_returned{m.frame->log, m.receiver, m.frame->stamp, m.frame->bytes});
  if (what == outcome::taken)
    self->send(m.from, messages::acknowledged{m.frame->log, m.receiver, m.frame->to});
}

inline receiver_model::behavior_type receiver_model_behaviour(receiver_model::pointer self,
                                                              const std::shared_ptr<model_receiver>& r) {
  return {
      [=](const messages::ask_position& m) {
        const auto answer = r->in.ask(m.log, m.lane);
        self->send(m.from, messages::position_answered{m.log, m.receiver, answer});
        if (answer)
          self->send(m.from, messages::acknowledged{m.log, m.receiver, answer->have.at});
      },
      [=](const messages::take_frame& m) {
        if (r->takes)
          take_in(self, *r, m);
        else
          r->kept.push_back(m);
      },
      [=](const go_on&) {
        r->takes = true;
        for (const auto& m : std::exchange(r->kept, {}))
          take_in(self, *r, m);
      },
  };
}

}  // namespace millrace::link::test
