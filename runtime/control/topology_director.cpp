#include "runtime/control/topology_director.hpp"

#include "runtime/base/shard_name.hpp"
#include "runtime/delivery/giving_up.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::control {
namespace {

template<class T, class Variant>
constexpr bool is_alternative = false;
template<class T, class... Each>
constexpr bool is_alternative<T, std::variant<Each...>> = (std::is_same_v<T, Each> || ...);

std::map<std::string, member> by_name(const std::vector<member>& all) {
  std::map<std::string, member> out;
  for (const auto& m : all)
    out.emplace(m.name, m);
  return out;
}

}  // namespace

topology_director::topology_director(topology_director_options options)
    : topology_(std::move(options.topology)), log_of_(std::move(options.log_of)),
      planned_(std::move(options.planned)), give_up_crashes_(std::move(options.give_up_crashes)),
      is_alone_(options.is_alone), members_(by_name(options.members)),
      director_(options.members, options.is_alone) {}

// --- records that count

topology_effect_list topology_director::on_state(const cluster::topology_state& s) {
  topology_effect_list out;
  state_ = s;
  if (has_ended_)
    return out;
  has_directed_ = has_directed_ || s.is_active();
  run(director_.set_paused(s.is_paused), out);
  begin_starts(out);
  end_lost_lives(out);
  for (auto at = preparing_.begin(); at != preparing_.end();) {
    const auto& [node, what] = at->second;
    if (!is_recorded(what.give_up)) {
      ++at;
      continue;
    }
    out.emplace_back(topology_effects::send{node, prepared(what)});
    at = preparing_.erase(at);
  }
  switch (s.status) {
  case cluster::topology_status::running:
    break;
  case cluster::topology_status::stopping:
    run(director_.end(), out);
    break;
  case cluster::topology_status::failed:
  case cluster::topology_status::stopped:
  case cluster::topology_status::finished:
    has_ended_ = true;
    if (!has_directed_) {
      out.emplace_back(topology_effects::was_over{});
      break;
    }
    out.emplace_back(topology_effects::ended{
        s.status == cluster::topology_status::finished,
        s.status == cluster::topology_status::failed
            ? std::optional(error{ec::internal, fault::outside, false, s.why, s.failed_actor})
            : std::nullopt,
        parts()});
    break;
  }
  return out;
}

/// Starts that are recorded and not yet known: their receivers and lanes are told.
void topology_director::begin_starts(topology_effect_list& out) {
  for (const auto& [name, start] : state_.starts) {
    promised_.erase(name);
    if (!planned_.contains(name) && !director_.found().knows(name.parser, name.partition))
      run(director_.start({name.parser, name.partition, start.log, start.start, start.lane}), out);
  }
}

bool topology_director::is_recorded(const std::vector<delivery::verdict>& all) const {
  return std::ranges::all_of(all, [&](const auto& v) { return state_.verdicts.contains({v.log, v.at}); });
}

// --- lives

void topology_director::on_began(const std::string& node, const actor_began& m, topology_effect_list& out) {
  // A node that has not heard yet of its successor goes on with it: that life's news do not matter any more.
  // Its own place may be heard of later than this.
  if (!members_.contains(m.actor) || has_successor(m.actor, m.now))
    return;
  const auto known = lives_.find(m.actor);
  const auto is_known = known != lives_.end() && m.now <= known->second.second;
  if (is_known && (m.now != known->second.second || !director_.lives(m.actor)))
    return;
  if (is_known)
    return run(director_.introduce_again(m.actor), out);
  // Its node has begun a further life without a word of the former one's end.
  if (director_.lives(m.actor))
    run(director_.is_down(m.actor), out);
  lives_[m.actor] = {node, m.now};
  run(director_.began(m.actor, m.now), out);
  all_have_lived_ = all_have_lived_ ||
                    std::ranges::all_of(members_, [&](const auto& x) { return director_.lives(x.first); });
}

void topology_director::on_over(const std::string& actor, const life& last, topology_effect_list& out) {
  const auto known = lives_.find(actor);
  if (known == lives_.end() || known->second.second > last || !director_.lives(actor))
    return;
  run(director_.is_down(actor), out);
}

void topology_director::on_failed(const actor_failed& m, topology_effect_list& out) {
  if (!members_.contains(m.actor) || has_successor(m.actor, m.last))
    return;
  const bool is_refused = m.why.code == ec::fenced && director_.is_present(m.actor, m.last);
  run(is_refused ? director_.fenced(m.actor, m.last, m.why) : director_.could_not_begin(m.actor, m.why), out);
}

