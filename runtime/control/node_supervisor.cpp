#include "runtime/control/node_supervisor.hpp"

#include "runtime/control/side_by_side.hpp"
#include "runtime/control/spawn.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace millrace::control {
namespace {

/// Until it is looked again whether a lane may begin its life.
constexpr std::chrono::seconds until_it_may_begin{1};
/// What a stop may take for lanes, shards and sinks each, before the run ends without them.
constexpr std::chrono::seconds stop_timeout{10};
constexpr std::chrono::seconds report_timeout{5};

std::vector<member> members_of(const supervisor_options& options) {
  std::vector<member> out;
  for (const auto& s : options.sinks)
    out.push_back({.name = s.name,
                   .kind = member_kind::sink,
                   .upstream = s.shard_logs,
                   .takes_dead_letters = s.takes_dead_letters});
  for (const auto& s : options.shards)
    out.push_back({.name = s.name, .kind = member_kind::shard, .log = s.log, .upstream = s.upstream});
  for (const auto& l : options.lanes)
    out.push_back({.name = l.name,
                   .kind = member_kind::lane,
                   .parser = l.parser,
                   .receivers = l.receivers,
                   .partitions = l.partitions,
                   .limits_drift = l.limits_drift});
  return out;
}

}  // namespace

node_supervisor::node_supervisor(whole_supervisor::pointer self, supervisor_options options, run_owner owner)
    : self_(self), options_(std::move(options)), owner_(std::move(owner)), director_(members_of(options_)) {
  const auto add = [&, seed = jitter_seed(*self_)](const auto& specs, member_kind what) {
    for (std::size_t i = 0; i < specs.size(); ++i)
      children_.try_emplace(specs[i].name, child{what, i, {}, life_backoff(seed + children_.size()), {}, {}});
  };
  add(options_.sinks, member_kind::sink);
  add(options_.shards, member_kind::shard);
  add(options_.lanes, member_kind::lane);
  if (options_.snapshot_writer)
    self_->monitor(options_.snapshot_writer);
  if (options_.state_keeper)
    self_->monitor(options_.state_keeper);
  self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
}

void node_supervisor::start() {
  // Receivers first: a lane finds them all.
  static_cast<void>(spawn_all(member_kind::sink) && spawn_all(member_kind::shard) &&
                    spawn_all(member_kind::lane));
}

