#include "runtime/snapshot/older_folder.hpp"

#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/leftovers.hpp"
#include "runtime/snapshot/size_limits.hpp"
#include "runtime/snapshot/value_file.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::snapshot {
namespace {

constexpr std::string_view identity_name = "identity";

unexpected missing_folder(const std::string& path) {
  return user_error(ec::corrupt, fmt::format("{} is missing; restore the folder from a backup, or start over "
                                             "with --fresh",
                                             path));
}

}  // namespace

expected<found_note> read_note(file_system& files, const std::string& folder) {
  found_note found;
  const auto stored = read_value(files, folder, identity_name);
  if (!stored && stored.error().code == ec::not_found)
    return found;
  found.is_there = true;
  found.is_damaged = !stored && stored.error().code == ec::corrupt;
  if (found.is_damaged)
    return found;
  if (!stored)
    return unexpected(stored.error());
  found.generation = stored->generation;
  found.copies_differ = stored->copies_differ;
  return decode_note(stored->payload, folder).map([&](identity_note&& note) {
    found.note = std::move(note);
    return std::move(found);
  });
}

expected<void> write_note(file_system& files, const std::string& folder, found_note& found,
                          const std::optional<folder_record>& record, std::string_view writer) {
  ++found.generation;
  return write_value(files, folder, identity_name, encode_note(record), found.generation, writer);
}

std::string values_folder(const std::string& folder, const folder_record& of) {
  return fmt::format("{}/{}", state_folder_of(folder, of.id.state_id), older_values);
}

expected<named_values> read_older_values(file_system& files, const std::string& values) {
  const auto entries = files.list(values);
  if (!entries && entries.error().code == ec::not_found)
    return missing_folder(values);
  if (!entries)
    return unexpected(entries.error());
  named_values all;
  for (const auto& e : *entries) {
    const auto is_first = e.name.ends_with(".1");
    if (!is_first && !e.name.ends_with(".2"))
      continue;
    const auto bytes = read_at_most(files, values + "/" + e.name, largest_value);
    if (!bytes && !is_lost(bytes.error()))
      return unexpected(bytes.error());
    const auto name = bytes ? value_name(*bytes) : std::nullopt;
    if (name && all.contains(*name))
      continue;
    if (name) {
      auto stored = read_value(files, values, *name);
      if (!stored)
        return unexpected(stored.error());
      all.emplace(*name, std::move(stored->payload));
      continue;
    }
    // The other copy says the name, if that one is whole.
    const auto other = e.name.substr(0, e.name.size() - 1) + (is_first ? "2" : "1");
    const auto copy = read_at_most(files, values + "/" + other, largest_value);
    if (!copy && !is_lost(copy.error()))
      return unexpected(copy.error());
    if (!copy || !value_name(*copy))
      return user_error(ec::corrupt,
                        fmt::format("both copies of {}/{} are damaged; restore the folder from a backup, "
                                    "or start over with --fresh",
                                    values, e.name));
  }
  return all;
}

}  // namespace millrace::snapshot
