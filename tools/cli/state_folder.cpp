#include "tools/cli/state_folder.hpp"

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

expected<std::optional<config::state_fit>> fit_of(const snapshot::state_store& store,
                                                  const config::topology& t) {
  const auto stored = store.get(fingerprint_name);
  if (!stored && stored.error().code == ec::not_found)
    return std::optional<config::state_fit>{};
  if (!stored)
    return unexpected(stored.error());
  return std::optional(config::compare_fingerprints(*stored, t.state_fingerprint));
}

error does_not_fit(const std::string& folder, const config::topology& t, const config::state_fit& fit) {
  const auto copy = fit.former_model.empty()
                        ? std::string()
                        : fmt::format("; the former lies in it as models/{}.json", fit.former_model);
  return {ec::mismatch,
          fault::user,
          false,
          fmt::format("the state in {} was made by another version of topology '{}': {}{}; run the old "
                      "topology, give this one a folder of its own (--state DIR), or start over in this "
                      "folder with --fresh",
                      folder, t.name, fit.refusal, copy),
          {}};
}

std::string fits_with_notes(const config::state_fit& fit) {
  std::string out;
  for (const auto& n : fit.notes)
    out += (out.empty() ? "" : "; ") + n;
  if (!out.empty())
    out = fmt::format("the topology has changed since this state was made ({}): what was read "
                      "before stays as it was parsed, what comes is parsed anew",
                      out);
  if (!fit.zones.empty())
    out += fmt::format(
        "{}{} since this state was made: windows by the clocks of a zone go by its rules now, and "
        "a window that is open is refused where these give it other bounds",
        out.empty() ? "" : "; ", fit.zones);
  return out;
}

expected<std::string> look_at_state(const std::string& folder, const config::topology& t) {
  const auto store = snapshot::open_dir_store({folder, t.name, false, true});
  if (!store && store.error().code == ec::not_found)
    return fmt::format("there is no state in {}: run begins one", folder);
  if (!store)
    return unexpected(store.error());
  ASSIGN_OR_RETURN(const auto fit, fit_of(**store, t));
  if (!fit)
    return fmt::format("the state in {} has read nothing yet: it fits any topology '{}'", folder, t.name);
  if (!fit->fits())
    return unexpected(does_not_fit(folder, t, *fit));
  const auto notes = fits_with_notes(*fit);
  return fmt::format("the state in {} fits{}{}", folder, notes.empty() ? "" : "; ", notes);
}

}  // namespace millrace::cli
