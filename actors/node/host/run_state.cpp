#include "actors/node/host/run_state.hpp"

#include "actors/deployment/parsed_by.hpp"
#include "actors/node/control/control_book.hpp"
#include "actors/node/control/node_options.hpp"
#include "actors/node/host/store_copy.hpp"
#include "actors/stream/replay/stored_batches.hpp"
#include "actors/stream/sink/files/data_file.hpp"
#include "runtime/base/random.hpp"
#include "runtime/chain/rules.hpp"
#include "runtime/cluster/joining.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/made_folders.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <utility>
#include <vector>

namespace millrace::host {
namespace {

expected<bool> has_read(const found_run& found) {
  if (found.plan.values.contains(std::string(has_read_name)))
    return true;
  for (const auto& [name, actor] : found.topology->actors)
    if (actor.spec.kind == cluster::actor_kind::lane) {
      ASSIGN_OR_RETURN(const auto by, deployment::parsed_by(*found.values, name));
      if (by)
        return true;
    }
  return false;
}

/// The name of the topology that the folder is for; empty where it has none.
expected<std::string> name_in(const run_folder& folder, const cluster::control_state& control,
                              const std::string& topology) {
  if (control.topologies.empty())
    return std::string();
  const auto& first = control.topologies.begin()->first;
  if (control.topologies.size() > 1)
    return user_error(ec::mismatch,
                      fmt::format("{} is the store of a cluster with {} topologies ({}, ...); go on with its "
                                  "nodes, or choose another --state",
                                  folder.folder(), control.topologies.size(), first));
  if (!topology.empty() && first != topology)
    return user_error(ec::mismatch,
                      fmt::format("the state folder {} belongs to the topology {}, not to {}; give "
                                  "each topology a --state of its own",
                                  folder.folder(), first, topology));
  return first;
}

unexpected lost(const std::string& what) {
  return user_error(ec::corrupt,
                    what + "; restore the state folder from a backup, or start over with --fresh");
}

std::string folder_of_chains(const std::string& chains) {
  return "/chains/" + snapshot::file_name_of(chains);
}

/// Names what has chains in the folder, as cluster::chains_of() does.
expected<std::set<std::string>> all_chains(const run_folder& folder) {
  std::set<std::string> out;
  ASSIGN_OR_RETURN(const auto files, names_in(folder.files(), folder.folder() + "/chains"));
  for (const auto& file : files)
    if (auto name = snapshot::name_of_file(file)) {
      ASSIGN_OR_RETURN(const auto chains, names_in(folder.files(), folder.folder() + "/chains/" + file));
      if (!chains.empty())
        out.insert(std::move(*name));
    }
  return out;
}

/// A run has begun the state.
bool is_of_run(const hosted_plan& p) { return p.values.contains(std::string(state_began_name)); }

/// A chain whose newest files were deleted is a shorter chain that is whole, and one that is gone is a folder that nobody has
/// used: the chains of actors tell.
expected<void> check_control_is_newest(const run_folder& folder, const found_run& found) {
  const auto control = folder.folder() + "/control";
  ASSIGN_OR_RETURN(const auto there, all_chains(folder));
  if (found.control.cluster.empty())
    return there.empty() ? expected<void>() : lost(control + " is missing or empty");
  if (!found.topology)
    return {};
  const auto& t = *found.topology;
  const auto& name = found.values->id().topology;
  for (const auto& chains : there) {
    const auto at = chains.rfind('@');
    const auto since = at == std::string::npos ? 1 : std::strtoull(chains.c_str() + at + 1, nullptr, 10);
    if (chains.substr(0, at) == name && since > t.first_generation)
      return lost(fmt::format("{} has lost its newest records: {}{} is of a later state than it names",
                              control, folder.folder(), folder_of_chains(chains)));
  }
  const auto own = folder.folder() + folder_of_chains(cluster::chains_of(name, t.first_generation));
  const auto chains = folder.files().list(own);
  if (!chains && chains.error().code == ec::not_found && is_of_run(found.plan))
    return lost(own + " is missing");
  return {};
}

enum class beginning : std::uint8_t { first, fresh, blank };

/// Puts a state that has nothing yet into `control`, stopped, in the place of what is there.
class state_beginner {
public:
  state_beginner(const run_folder& folder, std::string topology, std::map<std::string, std::string> values)
      : folder_(folder), topology_(std::move(topology)), values_(std::move(values)), book_(folder.store()) {}

