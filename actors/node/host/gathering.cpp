#include "actors/node/host/gatherer.hpp"

namespace millrace::host {

std::set<std::string> others_of(const std::map<std::string, std::string>& places, const std::string& here) {
  std::set<std::string> out;
  for (const auto& [actor, node] : places)
    if (node != here)
      out.insert(node);
  return out;
}

void keep_where_they_are(observe::figures& f, const std::map<std::string, std::string>& places) {
  const auto is_elsewhere = [&](const auto& one) {
    const auto at = places.find(one.name);
    return at == places.end() || at->second != one.node;
  };
  std::erase_if(f.lanes, is_elsewhere);
  std::erase_if(f.shards, is_elsewhere);
  std::erase_if(f.sinks, is_elsewhere);
}

}  // namespace millrace::host