bool topology_director::has_successor(const std::string& actor, const life& l) const {
  const auto placed = state_.actors.find(actor);
  return placed != state_.actors.end() && placed->second.at && placed->second.at->term > l.term;
}

/// An actor that has another place, or none, lives no more where it was: that node may say nothing of it.
void topology_director::end_lost_lives(topology_effect_list& out) {
  std::vector<std::string> lost;
  for (const auto& [actor, at] : lives_) {
    const auto placed = state_.actors.find(actor);
    const bool has_no_place = placed != state_.actors.end() && !placed->second.at;
    if (director_.lives(actor) && (has_no_place || has_successor(actor, at.second)))
      lost.push_back(actor);
  }
  for (const auto& actor : lost)
    on_over(actor, lives_.at(actor).second, out);
}

// --- news of nodes

topology_effect_list topology_director::on_message(const std::string& node, const to_director& m) {
  topology_effect_list out;
  if (has_ended_)
    return out;
  if (const auto* const p = std::get_if<prepare_life>(&m))
    on_prepare(node, *p, out);
  else if (const auto* const b = std::get_if<actor_began>(&m))
    on_began(node, *b, out);
  else if (const auto* const o = std::get_if<actor_over>(&m))
    on_over(o->actor, o->last, out);
  else if (const auto* const f = std::get_if<actor_failed>(&m))
    on_failed(*f, out);
  else
    on_news(std::get<actor_said>(m).what, out);
  return out;
}

/// Returns the verdicts that are not recorded yet.
std::vector<delivery::verdict> topology_director::verdicts_on_crashes(const std::string& lane) const {
  const auto a = state_.actors.find(lane);
  if (a == state_.actors.end() || !give_up_crashes_.contains(lane))
    return {};
  std::vector<delivery::crash_on_records> crashes;
  for (const auto& c : a->second.crashes)
    if (c.records)
      crashes.push_back({*c.records, (is_alone_ ? std::string() : fmt::format("node {}, ", c.node)) +
                                         std::string(delivery::name_of_signal(c.signal))});
  return delivery::verdicts_on_crashes(crashes);
}

void topology_director::on_prepare(const std::string& node, prepare_life p, topology_effect_list& out) {
  const auto who = members_.find(p.actor);
  if (who == members_.end())
    return;
  std::ranges::move(verdicts_on_crashes(p.actor), std::back_inserter(p.give_up));
  if (is_recorded(p.give_up)) {
    out.emplace_back(topology_effects::send{node, prepared(p)});
    return;
  }
  preparing_[p.actor] = {node, p};
  for (const auto& v : p.give_up)
    out.emplace_back(
        topology_effects::wish{cluster::records::verdict_given{topology_, v.log, v.at, v.error}});
  for (const auto& [log, below] : p.settled)
    out.emplace_back(topology_effects::wish{cluster::records::verdicts_settled{topology_, log, below}});
}

life_prepared topology_director::prepared(const prepare_life& p) const {
  using how = delivery::lane_log::start;
  life_prepared out{topology_, p.actor, p.next};
  const auto& m = members_.at(p.actor);
  if (m.kind != member_kind::lane) {
    for (const auto& f : director_.found().all())
      if (std::ranges::count(director_.found().receivers_of(f.parser), p.actor) != 0)
        out.found.push_back(f);
    return out;
  }
  out.how = all_have_lived_ ? how::at_furthest : how::at_lowest;
  out.found = director_.found().of_parser(m.parser);
  for (const auto& [place, text] : state_.verdicts)
    out.verdicts.push_back({place.log, place.at, text});
  if (const auto a = state_.actors.find(p.actor); a != state_.actors.end())
    for (const auto& c : a->second.crashes)
      if (c.records)
        out.crashed.push_back(*c.records);
  return out;
}

void topology_director::on_news(const actor_news& n, topology_effect_list& out) {
  struct hears {
    topology_director& t;
    topology_effect_list& out;
    void operator()(const messages::partition_found& m) const { t.on_found(m, out); }
    void operator()(const messages::stands_at& m) const {
      t.run(t.director_.stands_at(m.actor, m.life, m.slowest), out);
    }
    void operator()(const messages::completed& m) const {
      t.run(t.director_.completed(m.actor, m.life, m.found), out);
    }
    void operator()(const messages::stage_failed& m) const {
      t.run(t.director_.failed(m.actor, m.life, m.why), out);
    }
    void operator()(const messages::stopped& m) const { t.run(t.director_.stopped(m.actor, m.life), out); }
    void operator()(const messages::report_part& m) const { t.run(t.director_.part(m), out); }
  };
  std::visit(hears{*this, out}, n);
}