  expected<void> begin(const found_run& found, beginning how) {
    const auto mine = chosen_above(found.highest);
    ASSIGN_OR_RETURN(const auto now, book_.open(mine));
    cluster::change c;
    if (now.cluster.empty())
      c.emplace_back(
          cluster::records::founded{cluster::cluster_id(cluster::cluster_name, random_bits()), formats()});
    const auto t = now.topologies.find(topology_);
    if (t != now.topologies.end() && t->second.is_active())
      c.emplace_back(cluster::records::topology_failed{topology_, topology_, "it began anew", clock()});
    auto generation = now.next_generation(topology_);
    if (how == beginning::fresh && t != now.topologies.end()) {
      c.emplace_back(cluster::records::topology_removed{topology_});
      generation = now.plans + 1;
    }
    // The folder of its chains is there when the record counts, so that one that is missing is known.
    RETURN_IF_ERROR(snapshot::make_folders(
        folder_.files(), folder_.folder() + folder_of_chains(cluster::chains_of(topology_, generation)),
        folder_.folder()));
    c.emplace_back(cluster::records::topology_applied{
        topology_, encode_plan(plan_of(found, how)), generation, {}, false, how == beginning::blank});
    c.emplace_back(cluster::records::stop_asked{topology_});
    c.emplace_back(cluster::records::finished{topology_, clock()});
    return change(mine, c);
  }

  /// Lives that have opened a damaged `control` are not known, so terms go on from the clock, and so do the names of chains:
  /// what a process that was taken for dead still writes is read by nobody.
  expected<void> begin_over() {
    const auto from =
        static_cast<incarnation>(clock() / std::chrono::microseconds(std::chrono::seconds(1)).count());
    cluster::control_state state;
    state.cluster = cluster::cluster_id(cluster::cluster_name, random_bits());
    state.formats = formats();
    state.terms = state.plans = from;
    state.removed[topology_] = from;
    ASSIGN_OR_RETURN(state.leftovers, all_chains(folder_));
    ASSIGN_OR_RETURN(const auto opened, folder_.store()->open_control_over(chosen_above({from, 0})));
    ASSIGN_OR_RETURN(const auto done, opened->append_base(cluster::encode_base(state)));
    return done ? expected<void>() : not_written({});
  }

private:
  static std::uint32_t formats() { return node::node_options().formats; }

  static event_micros clock() { return system_clock().now(); }
  static life chosen_above(const life& seen) {
    return chain::chosen_above(seen, static_cast<std::uint32_t>(random_bits()));
  }

  hosted_plan plan_of(const found_run& found, beginning how) const {
    hosted_plan out;
    out.values = values_;
    out.state_id = how == beginning::blank ? found.plan.state_id : random_id();
    const auto keep = [&](std::string_view name) {
      if (const auto at = found.plan.values.find(std::string(name)); at != found.plan.values.end())
        out.values.insert(*at);
    };
    if (how == beginning::blank) {
      keep(begins_anew_name);
      keep(state_began_name);
    }
    if (how == beginning::fresh)
      out.values[std::string(begins_anew_name)] = "1";
    out.values.try_emplace(std::string(state_began_name), std::to_string(clock()));
    return out;
  }

  expected<void> change(const cluster::epoch& mine, const cluster::change& c) {
    const auto done = book_.append(mine, c);
    if (done == cluster::append_outcome::acknowledged)
      return {};
    if (done == cluster::append_outcome::refused)
      return user_error(ec::locked,
                        fmt::format("another process has taken over the state folder {}; stop one of the "
                                    "two, or give each a --state of its own",
                                    folder_.folder()));
    return not_written(book_.last_error());
  }

  unexpected not_written(const std::string& why) const {
    return outside_error(ec::io, fmt::format("the state folder {} does not take a new state{}{}",
                                             folder_.folder(), why.empty() ? "" : ": ", why));
  }

