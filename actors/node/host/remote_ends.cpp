#include "actors/node/host/remote_ends.hpp"

#include <utility>

namespace millrace::host {
namespace {

forget_remote forgotten(link::edge_id edge, const introduced& who) {
  return {who.node, {edge, who.remote}, !who.log};
}

}  // namespace

remote_effect_list remote_ends::introduce(link::edge_id edge, introduced who) {
  remote_effect_list out{introduce_remote{who.node, {edge, who.remote}, !who.log}};
  met_[edge] = {std::move(who), {}};
  return out;
}

remote_effect_list remote_ends::forget(link::edge_id edge) {
  const auto known = met_.extract(edge);
  return known.empty() ? remote_effect_list() : remote_effect_list{forgotten(edge, known.mapped().who)};
}

remote_effect_list remote_ends::forget_all_of(const std::string& actor) {
  remote_effect_list out;
  std::erase_if(met_, [&](const auto& m) {
    if (m.second.who.to != actor)
      return false;
    out.push_back(forgotten(m.first, m.second.who));
    return true;
  });
  return out;
}

remote_effect_list remote_ends::up(const std::string& peer, const link::stand_in_up& m) {
  auto* const known = find(peer, m.edge, m.remote);
  if (known == nullptr)
    return {};
  known->handle = m.handle;
  known->number = ++stand_ins_;  // the link says it once of each
  return {tell_of(*known)};
}

remote_effect_list remote_ends::down(const std::string& peer, const link::stand_in_down& m) {
  remote_effect_list out;
  if (auto* const known = find(peer, m.edge, m.remote))
    make_void(*known, out);
  return out;
}

remote_effect_list remote_ends::standing(const std::string& peer, bool is_alive) const {
  remote_effect_list out;
  for (const auto& [_, m] : met_)
    if (m.who.node == peer && m.handle && !m.who.log)
      out.push_back(is_alive ? tell_of(m)
                             : told_actor{m.who.to, messages::receiver_down{m.who.index, m.who.remote}});
  return out;
}

remote_effect_list remote_ends::unlinked(const std::string& peer) {
  remote_effect_list out;
  for (auto& [_, m] : met_)
    if (m.who.node == peer)
      make_void(m, out);
  return out;
}

remote_ends::met* remote_ends::find(const std::string& peer, link::edge_id edge, const life& remote) {
  const auto known = met_.find(edge);
  const bool is_meant =
      known != met_.end() && known->second.who.node == peer && known->second.who.remote == remote;
  return is_meant ? &known->second : nullptr;
}

remote_effect remote_ends::tell_of(const met& m) {
  if (m.who.log)
    return told_actor{m.who.to, messages::sender_up{*m.who.log, *m.handle, m.who.remote, m.number}};
  return told_actor{m.who.to, messages::receiver_up{m.who.index, *m.handle, m.who.remote}};
}

/// A receiver of output hears nothing: all that has come is with it, and the next life is introduced to it.
void remote_ends::make_void(met& m, remote_effect_list& out) {
  if (!std::exchange(m.handle, std::nullopt))
    return;
  if (!m.who.log)
    out.emplace_back(told_actor{m.who.to, messages::receiver_down{m.who.index, m.who.remote}});
}

}  // namespace millrace::host
