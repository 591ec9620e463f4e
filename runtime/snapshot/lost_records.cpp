#include "runtime/snapshot/lost_records.hpp"

#include "runtime/snapshot/control_chain.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/leftovers.hpp"
#include "runtime/snapshot/loaded_run.hpp"
#include "runtime/snapshot/size_limits.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <vector>

namespace millrace::snapshot {
namespace {

/// Actors have chains in these parts of the contents.
constexpr std::string_view parts_with_chains[] = {"snapshots", "journals"};

expected<std::vector<file_system::entry>> list_if_there(file_system& files, const std::string& path) {
  auto entries = files.list(path);
  if (!entries && entries.error().code == ec::not_found)
    return std::vector<file_system::entry>();
  return entries;
}

/// The number that the run names; none where it is below `below`, or where no record says so that is whole.
expected<std::optional<incarnation>> number_from(file_system& files, const std::string& chain,
                                                 const run_files& run, incarnation below) {
  const auto names = [&](chain::life l) { return l.term >= below; };
  return life_of_run(files, chain, run, {}, names).map([](const std::optional<chain::life>& found) {
    return found ? std::optional(found->term) : std::nullopt;
  });
}

/// Says whether the chain has this number, or other contents, by now: another process may have the folder where
/// its lock does not hold, and what it takes stands in the chain before it is used.
expected<bool> has_gone_on(file_system& files, const std::string& folder, const folder_record& since,
                           std::optional<incarnation> number) {
  return look_at_control(files, folder).map([&](const found_control& now) {
    const auto& record = now.state.folder;
    return record &&
           (number ? *number < record->given_below
                   : record->id.state_id != since.id.state_id || record->contents != since.contents);
  });
}

expected<void> check_gone_on(file_system& files, const std::string& folder, const folder_record& since,
                             std::optional<incarnation> number, const std::string& evidence) {
  const auto gone_on = has_gone_on(files, folder, since, number);
  if (!gone_on)
    return unexpected(gone_on.error());
  if (*gone_on)
    return {};
  return user_error(ec::corrupt, fmt::format("{} has lost its newest records: {}; restore the state folder "
                                             "from a backup, or start over with --fresh",
                                             control_folder(folder), evidence));
}

expected<void> check_actor(file_system& files, const std::string& folder, const std::string& chain,
                           const folder_record& record) {
  const auto listed = list_runs(files, chain);
  if (!listed && listed.error().code == ec::not_found)
    return {};
  if (!listed)
    return unexpected(listed.error());
  if (listed->runs.empty())
    return {};
  const auto& newest = listed->runs.back();
  const auto number = number_from(files, chain, newest, record.given_below);
  if (!number)
    return unexpected(number.error());
  if (!*number)
    return {};
  return check_gone_on(files, folder, record, *number,
                       fmt::format("{}/{} was written under the number {}, and the numbers from {} on have "
                                   "not been given out",
                                   chain, run_file(newest.place), **number, record.given_below));
}

expected<void> check_contents(file_system& files, const std::string& folder, const folder_record& record) {
  const auto state = state_folder_of(folder, record.id.state_id);
  const auto entries = list_if_there(files, state);
  if (!entries)
    return unexpected(entries.error());
  const std::string named = record.contents.empty() ? std::string(parts_of_contents[0]) : record.contents;
  std::string other;
  for (const auto& e : *entries) {
    if (e.name == named)
      return {};
    if (e.name.starts_with(contents_begin))
      other = e.name;
  }
  if (other.empty())
    return {};
  return check_gone_on(files, folder, record, std::nullopt,
                       fmt::format("{}/{} is gone, and {} is there", state, named, other));
}

}  // namespace

expected<void> check_control_is_newest(file_system& files, const std::string& folder,
                                       const folder_record& record) {
  if (auto done = check_contents(files, folder, record); !done)
    return done;
  const auto contents = contents_folder_of(folder, record.id.state_id, record.contents);
  for (const auto part : parts_with_chains) {
    const auto actors = list_if_there(files, fmt::format("{}/{}", contents, part));
    if (!actors)
      return unexpected(actors.error());
    for (const auto& actor : *actors)
      if (actor.is_folder)
        if (auto done =
                check_actor(files, folder, fmt::format("{}/{}/{}", contents, part, actor.name), record);
            !done)
          return done;
  }
  return {};
}

}  // namespace millrace::snapshot
