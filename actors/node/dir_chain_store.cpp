#include "actors/node/dir_chain_store.hpp"

#include "runtime/snapshot/dir_chain.hpp"
#include "runtime/snapshot/file_names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::node {
namespace {

/// Every record names its actor, so those of a cluster are never taken for those of a state folder, whose
/// `control` is another chain.
std::string name_in_records(const cluster::actor_id& whose) {
  return whose.topology.empty() ? "cluster/" + whose.name : whose.topology + "/" + whose.name;
}

bool is_ours(const snapshot::file_system::entry& e) {
  return e.name == "control" || e.name == "chains" || e.name == "lost+found";
}

}  // namespace

std::string dir_chain_store::folder_of(const cluster::actor_id& whose) const {
  if (whose.topology.empty())
    return fmt::format("{}/{}", folder_, snapshot::file_name_of(whose.name));
  return fmt::format("{}/chains/{}/{}", folder_, snapshot::file_name_of(whose.topology),
                     snapshot::file_name_of(whose.name));
}

expected<void> dir_chain_store::check_owner() const {
  const auto entries = files_.list(folder_);
  if (!entries && entries.error().code == ec::not_found)
    return {};
  if (!entries)
    return unexpected(entries.error());
  const auto foreign = std::ranges::find_if_not(*entries, is_ours);
  if (foreign != entries->end())
    return user_error(ec::mismatch,
                      fmt::format("{} is not the store of a cluster (there is {}); name an empty "
                                  "folder with --store dir:PATH",
                                  folder_, foreign->name));
  return {};
}

/// Each one is synced into the one above it, also where it was there: its maker may have died before that.
expected<void> dir_chain_store::make_folders(const std::string& path) {
  for (std::size_t slash = 0; slash != std::string::npos;) {
    slash = path.find('/', slash + 1);
    const auto part = path.substr(0, slash);
    const auto made = files_.make_folder(part);
    if (!made)
      return unexpected(made.error());
    const auto above = part.rfind('/');
    const auto parent = above == std::string::npos ? "." : above == 0 ? "/" : part.substr(0, above);
    if (*made || part.size() > folder_.size())
      if (auto done = files_.sync_folder(parent); !done)
        return done;
  }
  return {};
}

expected<opened_chain> dir_chain_store::open(const cluster::actor_id& whose, const life& now) {
  const auto found = look(whose);
  if (!found)
    return unexpected(found.error());
  auto mine = now;
  if (found->highest.term == now.term && found->highest.count >= now.count)
    mine.count = found->highest.count + 1;
  if (mine.count > most_counts)
    return outside_error(ec::io, fmt::format("{}: too many writes have failed under one term", whose.name));
  const auto folder = folder_of(whose);
  if (auto made = make_folders(folder); !made)
    return unexpected(made.error());
  return snapshot::dir_chain::open(files_, folder, name_in_records(whose), mine,
                                   std::make_shared<snapshot::life_fence>());
}

expected<opened_chain> dir_chain_store::open_chosen(const cluster::actor_id& whose, const life& chosen) {
  const auto folder = folder_of(whose);
  const auto made = check_owner()
                        .and_then([&] { return make_folders(folder_); })
                        .and_then([&] { return files_.claim_folder(folder_); })
                        .and_then([&] { return make_folders(folder); });
  if (!made)
    return unexpected(made.error());
  return snapshot::dir_chain::open_chosen(files_, folder, name_in_records(whose), chosen);
}

expected<found_chain> dir_chain_store::look(const cluster::actor_id& whose) {
  if (auto good = check_owner(); !good)
    return unexpected(good.error());
  auto found = snapshot::dir_chain::look(files_, folder_of(whose), name_in_records(whose));
  if (!found && found.error().code == ec::not_found)
    return found_chain{};
  return std::move(found).map([](snapshot::scanned_chain&& all) {
    return found_chain{std::move(all.contents), all.life};
  });
}

}  // namespace millrace::node
