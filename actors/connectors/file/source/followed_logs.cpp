#include "actors/connectors/file/source/followed_logs.hpp"

#include "actors/connectors/file/source/file_list.hpp"
#include "actors/connectors/file/source/present_file.hpp"
#include "runtime/base/scan.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace millrace::source {
namespace {

using steady = std::chrono::steady_clock;

/// Where no log has more they are looked at again after this, besides when one is written to; many after a hundred times as
/// long as that takes, but for a bound.
constexpr std::chrono::milliseconds between_rounds{100};
constexpr std::chrono::seconds most_between_rounds{5};
constexpr int share_of_rounds = 100;

constexpr std::string_view begins_with = "logs\n";
constexpr std::string_view log_begins_with = "log ";

/// Returns the names that are no rotated ones of another name, here or in `known`.
std::vector<std::string> names_of_logs(const std::vector<std::string>& names,
                                       const std::set<std::string>& known) {
  auto all = known;
  all.insert(names.begin(), names.end());
  std::vector<std::string> out;
  for (const auto& name : names) {
    bool is_rotated = false;
    for (auto size = name.size(); size > 1 && !is_rotated; --size)
      is_rotated = size < name.size() && all.contains(name.substr(0, size)) &&
                   is_rotated_name(name, std::string_view(name).substr(0, size));
    if (!is_rotated)
      out.push_back(name);
  }
  return out;
}

}  // namespace

std::shared_ptr<generations> files_of_logs::of(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  auto& files = all_[path];
  if (!files)
    files = std::make_shared<generations>(path, file_order::natural, late_writes_, note_gap_);
  return files;
}

followed_reader& followed_logs::add(const std::string& path) {
  auto& log = logs_[path];
  if (!log)
    log = std::make_unique<followed_reader>(path, files_->of(path), wanted_, watch_);
  return *log;
}

expected<std::vector<partition_info>> followed_logs::begin(const std::set<std::string>& known) {
  std::vector<std::string> names{pattern_};  // a path is a log that may come later
  if (is_glob(pattern_)) {
    auto listed = list_files(pattern_, file_order::natural);
    if (!listed && listed.error().code != ec::not_found)
      return tl::make_unexpected(std::move(listed.error()));
    names = std::move(listed).value_or(std::vector<std::string>{});
  }
  std::vector<partition_info> found;
  for (const auto& name : names_of_logs(names, known)) {
    if (known.contains(name))
      continue;
    ASSIGN_OR_RETURN(const auto log, add(name).discover({}));
    found.push_back({name, log.front().start, log.front().first});
  }
  return found;
}

expected<std::vector<partition_info>> followed_logs::discover(std::chrono::milliseconds) {
  auto found = begin({});
  if (found && found->empty())
    spdlog::warn("{}: no file is there yet; each is read from its beginning once it is there", pattern_);
  return found;
}

expected<std::vector<partition_info>> followed_logs::discover_beside(const std::set<std::string>& known,
                                                                     std::chrono::milliseconds) {
  return begin(known);
}

expected<void> followed_logs::assign(const std::string& partition, position from) {
  auto& log = add(partition);
  if (assigned_.insert(partition).second)
    RETURN_IF_ERROR(log.discover({}));
  next_round_ = {};
  return log.assign(std::string(whole_log), from);
}

void followed_logs::unassign(const std::string& partition) {
  if (const auto log = logs_.find(partition); log != logs_.end())
    log->second->unassign(std::string(whole_log));
}

expected<std::optional<chunk>> followed_logs::read_any(std::span<const std::string> wanted,
                                                       std::size_t max_bytes) {
  for (const auto& partition : wanted) {
    const auto log = logs_.find(partition);
    if (log == logs_.end())
      continue;
    auto got = log->second->read_now(max_bytes);
    if (got && *got)
      (*got)->partition = partition;
    if (!got || *got)
      return got;
  }
  return std::optional<chunk>{};
}

