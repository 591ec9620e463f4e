#include "actors/stream/replay/replay_log.hpp"

#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/value_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::replay {
namespace {

/// "12.1" and "12.2" are the copies of batch 12.
std::optional<std::uint64_t> number_of(std::string_view file) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(file.data(), file.data() + file.size(), number);
  const std::string_view rest(end, static_cast<std::size_t>(file.data() + file.size() - end));
  if (failed != std::errc() || (rest != ".1" && rest != ".2"))
    return std::nullopt;
  return number;
}

}  // namespace

std::string folder_of_state(const std::string& state_folder, const std::string& state_id) {
  return snapshot::state_folder_of(state_folder, state_id) + "/replay";
}

std::string folder_of_plan(const std::string& folder_of_state, const std::string& plan) {
  return folder_of_state + "/" + snapshot::file_name_of(plan);
}

expected<std::uint64_t> batches_in(snapshot::file_system& files, const std::string& folder_of_state) {
  const auto plans = files.list(folder_of_state);
  if (!plans && plans.error().code == ec::not_found)
    return 0;
  if (!plans)
    return unexpected(plans.error());
  std::uint64_t sum = 0;
  for (const auto& p : *plans) {
    if (!p.is_folder)
      continue;
    const auto numbers = replay_log(files, folder_of_state + "/" + p.name).numbers();
    if (!numbers)
      return unexpected(numbers.error());
    sum += numbers->size();
  }
  return sum;
}

expected<std::vector<std::uint64_t>> replay_log::numbers() const {
  std::vector<std::uint64_t> out;
  const auto entries = files_->list(folder_);
  if (!entries && entries.error().code == ec::not_found)
    return out;
  if (!entries)
    return unexpected(entries.error());
  for (const auto& e : *entries)
    if (const auto number = number_of(e.name))
      out.push_back(*number);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

expected<replayed_batch> replay_log::read(std::uint64_t number) const {
  auto failed = [&](error e) {
    e.message = fmt::format("{}/{}: {}; restore the state folder from a backup, or start over with --fresh",
                            folder_, number, e.message);
    return unexpected(std::move(e));
  };
  auto stored = snapshot::read_value(*files_, folder_, std::to_string(number));
  if (!stored)
    return failed(std::move(stored.error()));
  auto batch = decode(stored->payload);
  if (!batch)
    return failed(std::move(batch.error()));
  return batch;
}

expected<std::uint64_t> replay_log::add(const replayed_batch& b) const {
  const auto parent = folder_.substr(0, folder_.rfind('/'));
  const auto made = files_->make_folder(parent).and_then([&](bool) { return files_->make_folder(folder_); });
  if (!made)
    return unexpected(made.error());
  for (const auto& path : {parent.substr(0, parent.rfind('/')), parent})
    RETURN_IF_ERROR(files_->sync_folder(path));
  ASSIGN_OR_RETURN(const auto there, numbers());
  const auto number = there.empty() ? 1 : there.back() + 1;
  return snapshot::write_value(*files_, folder_, std::to_string(number), encode(b), 1).map([&] {
    return number;
  });
}

}  // namespace millrace::replay