  const run_folder& folder_;
  std::string topology_;
  std::map<std::string, std::string> values_;
  node::control_book book_;
};

/// The next start tries again.
void remove_or_warn(const run_folder& folder, const std::string& name) {
  if (const auto done = snapshot::remove_tree(folder.files(), folder.folder() + "/" + name); !done)
    spdlog::warn("{}/{} is of no use any more and cannot be removed now: {}", folder.folder(), name,
                 done.error().message);
}

/// Names what only an earlier state, or a folder of an earlier build, has of its own.
expected<std::vector<std::string>> own_files(const run_folder& folder) {
  ASSIGN_OR_RETURN(auto names, names_in(folder.files(), folder.folder()));
  std::erase_if(names, [](const auto& n) {
    return !n.starts_with(snapshot::state_begin) && !n.starts_with("identity.");
  });
  return names;
}

/// Another topology has begun the state, and has read nothing, so it has no dead letters; but their sink may have committed.
void forget_another(const run_folder& folder, const found_run& before) {
  const std::filesystem::path letters = folder.folder() + "/dead_letters.jsonl";
  std::error_code ignored;
  if (!std::filesystem::exists(letters, ignored) || std::filesystem::file_size(letters, ignored) == 0)
    std::filesystem::remove(sink::side_path(letters), ignored);
  const auto replayed = replay::entries_in(*before.chains);
  spdlog::info("the state in {} was begun for topology '{}' as it was before, and had read nothing: it "
               "begins anew{}",
               folder.folder(), before.values->id().topology,
               !replayed || replayed->empty()
                   ? ""
                   : ", without the dead letters that were replayed: replay them again");
}

}  // namespace

expected<found_run> look_at_run(const run_folder& folder, const std::string& topology) {
  ASSIGN_OR_RETURN(auto seen, node::control_book(folder.store()).look());
  found_run out;
  out.control = std::move(seen.state);
  out.highest = seen.highest;
  if (auto refused = refusal_of_part(out.control, folder.store()->shown()))
    return unexpected(std::move(*refused));
  ASSIGN_OR_RETURN(auto name, name_in(folder, out.control, topology));
  std::uint64_t since = 1;
  if (!name.empty()) {
    out.topology = out.control.topologies.at(name);
    since = out.topology->first_generation;
    ASSIGN_OR_RETURN(out.plan, decode_plan(out.topology->plan));
    out.has_started = !fingerprint_of(out.plan.values).empty();
  } else {
    name = topology;
  }
  ASSIGN_OR_RETURN(const auto run, run_of(out.plan));
  const auto chains = cluster::chains_of(name, since);
  out.chains = std::make_shared<node::topology_chains>(folder.store(), chains);
  out.values = std::make_shared<node::topology_state>(folder.store(), chains,
                                                      snapshot::identity{out.plan.state_id, name},
                                                      folder.folder(), out.plan.values, run.number);
  if (out.topology) {
    ASSIGN_OR_RETURN(out.has_read, has_read(out));
  }
  return out;
}

/// Names of what is to be removed are noted before the look: another process, where the lock does not hold, makes its files after
/// its own record in `control`.
expected<found_run> take_state(const run_folder& folder, const config::topology& topology, bool fresh,
                               std::map<std::string, std::string> values) {
  ASSIGN_OR_RETURN(const auto noted, own_files(folder));
  const bool is_earlier =
      std::ranges::any_of(noted, [](const auto& n) { return n.starts_with("identity."); });
  state_beginner beginner(folder, topology.name, std::move(values));
  if (is_earlier)  // the folder was opened all the same, so `fresh` gives it up
    for (const auto& name : noted)
      if (!name.starts_with(snapshot::state_begin))
        RETURN_IF_ERROR(snapshot::remove_tree(folder.files(), folder.folder() + "/" + name));
  auto found = look_at_run(folder, topology.name);
  if (found)
    if (auto whole = check_control_is_newest(folder, *found); !whole)
      found = unexpected(whole.error());
  if (!found && fresh && (is_earlier || found.error().code == ec::corrupt)) {
    RETURN_IF_ERROR(beginner.begin_over());
    found = look_at_run(folder, topology.name);
  }
  if (!found)
    return found;
  std::optional<beginning> how;
  if (fresh)
    how = beginning::fresh;
  else if (!found->topology)
    how = beginning::first;
  else if (found->has_started && !found->has_read &&
           fingerprint_of(found->plan.values) != topology.state_fingerprint)
    how = beginning::blank;
  if (how == beginning::blank)
    forget_another(folder, *found);
  if (how) {
    RETURN_IF_ERROR(beginner.begin(*found, *how));
    ASSIGN_OR_RETURN(found, look_at_run(folder, topology.name));
  }
  const auto own = std::string(snapshot::state_begin) + found->plan.state_id;
  for (const auto& name : noted)
    if (name != own)
      remove_or_warn(folder, name);
  return found;
}

}  // namespace millrace::host
