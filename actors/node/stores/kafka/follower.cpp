#include "actors/node/stores/kafka/follower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::kafka_chain {

seen_message see(std::uint64_t offset, const split_key& key, std::optional<std::string_view> value) {
  seen_message out{key.prefix, {offset, key.key, !value, std::nullopt}, {}};
  if (value)
    if (const auto p = decode_value(key.key.piece, *value)) {
      out.what.digest = p->digest;
      out.payload = p->payload;
    }
  return out;
}

std::optional<seen_message> see(std::uint64_t offset, std::string_view key,
                                std::optional<std::string_view> value) {
  const auto split = decode_key(key);
  return split ? std::optional(see(offset, *split, value)) : std::nullopt;
}

unexpected other_version(std::string_view shown) {
  return fatal_error(ec::mismatch,
                     fmt::format("{}: its records have a format of another version; remedy: run "
                                 "that version, or take another topic",
                                 shown));
}

class follower::handle final : public followed {
public:
  handle(std::shared_ptr<follower> of, std::string_view prefix)
      : of_(std::move(of)), partition_(partition_of(prefix)) {
    const std::lock_guard lock(of_->mutex_);
    at_ = of_->subscriptions_.emplace(std::string(prefix), &mine_);
  }
  ~handle() override {
    const std::lock_guard lock(of_->mutex_);
    of_->subscriptions_.erase(at_);
  }
  handle(const handle&) = delete;
  handle& operator=(const handle&) = delete;

  expected<void> look(std::uint64_t place, const taker& take) override {
    return of_->look(partition_, mine_, place).map([&](const std::vector<sighting>& all) {
      for (const auto& s : all)
        take(s, {});
    });
  }

private:
  std::shared_ptr<follower> of_;
  int partition_;
  subscription mine_;
  std::multimap<std::string, subscription*, std::less<>>::iterator at_;
};

std::unique_ptr<followed> follower::add(std::string_view prefix) {
  return std::make_unique<handle>(shared_from_this(), prefix);
}

void follower::take(int partition, std::uint64_t offset, std::string_view key,
                    std::optional<std::string_view> value) {
  const auto split = decode_key(key);
  const std::lock_guard lock(mutex_);
  auto& position = partitions_[partition].position;
  if (offset < position)
    return;
  position = offset + 1;
  if (!split)
    return;
  const auto [first, last] = subscriptions_.equal_range(split->prefix);
  if (first == last)
    return;
  const auto seen = see(offset, *split, value);
  for (auto at = first; at != last; ++at) {
    auto& waiting = at->second->waiting;
    if (waiting.size() < most_waiting)
      waiting.push_back(seen.what);
    else if (waiting.back().key.record.by <= seen.what.key.record.by)
      waiting.back() = seen.what;
  }
}

void follower::reached(int partition, std::uint64_t end) {
  {
    const std::lock_guard lock(mutex_);
    auto& p = partitions_[partition];
    p.position = std::max(p.position, end);
    p.end = std::max(p.end, end);
  }
  came_.notify_all();
}

void follower::failed(const error& why) {
  {
    const std::lock_guard lock(mutex_);
    failure_ = why;
  }
  came_.notify_all();
}

bool follower::has_failed() const {
  const std::lock_guard lock(mutex_);
  return failure_.has_value();
}

expected<std::vector<sighting>> follower::look(int partition, subscription& of, std::uint64_t place) {
  std::unique_lock lock(mutex_);
  const auto is_over = [&] { return failure_ || partitions_[partition].end > place; };
  if (!came_.wait_for(lock, patience_, is_over))
    return outside_error(
        ec::unavailable,
        fmt::format("{}: what was appended could not be read back within {} s; remedy: see "
                    "that the partition {} has a leader, and the broker is reachable",
                    shown_, std::chrono::duration_cast<std::chrono::seconds>(patience_).count(), partition));
  if (failure_)
    return unexpected(*failure_);
  return std::exchange(of.waiting, {});
}

}  // namespace millrace::kafka_chain
