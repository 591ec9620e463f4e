#include "tools/millrace/state_folder.hpp"

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

}  // namespace millrace::cli
