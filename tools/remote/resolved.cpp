#include "tools/remote/resolved.hpp"

#include "config/report.hpp"
#include "config/text/environment.hpp"
#include "config/text/merged_files.hpp"
#include "runtime/data/json_value.hpp"

#include <fmt/format.h>

namespace millrace::remote {
namespace {

/// What came from the environment is filled in once: the node that reads the text takes it as it is.
void escape_variables(config::node& n) {
  if (n.is_text())
    for (auto at = n.text.find("${"); at != std::string::npos; at = n.text.find("${", at + 3))
      n.text.insert(at, 1, '$');
  for (auto& item : n.items)
    escape_variables(item);
  for (auto& m : n.members)
    escape_variables(m.value);
}

}  // namespace

expected<std::string> resolved_text(const config::load_request& request, const config::catalog& connectors) {
  config::report out;
  auto root = config::read_merged(request, connectors, out);
  if (root)
    config::fill_environment(*root, out);
  if (!root || out.errors() > 0)
    return user_error(ec::invalid_argument,
                      fmt::format("{} or an overlay has changed; apply it again", request.file));
  escape_variables(*root);
  return data::json_text(config::to_json(*root));
}

}  // namespace millrace::remote
