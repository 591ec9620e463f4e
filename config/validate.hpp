// A stage's members against the declarations of its options: values of the right type, defaults filled in,
// and a finding for everything that does not fit.
#pragma once

#include "config/options.hpp"
#include "config/text/node.hpp"
#include "config/text/report.hpp"

#include <string>
#include <vector>

namespace millrace::config {

/// Names what is being read, for messages.
struct subject {
  std::string path;       // stages.clicks
  std::string what;       // source "kafka"
  std::string kind_key;   // the member that says the kind: no option; "" for none
  std::string kind_file;  // the file of `kind`
  std::string type{};     // the stage's type; "topology" of a whole file
  /// Files that `kind_file` is laid over: their members may be of another type, and are not misspelt.
  std::vector<std::string> beneath{};
};

/// Options of a map. Findings go to `out`; what is wrong or missing is not in the values.
[[nodiscard]] values read_options(const node& map, const std::vector<option>& declared, const subject& who,
                                  report& out);

/// `${secret:NAME}` may stand in its texts: what is never shown.
[[nodiscard]] bool takes_secrets(const option& o);
/// The finding about one that may not.
[[nodiscard]] std::string misplaced_secret();

/// Formats a value as it may be shown in a plan: secrets masked, `${VAR}` unfilled.
[[nodiscard]] std::string show(const node& n, const option& o);

/// A name for a message: "a duration such as \"5 minutes\"".
[[nodiscard]] std::string expected_form(const option& o);

}  // namespace millrace::config
