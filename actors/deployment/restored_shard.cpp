#include "actors/deployment/restored_shard.hpp"

#include "runtime/base/shard_name.hpp"
#include "runtime/control/snapshot_writer.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <utility>

namespace millrace::deployment {

expected<messages::shard> spawn_restored_shard(caf::actor_system& system, snapshot::shard_store& store,
                                               const life& now, delivery::shard_core::setup setup,
                                               const shard::shard_options& options, const make_windows& make,
                                               const messages::supervisor& supervisor) {
  setup.life = now;
  const auto in_files = lasting_name(options.name);
  auto opened = store.open_snapshots(in_files, now.term);
  if (!opened)
    return unexpected(opened.error());
  const std::shared_ptr<snapshot::snapshots> snapshots = std::move(*opened);
  auto chain = snapshots->load();
  if (!chain)
    return unexpected(chain.error());
  options.gauges->snapshots_passed_over += chain->passed_over;
  if (chain->fell_back_to)
    spdlog::warn(
        "{}: its newest snapshot is damaged, or its writing was cut short; goes on from the one before, "
        "number {}, and reads its sources again from there",
        options.in_logs(), *chain->fell_back_to);
  else if (chain->passed_over != 0)
    spdlog::warn("{}: {} damaged snapshot files were passed over; others hold the same", options.in_logs(),
                 chain->passed_over);
  const auto make_core = [setup, make] { return std::make_shared<delivery::shard_core>(setup, make()); };
  const auto core = make_core();
  if (const auto restored = core->restore(chain::records_of(std::move(*chain))); !restored)
    return unexpected(restored.error());
  core->end_where_nothing_comes();
  auto spilled = store.open_segments(in_files, now.term, core->out().segments());
  if (!spilled)
    return unexpected(spilled.error());
  caf::anon_send(options.snapshot_writer,
                 control::adopt_snapshots{options.name, now, snapshots, std::move(*spilled),
                                          [=](const snapshot::snapshots::chain& c) -> expected<std::string> {
                                            const auto merged = make_core();
                                            if (auto ok = merged->restore(chain::records_of(c)); !ok)
                                              return unexpected(ok.error());
                                            return merged->capture_all();
                                          },
                                          options.in_logs()});
  return shard::spawn_shard(system, options, core, now, supervisor);
}

}  // namespace millrace::deployment
