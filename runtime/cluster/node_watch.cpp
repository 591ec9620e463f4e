#include "runtime/cluster/node_watch.hpp"

#include <algorithm>

namespace millrace::cluster {

void node_watch::silent_since(const std::string& node, micros then) {
  if (const auto a = awaited_.find(node); a != awaited_.end())
    a->second = std::min(a->second, then);
}

void node_watch::arrived(const std::string& node, const present_node& what) {
  awaited_.erase(node);
  present_.insert_or_assign(node, what);
}

bool node_watch::heard(const std::string& node, cluster::session session, micros now) {
  const auto found = present_.find(node);
  if (found == present_.end() || found->second.session != session)
    return false;
  found->second.heard = now;
  found->second.is_detached = false;
  return true;
}

bool node_watch::detach(const std::string& node) {
  const auto found = present_.find(node);
  if (found == present_.end() || found->second.is_detached)
    return false;
  found->second.is_detached = true;
  return true;
}

void node_watch::gone(const std::string& node) {
  present_.erase(node);
  awaited_.erase(node);
}

node_watch::change node_watch::look(micros now) {
  change c;
  for (const auto& [name, n] : present_)
    if (now - n.heard >= limits_.away_after)
      c.away.push_back(name);
    else if (now - n.heard >= limits_.detached_after && !n.is_detached)
      c.detached.push_back(name);
  for (const auto& name : c.detached)
    present_[name].is_detached = true;
  for (const auto& name : c.away)
    present_.erase(name);
  std::erase_if(awaited_, [&](const auto& a) { return now - a.second >= limits_.away_after; });
  return c;
}

const present_node* node_watch::find(const std::string& node) const {
  const auto found = present_.find(node);
  return found == present_.end() ? nullptr : &found->second;
}

const present_node* node_watch::find(const std::string& node, cluster::session session) const {
  const auto* const found = find(node);
  return found == nullptr || found->session != session ? nullptr : found;
}

}  // namespace millrace::cluster
