// Says which of librdkafka's properties a topology may set. Many of them do more than talk to brokers: they
// load libraries, have a shell run commands, or read files by their paths. The author of a topology does not
// always run the process, so such a property needs the process's own switch, --allow-kafka-property. Pure,
// but for that switch.
#pragma once

#include "config/options.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::kafka {

using settings = std::vector<std::pair<std::string, std::string>>;

/// A mistake among properties: `name` is the property's, `message` says why it is refused and what to do.
struct property_finding {
  std::string name;
  std::string message;
};

/// Finds the properties that a topology may not set, those that librdkafka does not know or refuses, and those in `reserved` (name,
/// remedy: "use the option `group`"), which the connector sets itself. `allowed`: names that the process's switch gives. It contacts
/// nothing, and loads nothing, whatever is allowed. No message has the value of a secret.
[[nodiscard]] std::vector<property_finding>
check_properties(const std::map<std::string, std::string>& properties, const settings& reserved,
                 const std::set<std::string>& allowed);

/// Gives a property to this process's topologies, though it is none of the harmless ones. Only the command line calls it, before the
/// first topology is read and before there are other threads.
void allow_property(std::string name);
[[nodiscard]] const std::set<std::string>& allowed_properties();

/// Says why a name is none of librdkafka's properties, with the one that may be meant; empty where it is one.
[[nodiscard]] std::string problem_of_property(const std::string& name);

/// Says whether a property's value is taken out of all texts.
[[nodiscard]] bool is_secret_property(std::string_view name);
/// Says whether a plan may show a property's value. None of SASL's is shown: users and identities are
/// nobody's business either.
[[nodiscard]] bool shows_property(std::string_view name);

/// The option `properties`, alike for source and sink.
[[nodiscard]] config::option properties_option();

}  // namespace millrace::kafka
