#include "runtime/cluster/node_agent.hpp"

#include <algorithm>
#include <utility>

namespace millrace::cluster {
namespace {

/// Terms that are remembered by name. Beyond these the lowest count as begun: at worst an actor gets a new
/// term that could have begun under its old one.
constexpr std::size_t most_begun = 4'096;

bool is_for_any_session(const node_command& c) {
  return std::holds_alternative<commands::register_again>(c.what) ||
         std::holds_alternative<commands::welcome>(c.what) || std::holds_alternative<commands::leave>(c.what);
}

}  // namespace

node_agent::node_agent(std::string node, std::uint64_t instance, std::uint32_t cores, std::uint32_t formats,
                       std::vector<registration::last_word> last_words)
    : node_(std::move(node)), instance_(instance), cores_(cores), formats_(formats),
      last_words_(std::move(last_words)) {}

agent_effect_list node_agent::on_command(const node_command& c) {
  // The highest epoch alone is obeyed: a coordinator that was replaced may wake up.
  if (c.from < epoch_)
    return {agent_effects::tell{c.from, epoch_refused{epoch_}}};
  agent_effect_list out;
  const auto is_new = c.from > epoch_;
  epoch_ = c.from;
  if (is_new && !std::holds_alternative<commands::register_again>(c.what))
    out.push_back(agent_effects::tell{epoch_, describe()});
  // A command for an earlier process of this node, or before it has a session, would give one life to two processes.
  if ((c.session != session_ && !is_for_any_session(c)) ||
      (is_over_ && !std::holds_alternative<commands::register_again>(c.what)))
    return out;
  std::visit([&](const auto& what) { apply(what, out); }, c.what);
  return out;
}

void node_agent::apply(const commands::register_again&, agent_effect_list& out) {
  out.push_back(agent_effects::tell{epoch_, describe()});
}

void node_agent::apply(const commands::welcome& c, agent_effect_list& out) {
  if (c.instance != instance_ || session_ != 0)
    return;
  session_ = c.session;
  out.push_back(agent_effects::tell{epoch_, describe()});
}

void node_agent::apply(const commands::leave& c, agent_effect_list& out) {
  if (c.instance != instance_)
    return;
  while (!running_.empty())
    end(running_.begin()->first, out);
  is_over_ = true;
  if (session_ != 0)
    out.push_back(agent_effects::tell{epoch_, describe()});
  out.push_back(agent_effects::leave{c.why});
}

void node_agent::apply(const commands::start& c, agent_effect_list& out) {
  if (was_begun(c.actor, c.term))
    return;
  end(c.actor, out);
  note_begun(c.actor, c.term);
  const life now{c.term};
  running_[c.actor] = {now, c.generation};
  out.push_back(agent_effects::begin{c.actor, c.generation, now});
  out.push_back(agent_effects::tell{epoch_, life_began{session_, c.actor, now}});
}

void node_agent::apply(const commands::stop& c, agent_effect_list& out) {
  const auto found = running_.find(c.actor);
  if (found != running_.end() && found->second.now.term <= c.term)
    end(c.actor, out);
  // A start that was overtaken comes to nothing.
  if (!was_begun(c.actor, c.term))
    note_begun(c.actor, c.term);
}

void node_agent::apply(const commands::detach& c, agent_effect_list& out) {
  out.push_back(agent_effects::detach{c.node});
}

agent_effect_list node_agent::on_failure(const actor_id& actor, const life& last) {
  auto* const r = present(actor, last);
  if (r == nullptr)
    return {};
  const auto count = std::max(last.count, r->now.count);
  if (count == most_counts)
    return on_end(actor, last, life_end::worn_out, {}, "");
  r->now.count = count + 1;
  return {agent_effects::begin{actor, r->generation, r->now}};
}

agent_effect_list node_agent::on_end(const actor_id& actor, const life& last, life_end how,
                                     const life& refused_by, const std::string& why) {
  if (present(actor, last) == nullptr)
    return {};
  running_.erase(actor);
  return {agent_effects::tell{epoch_, life_ended{session_, actor, last, how, refused_by, why}}};
}

registration node_agent::describe() const {
  registration r{node_, instance_, session_, cores_, formats_, {}, {}, begun_below_};
  for (const auto& [actor, what] : running_)
    r.running.push_back({actor, what.now});
  for (const auto& [actor, term] : begun_)
    r.begun.push_back({actor, term});
  if (session_ == 0)
    r.last_words = last_words_;
  r.leaves = is_over_;
  return r;
}

node_agent::running* node_agent::present(const actor_id& actor, const life& of) {
  const auto found = running_.find(actor);
  if (found == running_.end() || found->second.now.term != of.term || of.count < found->second.now.count)
    return nullptr;
  return &found->second;
}

void node_agent::end(const actor_id& actor, agent_effect_list& out) {
  if (const auto found = running_.find(actor); found != running_.end()) {
    out.push_back(agent_effects::end{found->first, found->second.now});
    running_.erase(found);
  }
}

void node_agent::note_begun(const actor_id& actor, incarnation term) {
  begun_[actor] = term;
  if (begun_.size() <= most_begun)
    return;
  const auto lowest = std::ranges::min_element(begun_, {}, [](const auto& b) { return b.second; });
  begun_below_ = std::max(begun_below_, lowest->second + 1);
  begun_.erase(lowest);
}

bool node_agent::was_begun(const actor_id& actor, incarnation term) const {
  const auto found = begun_.find(actor);
  return term < begun_below_ || (found != begun_.end() && term <= found->second);
}

}  // namespace millrace::cluster
