#include "actors/node/host/view.hpp"

#include "actors/node/host/apply_worker.hpp"
#include "actors/node/host/described.hpp"
#include "actors/node/host/insight.hpp"
#include "actors/node/host/leader_desk.hpp"
#include "actors/node/host/left_batches.hpp"
#include "actors/node/host/own_coordinator.hpp"
#include "actors/node/host/probes.hpp"
#include "actors/node/host/questions.hpp"
#include "actors/node/host/whole_view.hpp"
#include "actors/observe/own_answers.hpp"
#include "runtime/base/visible_text.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace millrace::host {
namespace {

constexpr std::chrono::milliseconds waits_every{200};
/// The leader tells other nodes by then what they are asked for. A prober waits little longer.
constexpr std::chrono::milliseconds probe_patience{700};
/// Topologies that are prepared, and letters that are read: more are refused.
constexpr std::size_t most_prepared = 4;
constexpr std::size_t most_readers = 4;
constexpr int waits_a_sample = 5;
/// A client of `apply` hears so soon of a source that does not answer, and asks again by then.
constexpr std::chrono::milliseconds told_to_wait_after{700};
constexpr std::chrono::seconds given_up_after{10};

class view_shell {
public:
  view_shell(whole_view::pointer self, view_options options)
      : self_(self), options_(std::move(options)),
        others_([this](const std::string& node, std::string bytes) {
          self_->send(options_.board, send_mail{node, mail::question, std::move(bytes)});
        }),
        insight_(self, options_, others_), coordinator_(self, options_.coordinator),
        leads_(self, options_, coordinator_, insight_), left_(self, options_.store, options_.plans) {
    self_->set_down_handler([this](const caf::down_msg& m) { on_worker_down(m); });
    look();
  }

  void on_asked(const api_asked& m) {
    const auto to = [to = m.to](expected<api::answer> a) { (*to)(std::move(a)); };
    if (tell_of_this_process(m.what, to))
      return;
    if (const auto* const a = std::get_if<api::requests::apply>(&m.what))
      return prepare(a->topology, a->plan, a->state, {to, m.to});
    if (const auto* const s = std::get_if<api::requests::start>(&m.what))
      return prepare(s->topology, std::nullopt, {}, {to, m.to});
    if (observe::asks_for_letters(m.what) != nullptr)
      return read_letters(m.what, m.to);
    ask_leader(m.what, to, m.to);
  }

  // --- mail
  void on_mail(const mail_came& m) {
    if (m.kind == mail::answer)
      return others_.on_answer(m.bytes);
    auto q = decode_question(m.bytes);
    if (!q)
      return;
    const auto back = [this, from = m.from, number = q->number](const expected<api::answer>& a) {
      self_->send(options_.board, send_mail{from, mail::answer, encode_answer(number, a)});
    };
    if (const auto* const r = std::get_if<api::request>(&q->what);
        r != nullptr && tell_of_this_process(*r, back))
      return;
    leads_.lead(q->what, back, nullptr, m.from);
  }
  void on_lost(const questions_lost& m) { others_.on_lost(m.node); }
  void on_look() {
    look();
    if (++looks_ % waits_a_sample == 0) {
      if (lone_in(options_) == nullptr)
        options_.running->sample(observe::flow_meter::clock::now());
      coordinator_.describe(
          [this](const described& d) {
            if (lone_in(options_) == nullptr)
              left_.look(d);
            insight_.look_at_troubles(d);
          },
          [](const auto&) {});  // it looks again
    }
    others_.look(questions::clock::now());
    leads_.look();
    look_at_preparations(questions::clock::now());
  }
  void on_waits(const apply_waits& m) {
    if (const auto found = preparing_.find(m.number); found != preparing_.end())
      found->second.waits_for = m.why;
  }
  /// Waits for its asker, where that one was told to ask again.
  void on_prepared(const apply_prepared& m) {
    const auto found = preparing_.find(m.number);
    if (found == preparing_.end())
      return;
    found->second.outcome = m.what;
    if (found->second.asker)
      pass_on(m.number);
  }

  void on_replayed(const replay_ended& m) { leads_.on_replayed(m); }
  void on_left(const left_batches_found& m) {
    left_.found(!m.failure || !m.failure->retry);
    if (m.failure)
      spdlog::warn("replayed records of an earlier leader may not be taken in: {}", m.failure->message);
    if (!m.starts.empty())
      spdlog::info("batches of replayed records that an earlier leader has left are recorded: {}",
                   m.starts.size());
    for (const auto& start : m.starts)
      coordinator_.record({start}, [this](const node::cluster_answered& a) {
        if (a.failure)
          left_.look_again();
      });
  }
  void stop() {
    leads_.stop();
    self_->quit();
  }

private:
  using asker = leader_desk::asker;

