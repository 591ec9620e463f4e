#include "actors/node/stores/dir_chain_store.hpp"

#include "runtime/chain/rules.hpp"
#include "runtime/snapshot/dir_chain.hpp"
#include "runtime/snapshot/dir_segments.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/made_folders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::node {
namespace {

/// Every record names its actor. No topology has an empty name, so `control` is apart from all actors.
std::string name_in_records(const cluster::actor_id& whose) {
  return whose.topology.empty() ? "cluster/" + whose.name : whose.topology + "/" + whose.name;
}

/// Looks at the actor's chain before each change: its runs show whether another node has opened it under a
/// higher term (R1).
class fenced_segments final : public snapshot::segments {
public:
  fenced_segments(snapshot::file_system& files, std::string chain_folder, std::string name, incarnation term)
      : files_(files), chain_folder_(std::move(chain_folder)), name_(std::move(name)), term_(term) {}

  expected<void> open(const std::string& parent, const std::vector<segment_id>& needed) {
    const auto mine = std::make_shared<snapshot::life_fence>();
    mine->newest = term_;
    auto opened = check().and_then(
        [&] { return snapshot::dir_segments::open(files_, parent, name_, term_, mine, needed); });
    return std::move(opened).map([this](std::unique_ptr<snapshot::segments>&& s) { inner_ = std::move(s); });
  }
  expected<void> write(const segment_id& id, std::string_view payload) override {
    return check().and_then([&] { return inner_->write(id, payload); });
  }
  expected<std::string> read(const segment_id& id) const override { return inner_->read(id); }
  expected<void> remove(const std::vector<segment_id>& ids) override {
    return check().and_then([&] { return inner_->remove(ids); });
  }

private:
  [[nodiscard]] expected<void> check() const {
    ASSIGN_OR_RETURN(const auto listed, snapshot::list_runs(files_, chain_folder_));
    for (const auto& run : listed.runs) {
      ASSIGN_OR_RETURN(const auto higher,
                       snapshot::life_of_run(files_, chain_folder_, run, name_,
                                             [this](const life& l) { return l.term > term_; }));
      if (higher)
        return snapshot::superseded(term_, name_, higher->term);
    }
    return {};
  }

  snapshot::file_system& files_;
  std::string chain_folder_;
  std::string name_;
  incarnation term_;
  std::unique_ptr<snapshot::segments> inner_;
};

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
  if (has_earlier_state(*entries))
    return user_error(
        ec::mismatch,
        fmt::format("{} has the state of `millrace run` in the format of an earlier build; name "
                    "another folder with --store dir:PATH",
                    folder_));
  if (const auto foreign = name_of_others(*entries); !foreign.empty())
    return user_error(ec::mismatch,
                      fmt::format("{} is not the store of a cluster (there is {}); name an empty "
                                  "folder with --store dir:PATH",
                                  folder_, foreign));
  return {};
}

expected<opened_chain> dir_chain_store::open_control_over(const life& chosen) {
  const auto whose = control_of_cluster();
  const auto folder = folder_of(whose);
  RETURN_IF_ERROR(snapshot::make_folders(files_, folder, folder_));
  ASSIGN_OR_RETURN(const auto there, snapshot::list_runs(files_, folder));
  return snapshot::dir_chain::open_chosen(files_, folder, name_in_records(whose), chosen,
                                          std::max(there.mark, there.last()));
}

expected<opened_chain> dir_chain_store::open(const cluster::actor_id& whose, const life& now) {
  ASSIGN_OR_RETURN(const auto found, look(whose));
  const auto mine = chain::above_earlier(now, found.highest);
  if (mine.count > most_counts)
    return outside_error(ec::io,
                         fmt::format("{}: too many lives and failed writes under one term", whose.name));
  const auto folder = folder_of(whose);
  RETURN_IF_ERROR(snapshot::make_folders(files_, folder, folder_));
  return snapshot::dir_chain::open(files_, folder, name_in_records(whose), mine,
                                   std::make_shared<snapshot::life_fence>());
}

expected<opened_chain> dir_chain_store::open_chosen(const cluster::actor_id& whose, const life& chosen) {
  const auto folder = folder_of(whose);
  const auto made =
      check_owner().and_then([&] { return snapshot::make_own_folder(files_, folder_); }).and_then([&] {
        return snapshot::make_folders(files_, folder, folder_);
      });
  if (!made)
    return unexpected(made.error());
  return snapshot::dir_chain::open_chosen(files_, folder, name_in_records(whose), chosen);
}

