#include "runtime/snapshot/format_note.hpp"

#include "runtime/snapshot/value_file.hpp"

#include <utility>

namespace millrace::snapshot {
namespace {

constexpr std::string_view identity_name = "identity";

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
  return decode_note(stored->payload, folder).map([&](std::uint16_t version) {
    found.version = version;
    return std::move(found);
  });
}

expected<void> write_note(file_system& files, const std::string& folder, found_note& found,
                          std::string_view writer) {
  ++found.generation;
  return write_value(files, folder, identity_name, encode_note(), found.generation, writer);
}

}  // namespace millrace::snapshot
