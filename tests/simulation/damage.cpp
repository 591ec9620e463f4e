#include "tests/simulation/damage.hpp"

#include "runtime/snapshot/file_names.hpp"

#include <map>

namespace millrace::simulation {

std::string snapshot_damage::damage_newest(const std::string& folder, const std::string& actor) {
  std::map<std::string, std::string> newest;  // by folder
  for (const auto& path : files_.all_files(folder))
    if (path.find("/snapshots/") != std::string::npos)
      newest[path.substr(0, path.rfind('/'))] = path;
  std::erase_if(newest, [&](const auto& n) {
    return !actor.empty() && n.first.find(snapshot::file_name_of(actor)) == std::string::npos;
  });
  std::erase_if(newest, [&](const auto& n) { return damaged_.contains(n.first); });
  if (newest.empty())
    return {};
  const auto victim = std::next(newest.begin(), static_cast<std::ptrdiff_t>(seed_ % newest.size()));
  damaged_.insert(victim->first);
  if (seed_ % 3 == 0)
    files_.lose_file(victim->second);
  else
    files_.damage(victim->second);
  return victim->second.substr(victim->second.rfind('/'));
}

}  // namespace millrace::simulation
