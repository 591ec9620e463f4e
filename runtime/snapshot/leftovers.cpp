#include "runtime/snapshot/leftovers.hpp"

#include "runtime/snapshot/file_names.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace millrace::snapshot {
namespace {

bool is_part(std::string_view name) { return name == store_name || name.starts_with(contents_begin); }

expected<void> remove_tree(file_system& files, const std::string& path) {
  if (const auto entries = files.list(path))
    for (const auto& e : *entries) {
      const auto below = path + "/" + e.name;
      auto done = e.is_folder ? remove_tree(files, below) : files.remove(below);
      if (!done)
        return done;
    }
  return files.remove(path);
}

}  // namespace

expected<noted_names> note_names(file_system& files, const std::string& folder) {
  noted_names out;
  ASSIGN_OR_RETURN(const auto entries, files.list(folder));
  for (const auto& e : entries) {
    if (e.name.starts_with("identity.") && e.name.ends_with(".tmp"))
      out.cut_short.push_back(e.name);
    if (!e.is_folder || !e.name.starts_with(state_begin))
      continue;
    out.states.push_back(e.name);
    const auto below = files.list(folder + "/" + e.name);
    if (!below && below.error().code == ec::not_found)
      continue;  // it went meanwhile
    if (!below)
      return unexpected(below.error());
    for (const auto& part : *below)
      if (part.is_folder && is_part(part.name))
        out.contents.push_back(e.name + "/" + part.name);
  }
  return out;
}

std::vector<std::string> leftovers_of(const noted_names& noted, const folder_record& now) {
  const auto current = std::string(state_begin) + now.id.state_id;
  auto out = noted.cut_short;
  for (const auto& name : noted.states)
    if (name != current)
      out.push_back(name);
  for (const auto& name : noted.contents) {
    const auto part = std::string_view(name).substr(name.find('/') + 1);
    const bool counts = part == store_name ? now.contents.empty() : part == now.contents;
    if (name.starts_with(current + "/") && !counts)
      out.push_back(name);
  }
  return out;
}

void remove_trees(file_system& files, const std::string& folder, const std::vector<std::string>& names) {
  for (const auto& name : names)
    if (const auto done = remove_tree(files, folder + "/" + name); !done)
      spdlog::warn("{}/{} is of no use any more and cannot be removed now: {}", folder, name,
                   done.error().message);
}

}  // namespace millrace::snapshot