  struct applying_asker {
    give_answer to;
    asker by;
  };
  /// A topology that is prepared, for an asker or for the next question of it.
  struct applying {
    std::string topology;
    std::optional<std::string> plan;
    std::string state;  // api::requests::apply::state
    std::optional<applying_asker> asker;
    questions::clock::time_point since;  // it has the asker, or has none
    std::shared_ptr<std::atomic<bool>> is_cancelled = std::make_shared<std::atomic<bool>>(false);
    std::string waits_for = {};
    std::optional<expected<cluster::records::topology_applied>> outcome = {};
  };
  void look() { self_->delayed_send(self_, waits_every, look_at_waits{}); }

  /// Metrics, health and what its own actors show; false where something else is asked for.
  bool tell_of_this_process(const api::request& r, const give_answer& to) {
    using namespace api::requests;
    const auto page = [this, r](const observe::cluster_standing& cluster) {
      return observe::page_of_process(r, *options_.running, cluster);
    };
    if (std::holds_alternative<metrics>(r))
      coordinator_.describe(
          [this, to, page](const described& d) {
            auto standing = standing_of(d, options_.node);
            insight_.name_own_finds(standing.topologies);
            to(*page(standing));
          },
          [this, to, page](const auto&) {
            to(*page({options_.node, false, {}, {}}));
          });
    else if (std::holds_alternative<readyz>(r))
      find_topologies([this, to, page](const api::answers::topologies& known) {
        tell_readiness(*page({options_.node, true, known, {}}), to);
      });
    else if (std::holds_alternative<healthz>(r))
      to(healthz_of_node(*page({}), is_store_silent()));
    else if (const auto alive = page({}))
      to(*alive);
    else
      return insight_.tell_own(r, to);
    return true;
  }

  [[nodiscard]] bool is_store_silent() const {
    return options_.sign && options_.sign->is_silent(store_sign::clock::now());
  }
  void tell_readiness(const api::answers::page& own, const give_answer& to) {
    const bool is_silent = is_store_silent();
    coordinator_.describe(
        [to, own, is_silent](const described& d) { to(readyz_of_node(own, is_silent, &d)); },
        [to, own, is_silent](const auto&) { to(readyz_of_node(own, is_silent, nullptr)); });
  }

  /// Gives the topologies of the cluster, from any leader; none where nobody answers in time.
  void find_topologies(const std::function<void(const api::answers::topologies&)>& then) {
    ask_of_leader(api::requests::list{}, [then](const expected<api::answer>& a) {
      const auto* const all = a ? std::get_if<api::answers::topologies>(&*a) : nullptr;
      then(all == nullptr ? api::answers::topologies{} : *all);
    });
  }
  void ask_of_leader(const api::request& what, const give_answer& to) {
    coordinator_.describe(
        [this, what, to](const described& d) {
          if (d.leads)
            leads_.answer_by(d, what, to, nullptr, options_.node);
          else if (d.leader.empty() || d.leader == options_.node)
            to(busy());
          else
            others_.ask({d.leader, what, to, nullptr, questions::clock::now() + probe_patience});
        },
        to);
  }

  // --- apply
  void prepare(const std::string& topology, const std::optional<std::string>& plan, const std::string& state,
               applying_asker asker) {
    const auto now = questions::clock::now();
    const auto known = std::ranges::find(
        preparing_, topology, [](const auto& p) -> const auto& { return p.second.topology; });
    if (known != preparing_.end() &&
        (known->second.asker || known->second.plan != plan || known->second.state != state))
      return asker.to(
          outside_error(ec::unavailable, fmt::format("another plan of {} is prepared at present; ask again",
                                                     visible(topology))));
    if (known != preparing_.end()) {
      known->second.asker = std::move(asker);
      known->second.since = now;
      return known->second.outcome ? pass_on(known->first) : void();
    }
    if (preparing_.size() >= most_prepared)
      return asker.to(busy());
    const auto number = ++numbers_;
    const auto& job =
        preparing_.emplace(number, applying{topology, plan, state, std::move(asker), now}).first->second;
    const auto worker = spawn_apply_worker(
        self_->system(), {options_, topology, plan, state, number, job.is_cancelled}, whole_view(self_));
    self_->monitor(worker);
    workers_[worker.address()] = number;
    self_->send(worker, prepare_now{});
  }
  void pass_on(std::uint64_t number) {
    const auto done = preparing_.extract(number);
    const auto& [to, by] = *done.mapped().asker;
    const auto& what = *done.mapped().outcome;
    what ? ask_leader(*what, to, by) : to(unexpected(what.error()));
  }
  /// Tells for what is waited, and gives up what nobody asks for any more.
  void look_at_preparations(questions::clock::time_point now) {
    for (auto p = preparing_.begin(); p != preparing_.end();) {
      auto& job = p->second;
      if (job.asker && !job.waits_for.empty() && now - job.since >= told_to_wait_after) {
        std::exchange(job.asker, std::nullopt)->to(api::answers::applied{0, false, job.waits_for});
        job.since = now;
      }
      if (job.asker || now - job.since < given_up_after) {
        ++p;
        continue;
      }
      job.is_cancelled->store(true);
      spdlog::info("topology {} is not applied: its client does not ask any more", job.topology);
      p = preparing_.erase(p);
    }
  }
  void on_worker_down(const caf::down_msg& m) {
    if (const auto reader = readers_.extract(m.source); !reader.empty() && m.reason)
      (*reader.mapped())(our_error("the dead letters could not be read: this node has failed in it"));
    leads_.on_down(m);
    const auto number = workers_.extract(m.source);
    if (!number.empty() && m.reason)
      on_prepared(
          {number.mapped(), our_error("the topology could not be prepared: this node has failed in it")});
  }