expected<std::optional<chunk>> followed_logs::read(std::span<const std::string> wanted, std::size_t max_bytes,
                                                   std::chrono::milliseconds timeout) {
  const auto until = steady::now() + timeout;
  for (;;) {
    if (steady::now() >= next_round_) {
      const auto begin = processor_time();
      auto got = read_any(wanted, max_bytes);
      if (!got || *got)
        return got;
      next_round_ = steady::now() + std::clamp<steady::duration>(share_of_rounds * (processor_time() - begin),
                                                                 between_rounds, most_between_rounds);
    }
    if (steady::now() >= until)
      return std::optional<chunk>{};
    const auto target = std::min(until, next_round_);
    if (!watch_->wait_until(target))
      return unexpected(error{ec::cancelled, fault::ours, false, "reading was interrupted", {}});
    if (steady::now() < target)  // one was written to
      next_round_ = {};
  }
}

void followed_logs::acknowledge(const std::string& partition, position durable) {
  if (const auto log = logs_.find(partition); log != logs_.end())
    log->second->acknowledge(std::string(whole_log), durable);
}

std::optional<backlog> followed_logs::lag() {
  backlog out;
  for (const auto& path : assigned_)
    if (const auto one = logs_.at(path)->lag(); one && !one->records.empty())
      out.records[path] = one->records.begin()->second;
  return out;
}

std::optional<std::uint64_t> followed_logs::lag_bytes() {
  std::uint64_t all = 0;
  for (const auto& path : assigned_) {
    const auto one = logs_.at(path)->lag_bytes();
    if (!one)
      return std::nullopt;
    all += *one;
  }
  return all;
}

std::vector<const followed_logs::logs::value_type*> followed_logs::told() const {
  std::vector<const logs::value_type*> out;
  for (const auto& log : logs_)
    if (assigned_.empty() || assigned_.contains(log.first))
      out.push_back(&log);
  return out;
}

std::string followed_logs::identity() const {
  std::string out(begins_with);
  for (const auto* const log : told()) {
    const auto text = log->second->identity();
    fmt::format_to(std::back_inserter(out), "{}{} {}\n{}{}", log_begins_with, log->first.size(), text.size(),
                   log->first, text);
  }
  return out;
}

std::uint64_t followed_logs::identity_version() const {
  const auto all = told();
  std::uint64_t out = assigned_.size();
  for (const auto* const log : all)
    out += 1 + log->second->identity_version();
  return out;
}

void followed_logs::note_progress() {
  for (const auto& path : assigned_)
    logs_.at(path)->note_progress();
}

// Texts of several lanes may stand one behind the other, the newer one of a log behind the older.
expected<void> followed_logs::check_identity(std::string_view stored) {
  if (!stored.empty() && !is_text(stored))
    return user_error(
        ec::mismatch,
        fmt::format("{}: its files were one log until now; leave out \"parallel\", or begin anew "
                    "with --fresh",
                    pattern_));
  std::map<std::string, std::string_view> texts;
  while (!stored.empty()) {
    auto line = take_line(stored);
    if (line == begins_with.substr(0, begins_with.size() - 1))
      continue;
    std::array<std::size_t, 2> sizes{};
    line.remove_prefix(std::min(line.size(), log_begins_with.size()));
    if (!take_field(line, sizes[0]) || !take_field(line, sizes[1]) || sizes[0] > stored.size() ||
        sizes[1] > stored.size() - sizes[0])
      return fatal_error(ec::corrupt,
                         "the stored order of files is damaged; restore the state folder, or begin anew "
                         "with --fresh");
    texts[std::string(stored.substr(0, sizes[0]))] = stored.substr(sizes[0], sizes[1]);
    stored.remove_prefix(sizes[0] + sizes[1]);
  }
  for (const auto& [path, text] : texts)
    RETURN_IF_ERROR(add(path).check_identity(text));
  return {};
}

bool followed_logs::is_text(std::string_view identity) { return identity.starts_with(begins_with); }

}  // namespace millrace::source
