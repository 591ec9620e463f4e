#include "tests/simulation/memory_log.hpp"

#include "actors/stream/source/written_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace millrace::simulation {

namespace {

/// A partition that rests goes on with one in so many of its turns.
constexpr std::uint64_t rest_turns = 64;

}  // namespace

class memory_reader final : public source::reader {
public:
  memory_reader(memory_logs& logs, std::string source, std::shared_ptr<const bool> gone)
      : logs_(logs), source_(std::move(source)), gone_(std::move(gone)) {}

  expected<std::vector<source::partition_info>> discover(std::chrono::milliseconds) override {
    RETURN_IF_ERROR(answers());
    return beside({});
  }
  expected<std::vector<source::partition_info>> discover_beside(const std::set<std::string>& known,
                                                                std::chrono::milliseconds) override {
    RETURN_IF_ERROR(answers());
    return beside(known);
  }
  expected<void> assign(const std::string& partition, position from) override {
    at_[partition] = from.minor;
    logs_.find(source_, partition)->assigned = true;
    return {};
  }
  void unassign(const std::string& partition) override { at_.erase(partition); }

  expected<std::optional<source::chunk>> read(std::span<const std::string> wanted, std::size_t,
                                              std::chrono::milliseconds) override {
    RETURN_IF_ERROR(answers());
    if (std::exchange(logs_.throws_, false))
      throw std::runtime_error("the simulated reader throws");
    for (const auto& partition : wanted) {
      auto& log = *logs_.find(source_, partition);
      auto& at = at_.at(partition);
      const auto begin = static_cast<std::size_t>(at);
      if (begin < log.trimmed)
        return fatal_error(ec::log_trimmed, fmt::format("{} is trimmed up to {}, and {} was asked for",
                                                        partition, log.trimmed, begin));
      const auto end = std::min(log.head, begin + logs_.scenario_.chunk_records);
      const bool at_end = end == log.records.size() && logs_.sealed();
      if (begin == end && !at_end)
        continue;
      std::vector<source::written_record> records;
      for (auto i = begin; i < end; ++i)
        records.push_back({.value = log.records[i], .timestamp = log.what->clicks[i].at});
      auto c = source::make_chunk(records, partition, {source_, false, true}, {0, at});
      at = c.to.minor;
      log.read = end;
      c.at_end = at_end;
      c.caught_up = end == log.head;
      return c;
    }
    ++logs_.idle_reads_;
    return std::nullopt;
  }

  void acknowledge(const std::string& partition, position durable) override {
    if (is_dead() || logs_.keeps_all_)
      return;
    auto& log = *logs_.find(source_, partition);
    log.trimmed = std::max(log.trimmed, static_cast<std::size_t>(durable.minor));
  }
  std::optional<source::backlog> lag() override { return std::nullopt; }
  void interrupt() override {}

private:
  [[nodiscard]] bool is_dead() const { return *gone_; }
  [[nodiscard]] expected<void> answers() const {
    if (is_dead())
      return fatal_error(ec::cancelled, "the process is dead");
    if (logs_.away_)
      return outside_error(ec::unavailable, "the simulated server is away");
    return {};
  }
  [[nodiscard]] std::vector<source::partition_info> beside(const std::set<std::string>& known) const {
    std::vector<source::partition_info> out;
    for (const auto& log : logs_.logs_)
      if (log.made && log.what->source == source_ && !known.contains(log.what->partition))
        out.push_back({log.what->partition, {0, 0}, {0, 0}});
    return out;
  }

  memory_logs& logs_;
  std::string source_;
  std::shared_ptr<const bool> gone_;
  std::map<std::string, std::int64_t> at_;
};

memory_logs::memory_logs(const scenario& s, std::uint64_t seed) : scenario_(s), random_(seed) {
  for (const auto& p : s.streams) {
    log l;
    l.what = &p;
    l.made = !p.found_later;
    for (const auto& c : p.clicks)
      l.records.push_back(record_text(s, c));
    logs_.push_back(std::move(l));
  }
}

void memory_logs::grow() {
  if (random_() % scenario_.grows_one_in != 0)
    return;
  auto& log = logs_[random_() % logs_.size()];
  if (!log.made) {
    log.made = made_ = random_() % 16 == 0 && may_be_made(log);
    return;
  }
  const auto& rests = log.what->rests;
  auto most = log.records.size();
  if (log.rests < rests.size())
    most = std::min(most, rests[log.rests]);
  if (log.head < most)
    log.head = std::min(most, log.head + random_() % 4);
  else if (log.rests < rests.size() && random_() % rest_turns == 0)
    ++log.rests;
}

bool memory_logs::may_be_made(const log& l) const {
  std::size_t there = 0;
  bool more = false;
  for (const auto& other : logs_) {
    there += other.head;
    more |= other.made && other.head < other.records.size();
  }
  return !more || there >= l.what->made_after;
}

bool memory_logs::sealed() const {
  return std::all_of(logs_.begin(), logs_.end(),
                     [](const log& l) { return l.made && l.assigned && l.head == l.records.size(); });
}

void memory_logs::keep_all() {
  keeps_all_ = true;
  for (auto& l : logs_)
    l.trimmed = 0;
}

std::string memory_logs::standing() const {
  std::string out;
  for (const auto& l : logs_)
    out += fmt::format("\n  {} {}: {} of {} records are there, {} read, {} acknowledged{}{}", l.what->source,
                       l.what->partition, l.head, l.records.size(), l.read, l.trimmed,
                       l.made ? "" : ", not made yet", l.assigned ? "" : ", not assigned");
  return out;
}

memory_logs::log* memory_logs::find(const std::string& source, const std::string& partition) {
  const auto at = std::find_if(logs_.begin(), logs_.end(), [&](const log& l) {
    return l.what->source == source && l.what->partition == partition;
  });
  return &*at;
}

std::unique_ptr<source::reader> memory_logs::make_reader(const std::string& source,
                                                         std::shared_ptr<const bool> gone) {
  return std::make_unique<memory_reader>(*this, source, std::move(gone));
}

}  // namespace millrace::simulation
