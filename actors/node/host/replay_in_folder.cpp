#include "actors/node/host/replay_in_folder.hpp"

#include "actors/deployment/start_positions.hpp"
#include "actors/node/host/run_state.hpp"
#include "actors/replay/route.hpp"
#include "runtime/base/random.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::host {
namespace {

expected<std::string> identity_of(const snapshot::value_reader& store, const lane::lane_plan& plan) {
  if (!config::traits_of(*plan.source).identity_by_lane)
    return std::string();
  ASSIGN_OR_RETURN(const auto stored, snapshot::find_value(store, deployment::starts_name(plan.name)));
  if (!stored)
    return std::string();
  ASSIGN_OR_RETURN(const auto partitions, deployment::decode_starts(*stored));
  return deployment::identities_of_lanes(store, plan.name, partitions.size());
}

/// Lanes look into the index without opening it, so an entry that they find has to count: its writer is not fenced off
/// while it adds.
expected<std::unique_ptr<snapshot::folder_lock>> lock_out_others(const run_folder& folder) {
  auto taken = folder.files().lock(folder.folder() + "/replay.lock", snapshot::lock_kind::exclusive);
  if (!taken && taken.error().code == ec::locked)
    return user_error(ec::locked, fmt::format("another replay into {} is under way ({}); let it end first",
                                              folder.folder(), taken.error().message));
  return taken;
}

/// A run with --fresh may have removed the batches amid the replay.
expected<void> check_still_there(const folder_request& r, const run_folder& folder, const found_run& then) {
  ASSIGN_OR_RETURN(const auto now, look_at_run(folder, r.topology->name));
  if (now.topology && now.topology->first_generation == then.topology->first_generation)
    return {};
  return user_error(
      ec::mismatch,
      fmt::format(
          "the state in {} has begun anew meanwhile, without these dead letters; replay them once more",
          r.state));
}

}  // namespace

expected<replay::batch_index> take_index(const std::shared_ptr<node::topology_chains>& chains) {
  return chains->open_chosen(replay::name_of_batch_index(), static_cast<std::uint32_t>(random_bits()))
      .and_then([&](node::topology_chains::chosen_chain&& opened) {
        return replay::batch_index::take(chains, std::move(opened.chain), opened.now);
      });
}

expected<replay::outcome> replay_in_folder(folder_request r) {
  RETURN_IF_ERROR(replay::check_into(*r.topology, r.into, r.into_is_called));
  auto folder = run_folder::look(r.state);
  if (!folder) {
    if (folder.error().code == ec::not_found)
      folder.error().message += "; expected the --state of the run that wrote these dead letters";
    return unexpected(std::move(folder.error()));
  }
  ASSIGN_OR_RETURN(const auto found, look_at_run(**folder, r.topology->name));
  if (!found.topology)
    return user_error(ec::mismatch, fmt::format("{} is not a state folder", r.state));
  r.is_finished = found.topology->status == cluster::topology_status::finished;
  if (const auto began = found.plan.values.find(std::string(state_began_name));
      began != found.plan.values.end() && !r.older)
    r.began = std::stoll(began->second);
  r.identity_of = [&found](const lane::lane_plan& plan) { return identity_of(*found.values, plan); };
  replay::letter_files letters(r.letters);
  if (r.dry_run) {
    ASSIGN_OR_RETURN(auto index, replay::batch_index::look(found.chains));
    return replay::replay(r, letters, index);
  }
  ASSIGN_OR_RETURN(const auto lock, lock_out_others(**folder));
  ASSIGN_OR_RETURN(auto index, take_index(found.chains));
  ASSIGN_OR_RETURN(auto done, replay::replay(r, letters, index));
  return check_still_there(r, **folder, found).map([&] { return std::move(done); });
}

}  // namespace millrace::host
