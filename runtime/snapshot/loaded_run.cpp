#include "runtime/snapshot/loaded_run.hpp"

#include "runtime/snapshot/size_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::snapshot {

expected<loaded_run> loaded_run::load(file_system& files, const std::string& folder, const run_files& names,
                                      std::string_view actor) {
  loaded_run r(folder, names, actor);
  const auto done = r.load(files, r.files_[0], names.original)
                        .and_then([&] { return r.load(files, r.files_[1], names.copy); })
                        .and_then([&] { return r.load(files, r.files_[2], names.mended); });
  if (!done)
    return unexpected(done.error());
  return r;
}

expected<void> loaded_run::load(file_system& files, one_file& file, const std::string& name) const {
  file.name = name;
  if (name.empty())
    return {};
  auto bytes = read_at_most(files, *folder_ + "/" + name, largest_chain_file);
  if (!bytes && !is_lost(bytes.error()))
    return unexpected(bytes.error());
  file.is_unreadable = !bytes && bytes.error().code == ec::corrupt;
  file.is_there = bytes || file.is_unreadable;
  file.bytes = std::move(bytes).value_or("");
  return {};
}

/// The record that `bytes` begin with, `size` bytes long; none: damaged.
expected<std::optional<record>> loaded_run::first_of(std::string_view bytes, const std::string& name,
                                                     std::size_t& size) const {
  record r;
  const auto found = decode_first_record(bytes, actor_, r, size);
  if (found == reading::later)
    return user_error(ec::unsupported,
                      fmt::format("{}/{} was written by a later version of millrace; run that version, or "
                                  "choose another --state",
                                  *folder_, name));
  if (found == reading::damaged)
    return std::nullopt;
  return r;
}

expected<std::optional<record>> loaded_run::first() const {
  for (const auto& file : files_) {
    std::size_t size = 0;
    auto r = first_of(file.bytes, file.name, size);
    if (!r || *r)
      return r;
  }
  return std::nullopt;
}

expected<std::optional<record>> loaded_run::take(const std::function<bool(const record&)>& is_next) {
  std::optional<record> taken;
  std::size_t size = 0;
  bool original_has_it = false;
  for (auto& file : files_) {
    std::size_t length = 0;
    const auto bytes = std::string_view(file.bytes).substr(std::min(end_, file.bytes.size()));
    auto r = first_of(bytes, file.name, length);
    if (!r)
      return unexpected(r.error());
    const bool is_whole = *r && is_next(**r);
    if (is_whole && !file.is_short)
      file.whole = end_ + length;
    file.is_short = file.is_short || !is_whole;
    original_has_it = original_has_it || (is_whole && &file == files_.data());
    if (is_whole && !taken) {
      taken = std::move(*r);
      size = length;
    }
  }
  if (taken) {
    end_ += size;
    ends_in_copies_alone_ = !original_has_it;
  }
  return taken;
}

std::string loaded_run::rest_of(const one_file& file) const {
  return file.bytes.substr(std::min(end_, file.bytes.size()));
}

std::vector<file_repair> loaded_run::repairs() const {
  std::vector<file_repair> out;
  if (!is_original_whole() && files_[2].whole != end_)
    out.push_back({run_file(names_->place, run_part::mended), taken_from(0), false});
  if (copy().whole == end_)
    return out;
  // It lags by the newest record, and its file is made with the second one.
  const bool only_lags = copy().is_there && !copy().is_unreadable && copy().whole == copy().bytes.size();
  const auto name = names_->copy.empty() ? run_file(names_->place, run_part::copy) : names_->copy;
  out.push_back({name, taken_from(only_lags ? copy().whole : 0), only_lags});
  return out;
}

/// The records that were taken, from `at` on, each from a file that has it whole.
std::string loaded_run::taken_from(std::size_t at) const {
  std::string all;
  while (at < end_) {
    const auto before = at;
    for (const auto& file : files_) {
      record r;
      std::size_t size = 0;
      const auto bytes = std::string_view(file.bytes).substr(std::min(at, file.bytes.size()));
      if (decode_first_record(bytes, actor_, r, size) != reading::whole)
        continue;
      all += bytes.substr(0, size);
      at += size;
      break;
    }
    if (at == before)
      break;  // it has been read a moment ago
  }
  return all;
}

expected<std::optional<record_header>> head_of(file_system& files, const std::string& folder,
                                               const run_files& run) {
  for (const auto* name : {&run.original, &run.copy, &run.mended}) {
    if (name->empty())
      continue;
    const auto bytes = files.read_part(folder + "/" + *name, 0, sizeof(record_header));
    if (!bytes && !is_lost(bytes.error()))
      return unexpected(bytes.error());
    if (auto h = bytes ? record_head(*bytes) : std::nullopt)
      return h;
  }
  return std::nullopt;
}

expected<std::optional<chain::life>> life_of_run(file_system& files, const std::string& folder,
                                                 const run_files& run, std::string_view actor,
                                                 const std::function<bool(chain::life)>& matters) {
  const auto head = head_of(files, folder, run);
  if (!head)
    return unexpected(head.error());
  if (!*head || !matters(chain::life_of((*head)->life)))
    return std::nullopt;
  for (const auto* name : {&run.original, &run.copy, &run.mended}) {
    const auto bytes = name->empty() ? expected<std::string>()
                                     : read_at_most(files, folder + "/" + *name, largest_chain_file);
    if (!bytes && !is_lost(bytes.error()))
      return unexpected(bytes.error());
    record r;
    std::size_t size = 0;
    if (bytes && decode_first_record(*bytes, actor, r, size) == reading::whole)
      return matters(chain::life_of(r.life)) ? std::optional(chain::life_of(r.life)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace millrace::snapshot