bool node_supervisor::spawn_all(member_kind what) {
  std::vector<const std::string*> names;
  for (const auto& [name, c] : children_)
    if (c.what == what)
      names.push_back(&name);
  std::vector<expected<life>> lives(names.size());
  std::generate(lives.begin(), lives.end(), [this] { return next_life(); });
  std::vector<expected<any_actor>> made(names.size());
  std::vector<std::size_t> order(names.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto threads = what == member_kind::shard ? shared_threads(self_->system()) : 1;
  side_by_side(names.size(), threads, [&](std::size_t i) {
    made[i] = lives[i].and_then([&](const life& now) {
      return make(*names[i], children_.at(*names[i]), now, delivery::lane_log::start::at_lowest);
    });
  });
  // Failures last: with the first one the run ends, and who lives by then is stopped.
  const auto failed =
      std::stable_partition(order.begin(), order.end(), [&](std::size_t i) { return made[i].has_value(); });
  std::for_each(order.begin(), order.end(),
                [&](std::size_t i) { begin_life(*names[i], lives[i], std::move(made[i])); });
  return failed == order.end();
}

expected<life> node_supervisor::next_life() {
  return options_.next_term().map([](incarnation term) { return life(term); });
}

expected<any_actor> node_supervisor::make(const std::string& name, child& c, const life& now,
                                          delivery::lane_log::start how) const {
  const messages::supervisor me = self_;
  const auto& found = director_.found();
  if (c.what == member_kind::sink)
    return options_.sinks[c.index].spawn(now, found.feeding(name), me);
  if (c.what == member_kind::shard)
    return options_.shards[c.index].spawn(now, found.feeding(name), me);
  return options_.lanes[c.index].spawn(now, how, found.of_parser(options_.lanes[c.index].parser), c.failing,
                                       me);
}

void node_supervisor::begin_life(const std::string& name, const expected<life>& now,
                                 expected<any_actor> made) {
  if (!made)
    return carry_out(director_.could_not_begin(name, made.error()));
  auto& c = children_.at(name);
  c.handle = std::move(*made);
  c.waits.began(now_running());
  with_living(c.handle, [&](const auto& h) { self_->monitor(h); });
  carry_out(director_.began(name, *now));
}

void node_supervisor::begin_again(const std::string& name) {
  auto& c = children_.at(name);
  const auto now = next_life();
  auto made =
      now.and_then([&](const life& l) { return make(name, c, l, delivery::lane_log::start::at_furthest); });
  const bool may_wait = c.what == member_kind::lane || (!now && !director_.is_ending());
  if (may_wait && !made && made.error().retry) {
    // No failure of its own, however long the disk is full.
    spdlog::error("{} does not begin yet: {}; trying again in {} s", name, made.error().message,
                  until_it_may_begin.count());
    options_.note_restart(name);
    self_->delayed_send(self_, until_it_may_begin, restart_child{name});
    return;
  }
  begin_life(name, now, std::move(made));
}

void node_supervisor::on_restart(const std::string& name) {
  if (director_.wants(name))
    begin_again(name);
}

micros node_supervisor::now_running() const {
  return std::chrono::duration_cast<micros>(self_->clock().now().time_since_epoch());
}

void node_supervisor::begin_later(const std::string& name) {
  auto& c = children_.at(name);
  const auto wait = c.waits.failed(now_running());
  spdlog::error("{}", failure_line(name, c.last_failure, wait));
  options_.note_restart(name);
  self_->delayed_send(self_, wait, restart_child{name});
}

void node_supervisor::on_down(const caf::down_msg& m) {
  // Nobody's captures would become durable any more, and nothing would be acknowledged.
  if (has_lost(options_.snapshot_writer, m, "snapshots") ||
      has_lost(options_.state_keeper, m, "state folder"))
    return;
  const auto c = std::find_if(children_.begin(), children_.end(),
                              [&](const auto& other) { return address_of(other.second.handle) == m.source; });
  if (c == children_.end())
    return;
  c->second.handle = {};
  c->second.last_failure = self_->system().render(m.reason);
  carry_out(director_.is_down(c->first));
}

template<class Keeper>
bool node_supervisor::has_lost(Keeper& keeper, const caf::down_msg& m, const std::string& what) {
  if (!keeper || keeper.address() != m.source)
    return false;
  keeper = nullptr;
  if (!director_.has_ended())
    carry_out(director_.given_up(
        what, error{ec::internal, fault::ours, true,
                    "the thread that writes there has failed; nothing is lost: the same command goes on from "
                    "what was written last",
                    what}));
  return true;
}

void node_supervisor::on_partition_found(const messages::partition_found& m) {
  if (!director_.is_new(m.lane, m.life, m.partition))
    return;  // or it was said twice before the news got there
  self_->send(options_.state_keeper,
              messages::keep_start{m.lane, m.life, options_.lanes[children_.at(m.lane).index].parser,
                                   m.partition, m.first});
}

void node_supervisor::on_start_kept(const messages::start_kept& m) {
  if (m.failure) {
    spdlog::error("{}: partition {} was found, but where it starts could not be stored: {}; trying again",
                  m.lane, m.partition, m.failure->message);
    return;
  }
  if (!director_.is_new(m.lane, m.life, m.partition))
    return;  // it was found twice before the first answer came, or a new life finds it again
  const auto& parser = options_.lanes[children_.at(m.lane).index].parser;
  const auto reader = director_.found().next_reader(parser);
  spdlog::info("{}: found while running, read by {} from position {}", m.log, reader, m.start.at.minor);
  carry_out(director_.start({parser, m.partition, m.log, m.start, reader}));
}

void node_supervisor::on_attempt_failed(const messages::attempt_failed& m) {
  if (!director_.is_present(m.actor, m.life))
    return;
  auto& failing = children_.at(m.actor).failing;
  failing.settle(m.settled);
  failing.failed(m.what, m.error);
}

void node_supervisor::on_went_well(const messages::attempt_went_well& m) {
  if (director_.is_present(m.actor, m.life))
    children_.at(m.actor).failing.went_well(m.log, m.from);
}

void node_supervisor::on_recovered(const messages::recovered& m) {
  if (director_.is_present(m.actor, m.life))
    children_.at(m.actor).waits.recovered();
}

void node_supervisor::on_fail_child(const std::string& name) {
  if (director_.lives(name))
    tell(name, messages::fail_now{"a test said so"});
}

void node_supervisor::on_report_request(const report_reader& to) {
  report_for_.push_back(to);
  carry_out(director_.report());
}

/// What one order leads to comes behind all that were given before.
void node_supervisor::carry_out(order_list orders) {
  orders_.insert(orders_.end(), std::make_move_iterator(orders.begin()),
                 std::make_move_iterator(orders.end()));
  if (std::exchange(carrying_out_, true))
    return;
  while (!orders_.empty()) {
    const auto next = std::move(orders_.front());
    orders_.pop_front();
    carry_out(next);
  }
  carrying_out_ = false;
}

template<class Message>
void node_supervisor::tell(const std::string& name, Message m) {
  with_living(children_.at(name).handle, [&]<class Handle>(const Handle& h) {
    if constexpr (messages::takes<Handle, Message>)
      self_->send(h, std::move(m));
    else
      throw std::logic_error(fmt::format("{} is told what its kind of actor does not take", name));
  });
}

template<class Interface>
Interface node_supervisor::handle_of(const std::string& name) const {
  return as<Interface>(children_.at(name).handle);
}

void node_supervisor::carry_out(const order& o) {
  struct hands {
    node_supervisor& s;

    void operator()(const orders::tell_receiver& x) const {
      if (const auto receiver = s.handle_of<messages::frame_receiver>(x.receiver); x.lives && receiver)
        s.tell(x.to, messages::receiver_up{x.index, receiver, x.life});
      else
        s.tell(x.to, messages::receiver_down{x.index, x.life});
    }
    void operator()(const orders::tell_sender& x) const {
      if (const auto sender = s.handle_of<messages::output_sender>(x.sender))
        s.tell(x.to, messages::sender_up{x.log, sender, x.life});
    }
    void operator()(const orders::tell_dead_letter_sink& x) const {
      if (const auto sink = s.handle_of<messages::frame_receiver>(x.sink))
        s.tell(x.to, messages::receiver_up{0, sink, x.life});
    }
    void operator()(const orders::tell_log& x) const { s.tell(x.to, messages::log_found{x.log, x.start}); }
    void operator()(const orders::tell_partition& x) const {
      s.tell(x.to, messages::partition_started{x.partition, x.reader});
    }
    void operator()(const orders::tell_slowest& x) const {
      s.tell(x.to, messages::others_stand_at{x.slowest});
    }
    void operator()(const orders::tell_paused& x) const { s.tell(x.to, messages::set_paused{x.is_paused}); }
    void operator()(const orders::restart& x) const {
      s.tell(x.who, messages::fail_now{std::string(messages::restart_was_asked)});
    }
    void operator()(const orders::collect& x) const { s.tell(x.from, messages::collect_report{}); }
    void operator()(const orders::stop& x) const { s.tell(x.who, messages::stop{}); }
    void operator()(const orders::begin_life& x) const {
      if (!s.director_.lives(x.who))
        s.begin_again(x.who);
    }
    void operator()(const orders::begin_later& x) const { s.begin_later(x.who); }
    void operator()(const orders::leave_behind& x) const {
      spdlog::warn("{} does not stop; going on without it", x.who);
    }
    void operator()(const orders::wait_for_reports& x) const {
      s.self_->delayed_send(s.self_, report_timeout, report_took_too_long{x.number});
    }
    void operator()(const orders::wait_for_stops& x) const {
      s.self_->delayed_send(s.self_, stop_timeout, stop_took_too_long{x.number});
    }
    void operator()(const orders::give_report&) const {
      const report_collected all{s.director_.parts()};
      for (const auto& to : std::exchange(s.report_for_, {}))
        s.self_->send(to, all);
    }
    void operator()(const orders::end_run&) const {
      if (s.options_.snapshot_writer)
        s.self_->send(s.options_.snapshot_writer, messages::stop{});
      if (s.options_.state_keeper)
        s.self_->send(s.options_.state_keeper, messages::stop{});
      s.self_->send(s.owner_, run_ended{s.director_.finished(), s.director_.failure(), s.director_.parts()});
      s.self_->quit();
    }
  };
  std::visit(hands{*this}, o);
}

}  // namespace millrace::control
