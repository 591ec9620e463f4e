// Findings about a topology, each with the location in the user's files that it is about.
#pragma once

#include <string>

namespace millrace::config {

/// A location in the user's files.
struct location {
  std::string file;
  int line = 0;
  int column = 0;
};

/// One finding about a topology, as `file:line:column: path: what is wrong; expected ...; did you mean
/// "..."?`.
struct finding {
  location where;
  std::string path;  // stages.counts.size
  std::string message;
  bool warning = false;
};
[[nodiscard]] std::string to_string(const finding& f);

}  // namespace millrace::config