  /// Every node reaches the store, so nobody else is asked.
  void read_letters(const api::request& what, const asker& by) {
    if (readers_.size() >= most_readers)
      return (*by)(busy());
    const auto reader = spawn_letter_reader(self_->system(), options_.letters, what, by);
    self_->monitor(reader);
    readers_[reader.address()] = by;
    self_->send(reader, read_letters_now{});
  }

  // --- asking the leader
  void ask_leader(question_content what, const give_answer& to, const asker& by) {
    coordinator_.describe(
        [this, what = std::move(what), to, by](const described& d) {
          if (d.leads)
            return leads_.lead(what, to, by, options_.node);
          if (const auto* const r = std::get_if<api::request>(&what);
              r != nullptr && std::holds_alternative<api::requests::status>(*r))
            return tell_status(d, to);
          if (d.leader.empty() || d.leader == options_.node)
            return to(outside_error(ec::unavailable, "the cluster has no leader yet; ask again"));
          others_.ask({d.leader, what, to, by});
        },
        to);
  }

  /// Asks the leader, which knows the session of a node that does not lead.
  void tell_status(const described& d, const give_answer& to) {
    ask_of_leader(api::requests::nodes{}, [to, me = options_.node, cluster = d.cluster,
                                           leader = d.leader](const expected<api::answer>& a) {
      api::answers::status out{cluster, me, 0, leader};
      if (const auto* const all = a ? std::get_if<api::answers::nodes>(&*a) : nullptr)
        for (const auto& n : all->all)
          if (n.name == me)
            out.session = n.session;
      to(std::move(out));
    });
  }

  whole_view::pointer self_;
  view_options options_;
  std::uint64_t numbers_ = 0;
  std::uint64_t looks_ = 0;
  std::map<std::uint64_t, applying> preparing_;
  std::map<caf::actor_addr, std::uint64_t> workers_;
  std::map<caf::actor_addr, asker> readers_;  // readers of dead letters
  questions others_;
  insight insight_;
  own_coordinator coordinator_;
  leader_desk leads_;
  left_batches left_;
};

whole_view::behavior_type view_behaviour(whole_view::stateful_pointer<std::optional<view_shell>> self,
                                         const std::shared_ptr<view_options>& options) {
  auto* const state = &self->state.emplace(self, std::move(*options));
  return {
      [=](const mail_came& m) { state->on_mail(m); },
      [=](const questions_lost& m) { state->on_lost(m); },
      [=](const api_asked& m) { state->on_asked(m); },
      [=](const messages::stop&) { state->stop(); },
      [=](const replay_ended& m) { state->on_replayed(m); },
      [=](const left_batches_found& m) { state->on_left(m); },
      [=](const look_at_waits&) { state->on_look(); },
      [](const record_traced& m) { m.to(m.with); },
      [=](const apply_waits& m) { state->on_waits(m); },
      [=](const apply_prepared& m) { state->on_prepared(m); },
  };
}

class request_way final : public api::cluster_view {
public:
  explicit request_way(view_actor view) : view_(std::move(view)) {}
  void ask(api::request what, api::reply to) override {
    caf::anon_send(view_, api_asked{std::move(what), std::make_shared<const api::reply>(std::move(to))});
  }

private:
  view_actor view_;
};

}  // namespace

view_actor spawn_view(caf::actor_system& system, view_options options) {
  return system.spawn(view_behaviour, std::make_shared<view_options>(std::move(options)));
}

std::unique_ptr<api::cluster_view> requests_to(view_actor view) {
  return std::make_unique<request_way>(std::move(view));
}

}  // namespace millrace::host
