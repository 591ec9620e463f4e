#include "tests/simulation/damage.hpp"

#include "runtime/base/shard_name.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/snapshot_format.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>

namespace millrace::simulation {

namespace {

/// The name that the first record has in its head; empty where that is cut short.
std::string_view actor_in(std::string_view bytes) {
  snapshot::record_header head{};
  if (bytes.size() < sizeof head)
    return {};
  std::memcpy(&head, bytes.data(), sizeof head);
  return bytes.substr(sizeof head, head.name_length);
}

/// Counts the whole records that the bytes begin with. A power loss may have cut short the next one.
std::size_t whole_records_in(std::string_view bytes) {
  const auto actor = actor_in(bytes);
  snapshot::record r;
  std::size_t count = 0;
  std::size_t size = 0;
  while (snapshot::decode_first_record(bytes, actor, r, size) == snapshot::reading::whole) {
    ++count;
    bytes.remove_prefix(size);
  }
  return count;
}

/// Values are chains as well: their names have a colon.
bool is_run_of_snapshots(const std::string& path) {
  const auto file = path.rfind('/');
  return path.find("/chains/") != std::string::npos && path.rfind("/run-") == file &&
         path.find('.', file) == std::string::npos && path.find("%3A") == std::string::npos;
}

}  // namespace

/// A power loss takes what was written to the second copy and not synced. Only a copy that has all but the
/// newest record lets the whole file be lost as one generation.
bool snapshot_damage::is_one_generation(const std::string& path) {
  const auto beside = files_.all_files(path.substr(0, path.rfind('/')));
  std::size_t in_copy = 0;
  for (const auto& copy : {path + ".copy", path + ".sealed"})
    if (std::find(beside.begin(), beside.end(), copy) != beside.end())
      in_copy = std::max(in_copy, whole_records_in(files_.contents(copy)));
  return whole_records_in(files_.contents(path)) <= in_copy + 1;
}

/// Damages a run's last increment: the one that its second copy has not.
void snapshot_damage::damage_last_record(const std::string& path) {
  auto bytes = files_.contents(path);
  const auto last = bytes.rfind("MRSNAP");
  if (last == std::string::npos)
    return files_.damage(path);
  const auto at = last + seed_ % (bytes.size() - last);
  if (seed_ % 2 == 0)
    bytes.resize(std::max<std::size_t>(at, 1));
  else
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
  files_.put(path, std::move(bytes));
}

std::string snapshot_damage::damage_newest(const std::string& folder, const std::string& actor) {
  std::map<std::string, std::string> newest;  // keyed by folder
  for (const auto& path : files_.all_files(folder))
    if (is_run_of_snapshots(path))
      newest[path.substr(0, path.rfind('/'))] = path;
  std::erase_if(newest, [&](const auto& n) {
    return !actor.empty() && n.first.find(snapshot::file_name_of(lasting_name(actor))) == std::string::npos;
  });
  std::erase_if(newest, [&](const auto& n) { return damaged_.contains(n.first); });
  if (newest.empty())
    return {};
  const auto victim = std::next(newest.begin(), static_cast<std::ptrdiff_t>(seed_ % newest.size()));
  damaged_.insert(victim->first);
  if (seed_ % 3 == 0 && is_one_generation(victim->second))
    files_.lose_file(victim->second);
  else
    damage_last_record(victim->second);
  return victim->second.substr(victim->second.rfind('/'));
}

}  // namespace millrace::simulation
