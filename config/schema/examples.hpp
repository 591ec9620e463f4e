// Examples of options, and beginnings of stages to be filled in, for editors: topology.schema.json has them. Tests hold each against the
// option's own rules, and the stages against `check`.
#pragma once

#include "config/schema/described_stage.hpp"

#include <boost/json/value.hpp>

namespace millrace::config {

/// A value that the option takes, as it stands in a topology. `kind` and `type` of the stage; both empty for the top level, for members of an
/// option and for columns.
[[nodiscard]] boost::json::value example_of(const option& o, std::string_view kind, std::string_view type);

/// A stage with the options that it needs, as VS Code's JSON language server takes it: { "label", "description", "body" }, where texts
/// such as ${1:clicks} are to be filled in.
[[nodiscard]] boost::json::object snippet_of(const described_stage& s);

}  // namespace millrace::config