/// Its start is recorded before anybody is told of it; each look of the lane says it again until then.
void topology_director::on_found(const messages::partition_found& m, topology_effect_list& out) {
  if (!director_.is_new(m.lane, m.life, m.partition))
    return;
  const auto& parser = members_.at(m.lane).parser;
  std::vector<std::string> promised;
  for (const auto& [_, reader] : promised_)
    promised.push_back(reader);
  const auto& reader =
      promised_.try_emplace({parser, m.partition}, director_.found().next_reader(parser, promised))
          .first->second;
  out.emplace_back(topology_effects::wish{cluster::records::partition_started{
      topology_, parser, m.partition, log_of_(parser, m.partition), {m.first, no_watermark}, reader}});
}

// --- effects

void topology_director::run(director_effect_list effects, topology_effect_list& out) {
  for (auto& o : effects)
    std::visit(
        [&]<class Effect>(Effect& x) {
          if constexpr (is_alternative<Effect, actor_order>)
            send_order(std::move(x), out);
          else if constexpr (std::is_same_v<Effect, director_effects::wait_for_reports>)
            out.emplace_back(topology_effects::wait_for_reports{x.number});
          else if constexpr (std::is_same_v<Effect, director_effects::wait_for_stops>)
            out.emplace_back(topology_effects::wait_for_stops{x.number});
          else if constexpr (std::is_same_v<Effect, director_effects::give_report>)
            out.emplace_back(topology_effects::give_report{parts()});
          else if constexpr (std::is_same_v<Effect, director_effects::leave_behind>)
            out.emplace_back(topology_effects::warn{
                fmt::format("{} does not stop; going on without it", lasting_name(x.who))});
          else if constexpr (std::is_same_v<Effect, director_effects::end_run>)
            end(out);
        },
        o);
}

void topology_director::send_order(actor_order o, topology_effect_list& out) const {
  const auto to = lives_.find(receiver_of(o));
  if (to == lives_.end() || !director_.lives(to->first))
    return;
  const auto& [node, now] = to->second;
  auto other = node_of_other(o);
  out.emplace_back(topology_effects::send{node, actor_told{topology_, now, std::move(other), std::move(o)}});
}

std::string topology_director::node_of_other(const actor_order& o) const {
  const auto* other = std::visit(
      []<class Order>(const Order& x) -> const std::string* {
        if constexpr (std::is_same_v<Order, director_effects::tell_receiver>)
          return x.lives ? &x.receiver : nullptr;
        else if constexpr (std::is_same_v<Order, director_effects::tell_sender>)
          return &x.sender;
        else if constexpr (std::is_same_v<Order, director_effects::tell_dead_letter_sink>)
          return &x.sink;
        else
          return nullptr;
      },
      o);
  const auto at = other != nullptr ? lives_.find(*other) : lives_.end();
  return at != lives_.end() ? at->second.first : std::string();
}

// --- the end

void topology_director::end(topology_effect_list& out) {
  has_ended_ = true;
  out.emplace_back(topology_effects::ended{director_.finished(), director_.failure(), parts()});
  if (const auto& failure = director_.failure())
    out.emplace_back(topology_effects::wish{
        cluster::records::topology_failed{topology_, failure->stage, failure->message}});
  else
    out.emplace_back(topology_effects::wish{cluster::records::finished{topology_}});
}

topology_effect_list topology_director::restart(const std::string& who) {
  topology_effect_list out;
  if (!has_ended_)
    run(director_.restart(who), out);
  return out;
}

/// A part that is missing names the node that did not give it, where there are several.
std::vector<messages::report_part> topology_director::parts() const {
  auto out = director_.parts();
  if (!is_alone_)
    for (auto& part : out)
      if (const auto at = lives_.find(part.actor); !part.missing.empty() && at != lives_.end())
        part.missing = "node " + at->second.first;
  return out;
}

topology_effect_list topology_director::report() {
  topology_effect_list out;
  if (!has_ended_)
    run(director_.report(), out);
  return out;
}

topology_effect_list topology_director::reports_are_due(std::uint64_t number) {
  topology_effect_list out;
  if (!has_ended_)
    run(director_.reports_are_due(number), out);
  return out;
}

topology_effect_list topology_director::stops_are_due(std::uint64_t number) {
  topology_effect_list out;
  if (!has_ended_)
    run(director_.stops_are_due(number), out);
  return out;
}

}  // namespace millrace::control
