#include "runtime/snapshot/lost_records.hpp"

#include "runtime/snapshot/control_chain.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/leftovers.hpp"

#include <fmt/format.h>

#include <string_view>

namespace millrace::snapshot {
namespace {

/// Says whether the chain names other contents by now: another process may have the folder where its lock does
/// not hold, and what it begins stands in the chain before it is used.
expected<bool> has_gone_on(file_system& files, const std::string& folder, const folder_record& since) {
  return look_at_control(files, folder).map([&](const found_control& now) {
    const auto& record = now.state.folder;
    return record && (record->id.state_id != since.id.state_id || record->contents != since.contents);
  });
}

}  // namespace

expected<void> check_control_is_newest(file_system& files, const std::string& folder,
                                       const folder_record& record) {
  const auto state = state_folder_of(folder, record.id.state_id);
  const auto entries = files.list(state);
  if (!entries)
    return unexpected(entries.error());
  const auto& named = record.contents.empty() ? std::string(store_name) : record.contents;
  std::string other;
  for (const auto& e : *entries) {
    if (e.name == named)
      return {};
    if (e.name.starts_with(contents_begin))
      other = e.name;
  }
  if (other.empty())
    return {};
  const auto gone_on = has_gone_on(files, folder, record);
  if (!gone_on)
    return unexpected(gone_on.error());
  if (*gone_on)
    return {};
  return user_error(ec::corrupt,
                    fmt::format("{} has lost its newest records: {}/{} is gone, and {} is there; restore the "
                                "state folder from a backup, or start over with --fresh",
                                control_folder(folder), state, named, other));
}

}  // namespace millrace::snapshot
