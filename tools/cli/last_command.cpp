#include "tools/cli/last_command.hpp"

#include "actors/node/host/run_state.hpp"
#include "runtime/data/json_value.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace millrace::cli {
namespace {

namespace json = boost::json;

bool holds_one(const std::string& set, const std::vector<std::string>& secrets) {
  return std::any_of(secrets.begin(), secrets.end(),
                     [&](const auto& s) { return !s.empty() && set.find(s) != std::string::npos; });
}

std::string absolute(const std::string& file) { return std::filesystem::absolute(file).string(); }

std::vector<std::string> texts(const json::object& o, std::string_view name) {
  std::vector<std::string> out;
  for (const auto& text : o.at(name).as_array())
    out.emplace_back(text.as_string());
  return out;
}

}  // namespace

std::string command_text(const topology_arguments& given, const std::vector<std::string>& secrets) {
  json::array overlays;
  for (const auto& o : given.overlays)
    overlays.emplace_back(absolute(o));
  json::array sets;
  for (const auto& s : given.sets)
    if (!holds_one(s, secrets))
      sets.emplace_back(s);
  const bool all = sets.size() == given.sets.size();
  return data::json_text(
      json::object{{"topology", absolute(given.file)}, {"with", overlays}, {"set", sets}, {"all", all}});
}

expected<topology_arguments> last_command(const std::string& folder) {
  ASSIGN_OR_RETURN(const auto there, host::run_folder::look(folder));
  ASSIGN_OR_RETURN(const auto found, host::look_at_run(*there, {}));
  const auto unknown = [&](std::string_view why) {
    return user_error(ec::not_found,
                      fmt::format("the state in {} {}; give --topology FILE, with the --with and "
                                  "--set of its run",
                                  folder, why));
  };
  const auto text = found.plan.values.find(std::string(command_name));
  if (text == found.plan.values.end())
    return unknown("does not say which topology file it was run with");
  const auto o = json::parse(text->second).as_object();
  if (!o.at("all").as_bool())
    return unknown("was run with a --set that holds a secret, which is not kept");
  return topology_arguments{std::string(o.at("topology").as_string()), texts(o, "with"), texts(o, "set")};
}

bool is_state_folder(const std::string& folder) {
  std::error_code ignored;
  const std::filesystem::path at(folder);
  return std::filesystem::is_directory(at / "control", ignored);
}

}  // namespace millrace::cli