expected<found_chain> dir_chain_store::look(const cluster::actor_id& whose) {
  RETURN_IF_ERROR(check_owner());
  auto found = snapshot::dir_chain::look(files_, folder_of(whose), name_in_records(whose));
  if (!found && found.error().code == ec::not_found)
    return found_chain{};
  return std::move(found).map([](snapshot::scanned_chain&& all) {
    return found_chain{std::move(all.contents), all.life};
  });
}

expected<void> dir_chain_store::settle(const cluster::actor_id& whose) {
  auto done = snapshot::dir_chain::settle(files_, folder_of(whose), name_in_records(whose));
  return !done && done.error().code == ec::not_found ? expected<void>() : done;
}

expected<std::unique_ptr<snapshot::segments>>
dir_chain_store::open_segments(const cluster::actor_id& whose, incarnation term,
                               const std::vector<segment_id>& needed) {
  auto opened = std::make_unique<fenced_segments>(files_, folder_of(whose), name_in_records(whose), term);
  RETURN_IF_ERROR(opened->open(folder_ + "/segments", needed));
  return opened;
}

expected<std::vector<std::string>> dir_chain_store::openings() {
  std::vector<std::string> out;
  if (was_open_)
    out.push_back(
        fmt::format("others than this user may have written to {0}, and who writes there commands the nodes; "
                    "remedy: chmod 700 {0}, and look at what is in it",
                    folder_));
  return out;
}

expected<std::vector<std::string>> dir_chain_store::list(const std::string& chains) {
  RETURN_IF_ERROR(check_owner());
  const auto folder = fmt::format("{}/chains/{}", folder_, snapshot::file_name_of(chains));
  const auto entries = files_.list(folder);
  std::vector<std::string> out;
  if (!entries)
    return entries.error().code == ec::not_found ? expected<std::vector<std::string>>(out)
                                                 : unexpected(entries.error());
  for (const auto& e : *entries) {
    auto name = snapshot::name_of_file(e.name);
    if (!name)
      return fatal_error(ec::unsupported,
                         fmt::format("{}/{} is a chain whose name is too long to be told", folder, e.name));
    out.push_back(std::move(*name));
  }
  return out;
}

expected<std::vector<segment_id>> dir_chain_store::list_segments(const cluster::actor_id& whose) {
  return snapshot::dir_segments::list(files_, folder_ + "/segments", name_in_records(whose));
}

expected<std::string> dir_chain_store::read_segment(const cluster::actor_id& whose, const segment_id& id) {
  return snapshot::dir_segments::read(files_, folder_ + "/segments", name_in_records(whose), id);
}

expected<void> dir_chain_store::clear(const std::string& chains) {
  RETURN_IF_ERROR(check_owner());
  const auto chain_folder = folder_ + "/chains";
  RETURN_IF_ERROR(snapshot::remove_tree(files_, chain_folder + "/" + snapshot::file_name_of(chains)));
  // Names of topologies are short, so the cut of a long name leaves this beginning whole.
  const auto spilled = folder_ + "/segments";
  const auto begin = snapshot::file_name_of(chains + "/");
  const auto actors = files_.list(spilled);
  if (!actors && actors.error().code != ec::not_found)
    return unexpected(actors.error());
  if (actors)
    for (const auto& e : *actors)
      if (e.name.starts_with(begin))
        RETURN_IF_ERROR(snapshot::remove_tree(files_, spilled + "/" + e.name));
  const auto sync = [&](const std::string& folder) {
    auto done = files_.sync_folder(folder);
    return !done && done.error().code == ec::not_found ? expected<void>() : done;
  };
  return sync(chain_folder).and_then([&] { return sync(spilled); });
}

bool has_earlier_state(const std::vector<snapshot::file_system::entry>& in_folder) {
  return std::ranges::any_of(in_folder, [](const auto& e) { return e.name.starts_with("identity."); });
}

std::string name_of_others(const std::vector<snapshot::file_system::entry>& in_folder) {
  std::string foreign;
  for (const auto& e : in_folder) {
    if (e.name == "lock" || e.name == "control" || e.name == "addresses")
      return {};
    // An empty file system has lost+found.
    if (foreign.empty() && e.name != "chains" && e.name != "segments" && e.name != "events" &&
        e.name != "lost+found")
      foreign = e.name;
  }
  return foreign;
}

}  // namespace millrace::node
