#include "runtime/snapshot/control_chain.hpp"

#include "runtime/base/random.hpp"
#include "runtime/chain/rules.hpp"
#include "runtime/snapshot/dir_chain.hpp"
#include "runtime/snapshot/merged_snapshots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::snapshot {
namespace {

constexpr const char* control_actor = "control";

unexpected taken(const std::string& folder, unexpected (*kind)(ec, std::string), ec code) {
  return kind(code, fmt::format("another process has taken over the state folder {}; stop one of the two, or "
                                "give each a --state of its own",
                                folder));
}

}  // namespace

std::string control_folder(const std::string& folder) { return folder + "/control"; }

expected<found_control> look_at_control(file_system& files, const std::string& folder) {
  auto found = dir_chain::look(files, control_folder(folder), control_actor);
  if (!found && found.error().code == ec::not_found)
    return found_control{};
  if (!found)
    return unexpected(found.error());
  return sum_up(std::move(found->contents), folder).map([&](control_state&& state) {
    return found_control{std::move(state), found->life};
  });
}

expected<std::uint64_t> last_place_of_control(file_system& files, const std::string& folder) {
  const auto listed = list_runs(files, control_folder(folder));
  if (!listed && listed.error().code == ec::not_found)
    return 0;
  if (!listed)
    return unexpected(listed.error());
  return std::max(listed->mark, listed->last());
}

expected<std::unique_ptr<control_chain>> control_chain::open(file_system& files, const std::string& folder,
                                                             chain::life above, std::uint64_t forget_up_to) {
  const auto at = control_folder(folder);
  // Synced also when it was there: its maker may have died before doing so.
  auto made = files.make_folder(at).and_then([&](bool) { return files.sync_folder(folder); });
  if (!made)
    return unexpected(made.error());
  const auto life = chain::chosen_above(above, static_cast<std::uint32_t>(random_bits()));
  auto records = dir_chain::open_chosen(files, at, control_actor, life, forget_up_to);
  if (!records && records.error().code == ec::fenced)
    return taken(folder, user_error, ec::locked);
  if (!records)
    return unexpected(records.error());
  std::unique_ptr<control_chain> opened(new control_chain(std::move(*records), folder));
  auto done = opened->records_->read().and_then(
      [&](chain::contents&& all) { return sum_up(std::move(all), folder); });
  if (!done)
    return unexpected(done.error());
  opened->state_ = std::move(*done);
  // An opening begins a run, and a folder may be opened often without a change.
  RETURN_IF_ERROR(opened->write_base_if_due());
  return opened;
}

expected<void> control_chain::change(control_change c) {
  if (const auto done = records_->append(encode_change(c), true); !done)
    return done.error().code == ec::fenced ? taken(folder_, fatal_error, ec::fenced)
                                           : unexpected(done.error());
  state_.apply(std::move(c));
  return write_base_if_due();
}

expected<void> control_chain::write_base_if_due() {
  const auto done = append_base_if_due(*records_, [this] {
    return encode_change({true, state_.folder, state_.values});
  });
  return done ? done : taken(folder_, fatal_error, ec::fenced);
}

}  // namespace millrace::snapshot
