#include "tools/cli/node_folder.hpp"

#include "runtime/base/random.hpp"
#include "runtime/snapshot/made_folders.hpp"
#include "runtime/tls/key_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace millrace::cli {
namespace {

/// Files that show that a node has been here before; an empty file system has lost+found. `lock` would say
/// that the folder is a run's.
constexpr std::string_view lock_name = "node.lock";
constexpr std::array<std::string_view, 7> names_of_node{
    lock_name, "token", "http", "cluster", "topologies", "flight_recorder", "lost+found"};

bool is_of_node(const snapshot::file_system::entry& e) {
  return std::ranges::find(names_of_node, e.name) != names_of_node.end();
}

/// A folder of something else would be closed to others, and have a token in it.
expected<void> refuse_foreign(snapshot::file_system& files, const std::string& folder) {
  const auto entries = files.list(folder);
  if (!entries)
    return entries.error().code == ec::not_found ? expected<void>() : unexpected(entries.error());
  if (entries->empty() || std::ranges::any_of(*entries, is_of_node))
    return {};
  return user_error(
      ec::mismatch,
      fmt::format("{} is not a folder of a node, and not empty (there is {}); give an empty or a new "
                  "folder with --state DIR",
                  folder, entries->front().name));
}

}  // namespace

expected<node_folder> make_node_folder(const std::string& folder) {
  auto& files = snapshot::posix_file_system();
  RETURN_IF_ERROR(refuse_foreign(files, folder).and_then([&] { return make_own_folder(files, folder); }));
  ASSIGN_OR_RETURN(auto lock,
                   snapshot::lock_state_folder(
                       files, folder, lock_name,
                       "stop that one first, or give this node a folder of its own (--state DIR)"));
  return make_token(folder).map([&](std::string&& token) {
    return node_folder{std::move(lock), std::move(token)};
  });
}

expected<std::string> make_token(const std::string& folder) {
  const auto path = api::files_of_node(folder).token;
  auto known = api::read_token(path);
  if (known || known.error().code != ec::not_found)
    return known;
  auto token = random_id() + random_id();
  return tls::write_whole(path, token + "\n", tls::key_mode, false).map([&] { return std::move(token); });
}

expected<void> write_node_files(const std::string& folder, const std::string& url) {
  return tls::write_whole(api::files_of_node(folder).http, url + "\n", tls::key_mode, true);
}

}  // namespace millrace::cli
