// Batches in the folder of a state, which a run may hold meanwhile.
#include "actors/deployment/next_run.hpp"
#include "actors/deployment/start_positions.hpp"
#include "actors/replay/replay.hpp"
#include "actors/replay/route.hpp"
#include "actors/stream/lane/lane_plan.hpp"
#include "actors/stream/replay/replay_log.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::replay {
namespace {

class state_batches final : public batch_keeper {
public:
  state_batches(snapshot::file_system& files, std::string folder,
                const std::shared_ptr<const config::topology>& topology)
      : files_(files), folder_(std::move(folder)), plans_(lane::lane_plans(topology)) {}

  expected<void> know(std::unordered_set<std::string>& ids) override {
    for (const auto& plan : plans_) {
      const auto log = log_of(plan->name);
      const auto numbers = log.numbers();
      if (!numbers)
        return unexpected(numbers.error());
      for (const auto n : *numbers) {
        ASSIGN_OR_RETURN(auto batch, log.read(n));
        for (auto& r : batch.records)
          ids.insert(std::move(r.id));
      }
    }
    return {};
  }
  expected<replayed_batch> read(const std::string& plan, std::uint64_t number) override {
    return log_of(plan).read(number);
  }
  expected<void> add(const std::string& plan, const replayed_batch& b) override {
    const auto added = log_of(plan).add(b);
    return added ? expected<void>() : unexpected(added.error());
  }

private:
  [[nodiscard]] replay_log log_of(const std::string& plan) const {
    return {files_, folder_of_plan(folder_, plan)};
  }

  snapshot::file_system& files_;
  std::string folder_;
  plans plans_;
};

expected<std::string> identity_of(const snapshot::value_reader& store, const lane::lane_plan& plan) {
  if (!config::traits_of(*plan.source).identity_by_lane)
    return std::string();
  const auto stored = store.get(deployment::starts_name(plan.name));
  if (!stored)
    return stored.error().code == ec::not_found ? expected<std::string>() : unexpected(stored.error());
  return deployment::decode_starts(*stored).and_then([&](const auto& partitions) {
    return deployment::identities_of_lanes(store, plan.name, partitions.size());
  });
}

}  // namespace

expected<std::unordered_set<std::string>>
replayed_ids(const std::shared_ptr<const config::topology>& topology, const std::string& state) {
  std::unordered_set<std::string> out;
  const auto store = snapshot::open_dir_store({state, topology->name, false, true});
  if (!store)
    return store.error().code == ec::not_found ? expected<std::unordered_set<std::string>>(std::move(out))
                                               : unexpected(store.error());
  state_batches batches(snapshot::posix_file_system(),
                        folder_of_state((*store)->folder(), (*store)->id().state_id), topology);
  return batches.know(out).map([&] { return std::move(out); });
}

expected<outcome> replay_in_folder(folder_request r) {
  RETURN_IF_ERROR(check_into(*r.topology, r.into, r.into_is_called));
  // The store is opened for looking only: a run may hold the state.
  auto store = snapshot::open_dir_store({r.state, r.topology->name, false, true});
  if (!store) {
    if (store.error().code == ec::not_found)
      store.error().message += "; expected the --state of the run that wrote these dead letters";
    return unexpected(std::move(store.error()));
  }
  ASSIGN_OR_RETURN(r.is_finished, deployment::has_ended(**store));
  const auto folder = folder_of_state((*store)->folder(), (*store)->id().state_id);
  if (const auto began = (*store)->get(state_began_name); began && !r.older)
    r.began = std::stoll(*began);
  auto& files = snapshot::posix_file_system();
  std::unique_ptr<snapshot::folder_lock> lock;
  if (!r.dry_run) {
    RETURN_IF_ERROR(files.make_folder(folder));
    auto taken = files.lock(folder + "/lock");
    if (!taken && taken.error().code == ec::locked)
      return user_error(ec::locked, fmt::format("another replay into {} is under way ({}); let it end first",
                                                r.state, taken.error().message));
    if (!taken)
      return unexpected(std::move(taken.error()));
    lock = std::move(*taken);
  }
  r.identity_of = [&store](const lane::lane_plan& plan) { return identity_of(**store, plan); };
  letter_files letters(r.letters);
  state_batches batches(files, folder, r.topology);
  return replay(r, letters, batches);
}

}  // namespace millrace::replay
