#include "tools/cli/topology_arguments.hpp"

#include "actors/catalog.hpp"
#include "config/sql/read_sql.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::cli {
namespace {

/// Returns no name where the file has none that could be meant.
std::string name_in(const std::string& file) {
  config::report unused;
  const auto root = config::read_topology_file(file, connectors(), unused);
  const auto* const name = root && root->is_map() ? root->find("topology") : nullptr;
  return name && name->value.is_text() ? name->value.text : std::string();
}

}  // namespace

expected<std::vector<topology_arguments>> arguments_by_topology(const std::vector<std::string>& files,
                                                                const std::vector<std::string>& overlays,
                                                                const std::vector<std::string>& sets,
                                                                names_of_topologies wanted) {
  std::vector<topology_arguments> out;
  std::vector<std::string> names;
  for (const auto& file : files) {
    auto name = name_in(file);
    if (const auto same = std::find(names.begin(), names.end(), name);
        wanted == names_of_topologies::differ && same != names.end() && !name.empty())
      return user_error(
          ec::invalid_argument,
          fmt::format(
              "{} and {} both hold topology \"{}\"; expected another name for each, since the name is "
              "the identity of the state",
              files[static_cast<std::size_t>(same - names.begin())], file, name));
    names.push_back(std::move(name));
    out.push_back({file, {}, {}});
  }
  const auto hand_out = [&](const std::string& argument, std::vector<std::string> topology_arguments::*to) {
    const auto colon = argument.find(':');
    const auto owner = colon == std::string::npos ? std::string() : argument.substr(0, colon);
    const bool owned = !owner.empty() && std::find(names.begin(), names.end(), owner) != names.end();
    for (std::size_t i = 0; i < out.size(); ++i)
      if (!owned)
        (out[i].*to).push_back(argument);
      else if (owner == names[i])
        (out[i].*to).push_back(argument.substr(colon + 1));
  };
  for (const auto& o : overlays)
    hand_out(o, &topology_arguments::overlays);
  for (const auto& s : sets)
    hand_out(s, &topology_arguments::sets);
  return out;
}

}  // namespace millrace::cli
