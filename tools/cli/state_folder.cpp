#include "tools/cli/state_folder.hpp"

#include "actors/deployment/parsed_by.hpp"
#include "actors/node/host/sinks_after_end.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace millrace::cli {
namespace {

/// The XDG specification has relative ones ignored.
std::string absolute_folder(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value == '/' ? value : std::string();
}

}  // namespace

expected<std::string> default_state_folder(const std::string& topology) {
  auto base = absolute_folder("XDG_STATE_HOME");
  if (base.empty())
    if (const auto home = absolute_folder("HOME"); !home.empty())
      base = home + "/.local/state";
  if (base.empty())
    return user_error(ec::invalid_argument,
                      "where the state lies is not known: neither XDG_STATE_HOME nor HOME names an absolute "
                      "folder; give one with --state DIR");
  return base + "/millrace/" + topology;
}

config::state_place place_of_state(const std::string& folder) {
  return {
      "the state in " + folder,
      "run the old topology, give this one a folder of its own (--state DIR), or start over in this folder "
      "with --fresh",
      true};
}

expected<std::optional<config::state_fit>>
check_fit(const host::run_folder& folder, const host::found_run& found, const config::topology& t) {
  return found.has_read ? deployment::check_fit(*found.values, t, place_of_state(folder.folder()))
                        : std::optional<config::state_fit>();
}

expected<std::string> look_at_state(const std::string& folder, const config::topology& t) {
  const auto there = host::run_folder::look(folder);
  if (!there && there.error().code == ec::not_found)
    return fmt::format("there is no state in {}: run begins one", folder);
  if (!there)
    return unexpected(there.error());
  ASSIGN_OR_RETURN(const auto found, host::look_at_run(**there, t.name));
  ASSIGN_OR_RETURN(const auto fit, check_fit(**there, found, t));
  if (!fit)
    return fmt::format("the state in {} has read nothing yet: it fits any topology '{}'", folder, t.name);
  auto said = fmt::format("the state in {} fits", folder);
  for (const auto& note : {config::fits_with_notes(*fit), host::sinks_after_end(*found.topology, t)})
    if (!note.empty())
      said += "; " + note;
  return said;
}

}  // namespace millrace::cli
