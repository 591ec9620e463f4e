#include "tools/millrace/state_folder.hpp"

#include <cstdlib>

namespace millrace::cli {

std::string default_state_folder(const std::string& topology) {
  const char* xdg = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  const std::string base = xdg && *xdg ? xdg : std::string(home ? home : ".") + "/.local/state";
  return base + "/millrace/" + topology;
}

}  // namespace millrace::cli
