#include "config/merged_files.hpp"

#include "config/catalog.hpp"
#include "config/core_options.hpp"
#include "config/sql/read_sql.hpp"
#include "config/text/node.hpp"
#include "config/text/overlay.hpp"
#include "config/text/reader.hpp"
#include "config/text/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>

namespace millrace::config {
namespace {

// An overlay may change a stage's type, such as a sink from "sql" to "console". The options of the old type
// that the new one does not have go with it, and a note names them.

/// Kind and type of each stage, and of `dead_letters`, by its path.
struct stage_type {
  std::string kind;
  std::string type;
  std::string file;  // the file in which the type was written
};
using stage_types = std::map<std::string, stage_type>;
constexpr std::string_view own_sink = "dead_letters";

/// Calls `with` for each stage, and for the sink of dead letters.
template<class Node, class With>
void each_stage(Node& topology, With with) {
  if (auto* const stages = topology.find("stages"))
    for (auto& m : stages->value.members)
      with(join("stages", m.name), m.value);
  if (auto* const sink = topology.find(own_sink))
    with(std::string(own_sink), sink->value);
}

std::optional<stage_type> type_of(const node& stage) {
  if (!stage.is_map() || stage.members.empty() || !stage.members.front().value.is_text())
    return std::nullopt;
  const auto& first = stage.members.front();
  if (!kind_of_key(first.name))
    return std::nullopt;
  return stage_type{first.name, first.value.text, first.value.where.file};
}

std::vector<option> options_of(const stage_type& t, const catalog& connectors) {
  const auto kind = *kind_of_key(t.kind);
  return stage_options(kind, t.type, find_connector(connectors, kind, t.type));
}

bool has(const std::vector<option>& options, std::string_view name) {
  return std::any_of(options.begin(), options.end(), [&](const option& o) { return o.name == name; });
}

/// Part of the value was given by --set.
bool is_set(const node& n) {
  return n.where.file == set_file ||
         std::any_of(n.members.begin(), n.members.end(), [](const member& m) { return is_set(m.value); });
}

const node* stage_in(const node* overlay, const std::string& path) {
  const node* found = nullptr;
  if (overlay != nullptr)
    each_stage(*overlay, [&](const std::string& at, const node& stage) {
      if (at == path)
        found = &stage;
    });
  return found;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i)
    out += (i == 0 ? "\"" : i + 1 == names.size() ? " and \"" : ", \"") + names[i] + "\"";
  return out;
}

stage_types types_of(const node& topology) {
  stage_types out;
  each_stage(topology, [&](const std::string& path, const node& stage) {
    if (auto t = type_of(stage))
      out.emplace(path, *std::move(t));
  });
  return out;
}

/// `before`: the types before `overlay` was merged into the topology; null for all of --set together. Options
/// that the overlay gives itself are never dropped.
void drop_old_options(node& topology, const stage_types& before, const node* overlay,
                      const catalog& connectors, report& out) {
  each_stage(topology, [&](const std::string& path, node& stage) {
    const auto old = before.find(path);
    const auto now = type_of(stage);
    if (old == before.end() || !now || (now->kind == old->second.kind && now->type == old->second.type))
      return;
    const auto* const given = stage_in(overlay, path);
    const auto theirs = options_of(old->second, connectors);
    const auto ours = options_of(*now, connectors);
    std::vector<std::string> dropped;
    std::erase_if(stage.members, [&](const member& m) {
      const bool goes = m.name != now->kind && has(theirs, m.name) && !has(ours, m.name) &&
                        !is_set(m.value) && (given == nullptr || given->find(m.name) == nullptr);
      if (goes)
        dropped.push_back(m.name);
      return goes;
    });
    if (!dropped.empty())
      out.warning(stage.members.front().value.where, path,
                  fmt::format("this {} was \"{}\" in {} and is \"{}\" now; {} {} left out", now->kind,
                              old->second.type, old->second.file, now->type, list_of(dropped),
                              dropped.size() == 1 ? "is" : "are"));
  });
}

}  // namespace

std::optional<node> read_merged(const load_request& request, const catalog& connectors, report& out) {
  auto root = read_topology_file(request.file, connectors, out);
  for (const auto& file : request.overlays) {
    if (is_sql_file(file)) {
      out.error({file, 1, 1}, {},
                "an overlay is JSON, also over a topology in SQL: its views and tables are stages there by "
                "their names, as `millrace convert` prints them");
      root.reset();
      continue;
    }
    const auto overlay = read_json_file(file, out);
    if (!overlay)
      root.reset();
    if (!root)
      continue;
    const auto before = types_of(*root);
    merge(*root, *overlay);
    drop_old_options(*root, before, &*overlay, connectors, out);
  }
  if (root && !request.sets.empty()) {
    const auto before = types_of(*root);
    for (const auto& set : request.sets)
      apply_set(*root, set, out);
    drop_old_options(*root, before, nullptr, connectors, out);
  }
  return root;
}

}  // namespace millrace::config
