#include "tools/remote/resolved.hpp"

#include "actors/api/requests.hpp"
#include "config/merged_files.hpp"
#include "config/plan/plan_model.hpp"
#include "config/text/environment.hpp"
#include "config/text/references.hpp"
#include "config/text/report.hpp"
#include "runtime/data/carried_file.hpp"
#include "runtime/data/json_value.hpp"

#include <fmt/format.h>

namespace millrace::remote {
namespace {

/// A value of the environment is filled in once: the node that reads the text takes it as it is. References to secrets
/// stay: the node resolves them.
void escape_variables(config::node& n) {
  if (n.is_text())
    for (auto at = n.text.find("${"); at != std::string::npos; at = n.text.find("${", at + 3))
      if (n.references == 0 || config::reference_length(n.text, at) == 0)
        n.text.insert(at, 1, '$');
  for (auto& item : n.items)
    escape_variables(item);
  for (auto& m : n.members)
    escape_variables(m.value);
}

/// Nodes have no file of a model or schema, or another one.
void carry_files(config::node& root, const config::topology& plan) {
  auto* const stages = root.find("stages");
  if (stages == nullptr)
    return;
  for (const auto& s : plan.stages) {
    auto* const written = stages->value.find(s.name);
    if (written == nullptr)
      continue;
    for (const auto& carried : config::carried_by(s)) {
      auto* file = written->value.find(carried.option);
      if (file == nullptr) {  // a registry gave it
        config::member added;
        added.name = carried.option;
        added.value.what = config::node::kind::text;
        written->value.members.push_back(std::move(added));
        file = &written->value.members.back();
      }
      file->value.text = data::carried(carried.bytes);
    }
  }
}

}  // namespace

expected<std::string> resolved_text(const config::load_request& request, const config::catalog& connectors,
                                    const config::topology& plan) {
  config::report out;
  auto root = config::read_merged(request, connectors, out);
  if (root)
    config::fill_environment(*root, out);
  if (!root || out.errors() > 0)
    return user_error(ec::invalid_argument,
                      fmt::format("{} or an overlay has changed; apply it again", request.file));
  carry_files(*root, plan);
  escape_variables(*root);
  auto text = data::json_text(config::to_json(*root));
  if (text.size() > api::max_plan)
    return user_error(
        ec::invalid_argument,
        fmt::format("with its models and schemas, packed, the topology has {:.1f} MB, and a cluster takes "
                    "{} MiB; remedy: a model of fewer or flatter trees, such as --model boosted",
                    static_cast<double>(text.size()) / 1e6, api::max_plan >> 20U));
  return text;
}

}  // namespace millrace::remote
