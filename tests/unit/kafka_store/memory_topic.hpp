// A compacted topic in memory that several processes share, and one process's way to it: what it sends may be
// stored without an answer, come late, in part or never, and it reads in steps, so that others append and
// compact meanwhile. Its follower is the real one.
#pragma once

#include "actors/node/stores/kafka/follower.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace kafka_chain_test {

using namespace millrace;
using namespace millrace::kafka_chain;

struct memory_log {
  /// An offset each; none: it was compacted away.
  using partition = std::vector<std::optional<message>>;
  std::map<int, partition> partitions;

  /// Keys that had a value; a second one under the same key would hide the first.
  std::set<std::string> used;
  bool is_key_used_twice = false;

  std::uint64_t append(int at, message m) {
    if (m.value && !used.insert(m.key).second)
      is_key_used_twice = true;
    auto& all = partitions[at];
    all.push_back(std::move(m));
    return all.size() - 1;
  }
  /// The newest message of each key stays. Others go if `goes` says so; tombstones too, once they are alone.
  void compact(const std::function<bool()>& goes) {
    for (auto& [number, all] : partitions) {
      std::map<std::string, std::vector<std::size_t>> places;
      for (std::size_t at = 0; at < all.size(); ++at)
        if (all[at])
          places[all[at]->key].push_back(at);
      for (const auto& [key, of_key] : places) {
        for (std::size_t i = 0; i + 1 < of_key.size(); ++i)
          if (goes())
            all[of_key[i]].reset();
        if (of_key.size() == 1 && !all[of_key.front()]->value && of_key.front() + 1 < all.size() && goes())
          all[of_key.front()].reset();
      }
    }
  }
  void compact() {
    compact([] { return true; });
  }
  [[nodiscard]] std::size_t messages(bool are_tombstones = false) const {
    std::size_t n = 0;
    for (const auto& [number, all] : partitions)
      for (const auto& m : all)
        n += m && m->value.has_value() != are_tombstones ? 1 : 0;
    return n;
  }
};

/// Says what becomes of messages that are sent together.
enum class fate { stored, answer_lost, never, late, cut_off, torn };

class memory_topic final : public topic {
public:
  explicit memory_topic(std::shared_ptr<memory_log> log, std::uint64_t seed = 1)
      : log_(std::move(log)), random_(seed) {}

  std::function<void()> step = [] {};  // called before each step
  std::function<fate(const std::vector<message>&)> decide = [](const auto&) { return fate::stored; };
  /// Given what happens late; the default forgets it.
  std::function<void(std::function<void()>)> later = [](const auto&) {};
  std::size_t most_read = 1'000;  // messages between two steps
  std::size_t piece = largest_piece;

  expected<std::uint64_t> append(std::string_view prefix, std::vector<message> messages) override {
    step();
    const auto what = decide(messages);
    if (what == fate::never)
      return lost();
    if (what == fate::late) {
      later([log = log_, at = partition_of(prefix), messages = std::move(messages)] {
        for (const auto& m : messages)
          log->append(at, m);
      });
      return lost();
    }
    std::uint64_t place = 0;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (i != 0)
        step();
      if (what == fate::torn && i == 0)
        continue;
      if (what == fate::cut_off && i + 1 == messages.size())
        return lost();
      place = log_->append(partition_of(prefix), std::move(messages[i]));
    }
    if (what == fate::answer_lost || what == fate::torn)
      return lost();
    return place;
  }

  expected<std::uint64_t> read(std::string_view prefix, std::uint64_t from, std::uint64_t,
                               const taker& take) override {
    bool is_of_another = false;
    const auto end = go_on(partition_of(prefix), from, [&](std::uint64_t offset, const message& m) {
      is_of_another = is_of_another || is_of_another_version(m.key);
      if (const auto seen = see(offset, m.key, m.value); seen && seen->prefix == prefix)
        take(seen->what, seen->payload);
    });
    if (is_of_another)
      return other_version(shown_);
    return end;
  }

  expected<std::unique_ptr<followed>> follow(std::string_view prefix) override {
    const auto at = partition_of(prefix);
    followed_at_.try_emplace(at, log_->partitions[at].size());
    return std::make_unique<pumped>(*this, at, follower_->add(prefix));
  }

  std::size_t piece_bytes() const override { return piece; }
  std::uint64_t unique() override { return random_(); }
  const std::string& shown() const override { return shown_; }

private:
  class pumped final : public followed {
  public:
    pumped(memory_topic& by, int partition, std::unique_ptr<followed> real)
        : by_(by), partition_(partition), real_(std::move(real)) {}
    expected<void> look(std::uint64_t place, const taker& take) override {
      by_.pump(partition_);
      return real_->look(place, take);
    }

  private:
    memory_topic& by_;
    int partition_;
    std::unique_ptr<followed> real_;
  };

  void pump(int partition) {
    auto& at = followed_at_[partition];
    at = go_on(partition, at, [&](std::uint64_t offset, const message& m) {
      follower_->take(partition, offset, m.key, m.value);
    });
    follower_->reached(partition, at);
  }

  /// Reads to the end, as it is when that is reached.
  std::uint64_t go_on(int partition, std::uint64_t at,
                      const std::function<void(std::uint64_t, const message&)>& take) {
    auto& all = log_->partitions[partition];
    do {
      step();
      const auto end = std::min<std::uint64_t>(all.size(), at + 1 + random_() % most_read);
      for (; at < end; ++at)
        if (all[at])
          take(at, *all[at]);
    } while (at < all.size());
    return at;
  }
  static unexpected lost() { return outside_error(ec::unavailable, "no answer"); }

  std::shared_ptr<memory_log> log_;
  std::mt19937_64 random_;
  std::string shown_ = "topic \"chains\" in memory";
  std::shared_ptr<follower> follower_ = std::make_shared<follower>(shown_, std::chrono::seconds(1));
  std::map<int, std::uint64_t> followed_at_;
};

}  // namespace kafka_chain_test
