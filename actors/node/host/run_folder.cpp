#include "actors/node/host/run_folder.hpp"

#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/made_folders.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::host {
namespace {

std::string without_slashes(std::string folder) {
  while (folder.size() > 1 && folder.ends_with('/'))
    folder.pop_back();
  return folder;
}

bool is_of_state(const snapshot::file_system::entry& e) {
  return e.name == "control" || e.name == "chains" || e.name == "segments" || e.name == "events" ||
         e.name.starts_with(snapshot::state_begin);
}

std::uint64_t bytes_below(snapshot::file_system& files, const std::string& folder) {
  std::uint64_t sum = 0;
  if (const auto entries = files.list(folder))
    for (const auto& e : *entries)
      sum += e.is_folder ? bytes_below(files, folder + "/" + e.name) : e.size;
  return sum;
}

}  // namespace

/// Another process may be making the folder: a listing that shows what came later may lack what came first.
expected<void> run_folder::check_entries(bool fresh) const {
  ASSIGN_OR_RETURN(auto entries, files_.list(folder_));
  if (!node::name_of_others(entries).empty()) {
    ASSIGN_OR_RETURN(entries, files_.list(folder_));
  }
  if (!fresh && node::has_earlier_state(entries))
    return user_error(
        ec::mismatch,
        fmt::format("the state folder {} has the format of an earlier build of millrace, which "
                    "this one does not read; choose another --state, or begin anew with --fresh",
                    folder_));
  if (const auto foreign = node::name_of_others(entries);
      !foreign.empty() && !node::has_earlier_state(entries))
    return user_error(ec::mismatch,
                      fmt::format("{} is not a state folder and not empty (there is {}); choose "
                                  "another --state, or an empty folder",
                                  folder_, foreign));
  return {};
}

/// Refuses folders of others before it writes anything into them.
expected<std::shared_ptr<run_folder>> run_folder::open(std::string folder, bool fresh,
                                                       snapshot::file_system& files) {
  if (folder.empty())
    return user_error(ec::invalid_argument, "the state folder has no name; give one with --state DIR");
  std::shared_ptr<run_folder> out(new run_folder(without_slashes(std::move(folder)), files));
  if (auto fits = out->check_entries(fresh); !fits && fits.error().code != ec::not_found)
    return unexpected(fits.error());
  RETURN_IF_ERROR(snapshot::make_own_folder(files, out->folder_));
  ASSIGN_OR_RETURN(out->lock_, snapshot::lock_state_folder(files, out->folder_, "lock",
                                                           "stop that one first, or choose another --state"));
  return out;
}

expected<std::shared_ptr<run_folder>> run_folder::look(std::string folder, snapshot::file_system& files) {
  std::shared_ptr<run_folder> out(new run_folder(without_slashes(std::move(folder)), files));
  auto fits = out->check_entries(false);
  if (!fits && fits.error().code == ec::not_found)
    return user_error(ec::not_found, fmt::format("there is no state folder {}", out->folder_));
  if (!fits)
    return unexpected(fits.error());
  return out;
}

std::uint64_t run_folder::bytes() const {
  std::uint64_t sum = 0;
  if (const auto entries = files_.list(folder_))
    for (const auto& e : *entries)
      if (is_of_state(e))
        sum += bytes_below(files_, folder_ + "/" + e.name);
  return sum;
}

expected<std::vector<std::string>> names_in(snapshot::file_system& files, const std::string& path) {
  std::vector<std::string> out;
  const auto entries = files.list(path);
  if (!entries)
    return entries.error().code == ec::not_found ? expected<std::vector<std::string>>(out)
                                                 : unexpected(entries.error());
  for (const auto& e : *entries)
    out.push_back(e.name);
  return out;
}

}  // namespace millrace::host
