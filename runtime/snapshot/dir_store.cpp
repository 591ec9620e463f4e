#include "runtime/snapshot/dir_store.hpp"

#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/leftovers.hpp"

#include <fmt/format.h>

namespace millrace::snapshot {
namespace {

std::uint64_t bytes_below(file_system& files, const std::string& folder) {
  std::uint64_t sum = 0;
  if (const auto entries = files.list(folder))
    for (const auto& e : *entries)
      sum += e.is_folder ? bytes_below(files, folder + "/" + e.name) : e.size;
  return sum;
}

}  // namespace

dir_store::dir_store(file_system& files, opened_folder opened)
    : files_(files), opened_(std::move(opened)), record_(*known().folder) {}

std::string dir_store::chains() const {
  return fmt::format("{}/{}", contents_folder_of(folder(), record_.id.state_id, record_.contents),
                     store_name);
}

expected<void> dir_store::check_writable() const {
  if (is_read_only())
    return user_error(ec::unsupported,
                      fmt::format("the state folder {} was opened for reading only", folder()));
  return {};
}

expected<std::string> dir_store::get(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = known().values.find(name);
  if (found == known().values.end())
    return user_error(ec::not_found, fmt::format("there is no value {} in {}", name, folder()));
  return found->second;
}

expected<void> dir_store::put(std::string_view name, std::string_view value) {
  if (auto writable = check_writable(); !writable)
    return writable;
  const std::lock_guard lock(mutex_);
  return opened_.control->change({false, {}, {{std::string(name), std::string(value)}}});
}

expected<void> dir_store::mark_finished() {
  if (auto writable = check_writable(); !writable)
    return writable;
  const std::lock_guard lock(mutex_);
  if (record_.id.finished)
    return {};
  auto changed = record_;
  changed.id.finished = true;
  if (auto done = opened_.control->change({false, std::move(changed), {}}); !done)
    return done;
  record_.id.finished = true;  // the only member that changes while others may read it
  return {};
}

std::uint64_t dir_store::bytes() const {
  return bytes_below(files_, state_folder_of(folder(), record_.id.state_id)) +
         bytes_below(files_, control_folder(folder()));
}

}  // namespace millrace::snapshot
