#include "runtime/cluster/coordinator.hpp"

#include "runtime/cluster/admission.hpp"
#include "runtime/cluster/suspects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::cluster {
namespace {

/// Bounds the requests that wait; what nodes do is bounded by their number.
constexpr std::size_t most_wishes = 1'000;
constexpr std::size_t records_before_base = 1'000;
/// Keeps a change small enough for any store.
constexpr std::size_t most_places_at_once = 500;
/// A store that could not remove chains is asked again after that.
constexpr micros clears_again_after = std::chrono::seconds(5);
constexpr int fences_at_once = 2;
/// The first wait holds again after so long without another one.
constexpr micros fences_count_for = std::chrono::minutes(2);

}  // namespace

coordinator::coordinator(epoch mine, control_state found, moment now, const silence& limits, bool is_alone)
    : epoch_(mine), state_(std::move(found)), is_alone_(is_alone), watch_(limits) {
  for (const auto& [name, n] : state_.nodes)
    if (!n.is_over && !is_alone_)
      watch_.await(name, now.running);
}

coordinator_effect_list coordinator::begin(const std::string& cluster, std::uint32_t formats, moment now) {
  wish_for(records::founded{cluster, formats});
  // First: nodes that hear of this epoch say to the directors, once, what lives on them.
  for (const auto& [name, t] : state_.topologies)
    if (t.is_active())
      out_.push_back(coordinator_effects::tell_director{name});
  for (const auto& [name, n] : state_.nodes)
    out_.push_back(coordinator_effects::send{name, 0, {epoch_, 0, commands::register_again{}}});
  return advance(now);
}

coordinator_effect_list coordinator::tick(moment now) {
  // A node that shares its coordinator's process is not away, however late its words are.
  const auto changed = is_alone_ ? node_watch::change() : watch_.look(now.running);
  for (const auto& node : changed.detached)
    detach(node);
  for (const auto& node : changed.away)
    detach(node);
  return advance(now);
}

coordinator_effect_list coordinator::on_request(request_id id, request what, moment now) {
  if (is_over_ || wishes_.size() >= most_wishes)
    answer(id, outside_error(ec::unavailable,
                             "the coordinator has too much to do or is being replaced; ask again")
                   .value());
  else
    wishes_.push_back({id, std::visit([](auto& r) { return record(std::move(r)); }, what)});
  return advance(now);
}

coordinator_effect_list coordinator::on_higher_epoch(const epoch& other, moment now) {
  if (other > epoch_ && !is_over_)
    end_epoch(false, fmt::format("another coordinator has epoch {}", other.term));
  return advance(now);
}

coordinator_effect_list coordinator::on_appended(std::uint64_t number, append_outcome how, moment now) {
  if (is_over_ || !under_way_ || under_way_->number != number)
    return {};
  // R4: what is not known to count may count later, so this epoch writes no more.
  if (how == append_outcome::unknown) {
    end_epoch(true, "control did not answer");
  } else if (how == append_outcome::refused) {
    end_epoch(false, "control has a higher epoch");
  } else {
    const auto done = *std::exchange(under_way_, std::nullopt);
    since_base_ = done.what.empty() ? 0 : since_base_ + done.what.size();
    auto folded = expected<void>();
    for (const auto& r : done.what)
      if (folded)
        folded = acknowledge(r);
    answer(done.request, {}, done.lost);
    if (!folded)
      end_epoch(true, folded.error().message);
  }
  return advance(now);
}

coordinator_effect_list coordinator::on_cleared(const std::string& chains, bool is_done, moment now) {
  if (is_over_ || clearing_ != chains)
    return {};
  if (is_done) {
    wish_for(records::chains_cleared{chains});
  } else {
    clearing_.reset();
    clears_at_ = now.running + clears_again_after;
  }
  return advance(now);
}

void coordinator::clear(moment now) {
  if (clearing_ || state_.leftovers.empty() || now.running < clears_at_)
    return;
  auto next = state_.leftovers.upper_bound(cleared_last_);
  if (next == state_.leftovers.end())
    next = state_.leftovers.begin();
  cleared_last_ = *next;
  clearing_ = *next;
  out_.push_back(coordinator_effects::clear_chains{*next});
}

coordinator_effect_list coordinator::advance(moment now) {
  for (const auto& topology : std::exchange(changed_, {}))
    out_.push_back(coordinator_effects::tell_director{topology});
  if (!is_over_)
    admit_next(now);
  if (!is_over_ && !under_way_)
    place(now);
  if (!is_over_)
    clear(now);
  if (!is_over_ && !under_way_ && since_base_ >= records_before_base) {
    under_way_ = under_way{++number_};
    out_.push_back(coordinator_effects::write_base{number_});
  }
  return std::exchange(out_, {});
}

void coordinator::admit_next(moment now) {
  while (!under_way_ && !wishes_.empty()) {
    const auto w = std::move(wishes_.front());
    wishes_.pop_front();
    if (auto why = refusal(w)) {
      answer(w.request, std::move(why));
      continue;
    }
    auto admitted = admit(state_, w.what, now.wall, is_alone_ ? max_plan_bytes_alone : max_plan_bytes);
    if (!admitted) {
      answer(w.request, std::move(admitted.error()));
      continue;
    }
    std::vector<actor_id> lost;
    if (const auto* const forgotten = std::get_if<records::node_forgotten>(&w.what))
      lost = pinned_to(state_, forgotten->node);
    if (admitted->empty())
      answer(w.request, {}, std::move(lost));
    else
      append(std::move(*admitted), w.request, std::move(lost));
  }
}

/// Refuses what only the nodes that are present can tell.
std::optional<error> coordinator::refusal(const wish& w) const {
  if (const auto* const r = std::get_if<records::node_forgotten>(&w.what)) {
    if (watch_.find(r->node) != nullptr)
      return user_error(ec::locked, fmt::format("the node {} is there; end its process first", r->node))
          .value();
    if (watch_.is_awaited(r->node))
      return outside_error(ec::unavailable,
                           fmt::format("the node {} may be there: the lead has changed, and it was not heard "
                                       "since; ask again once it is silent",
                                       r->node))
          .value();
  }
  if (const auto* const r = std::get_if<records::formats_raised>(&w.what))
    for (const auto& [name, n] : watch_.present())
      if (n.formats < r->formats)
        return user_error(
                   ec::unsupported,
                   fmt::format("the node {} writes formats up to {}; upgrade it first", name, n.formats))
            .value();
  return std::nullopt;
}

void coordinator::append(cluster::change what, std::optional<request_id> request,
                         std::vector<actor_id> lost) {
  under_way_ = under_way{++number_, std::move(what), request, std::move(lost)};
  out_.push_back(coordinator_effects::append{number_, under_way_->what});
}

void coordinator::answer(std::optional<request_id> request, std::optional<error> failure,
                         std::vector<actor_id> lost) {
  if (request)
    out_.push_back(coordinator_effects::answer{*request, std::move(failure), std::move(lost)});
}

void coordinator::end_epoch(bool stands_again, std::string why) {
  const auto unsure = outside_error(ec::unavailable, "it is not known whether this was recorded, because " +
                                                         why + "; ask again")
                          .value();
  if (under_way_)
    answer(under_way_->request, unsure);
  for (const auto& w : wishes_)
    answer(w.request, unsure);
  under_way_.reset();
  wishes_.clear();
  is_over_ = true;
  out_.push_back(coordinator_effects::step_down{stands_again, std::move(why)});
}

void coordinator::place(moment now) {
  // Nodes register again after a takeover what they run: an actor that has a place keeps it.
  if (!watch_.is_settled())
    return;
  auto found = moves(offered(now), placeable(now));
  auto next = grants(now);
  const auto may_wait = !found.empty() && found.front().why != reason::homeless;
  if (may_wait && (!next.empty() || is_moving()))
    found.clear();
  for (const auto& m : found)
    next.push_back(records::placed{m.id, m.to, m.session, 0});
  next.resize(std::min(next.size(), most_places_at_once));
  auto term = state_.terms;
  for (auto& r : next)
    if (auto* const p = std::get_if<records::placed>(&r)) {
      p->term = ++term;
      if (may_wait)
        moving_ = {p->actor, term};
    } else if (auto* const g = std::get_if<records::term_granted>(&r)) {
      g->term = ++term;
    }
  if (!next.empty())
    append(std::move(next));
}

/// Returns the actors that stay where they are under a new life: they have asked for it, or run an older
/// plan.
cluster::change coordinator::grants(moment now) const {
  cluster::change out;
  for (const auto& [topology, t] : state_.topologies)
    for (const auto& [name, a] : t.actors) {
      const actor_id id{topology, name};
      const auto* const there = a.at ? watch_.find(a.at->node, a.at->session) : nullptr;
      if (t.is_active() && there != nullptr && !there->is_leaving &&
          (a.at->generation != t.generation || (wanted_.contains(id) && !is_fenced_off(id, now))))
        out.push_back(records::term_granted{id, 0});
    }
  return out;
}

bool coordinator::is_fenced_off(const actor_id& actor, moment now) const {
  const auto found = fences_.find(actor);
  return found != fences_.end() && now.running < found->second.until;
}

void coordinator::note_fenced(const actor_id& actor, micros at) {
  std::erase_if(fences_, [&](const auto& one) { return at - one.second.last >= fences_count_for; });
  fences_[actor].note(at);
}

/// Two takeovers may meet. A life that is fenced off again and again shares its chain or its target with
/// another one.
void coordinator::fence_count::note(micros at) {
  times = at - last < fences_count_for ? times + 1 : 1;
  last = at;
  if (times == 1)
    waits.reset();
  until = times <= fences_at_once ? at : at + waits.next();
}

bool coordinator::is_moving() {
  if (!moving_)
    return false;
  const auto* const a = state_.find(moving_->actor);
  if (a == nullptr || !a->at || a->at->term != moving_->term ||
      watch_.find(a->at->node, a->at->session) == nullptr)
    moving_.reset();
  return moving_.has_value();
}

std::vector<offered_node> coordinator::offered(moment now) const {
  std::vector<offered_node> out;
  for (const auto& [name, n] : watch_.present()) {
    const auto& known = state_.nodes.at(name);
    out.push_back({name, n.session, n.cores, known.is_draining, is_flapping(known, now.wall), n.is_leaving});
  }
  return out;
}

/// A suspect of ending processes waits, for the sake of other nodes and of other actors there.
bool coordinator::may_begin(const actor_state& a, moment now) const {
  return is_alone_ || cluster::may_begin(a, a.at && watch_.find(a.at->node) != nullptr, now.wall);
}

std::vector<placeable_actor> coordinator::placeable(moment now) const {
  std::vector<placeable_actor> out;
  for (const auto& [topology, t] : state_.topologies)
    for (const auto& [name, a] : t.actors)
      if (t.is_active())
        out.push_back({{topology, name},
                       a.spec.group,
                       a.spec.is_pinned,
                       a.spec.node.empty() ? node_at_risk(a, now.wall) : a.spec.node,
                       a.at ? a.at->node : "",
                       a.at ? a.at->session : 0,
                       may_begin(a, now)});
  return out;
}

std::vector<actor_id> coordinator::waiting(moment now) const {
  return cluster::waiting(offered(now), placeable(now));
}

}  // namespace millrace::cluster
