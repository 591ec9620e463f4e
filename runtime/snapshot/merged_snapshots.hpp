// An actor's snapshots over a chain: when its increments have outgrown their base, they are merged into a new
// one.
#pragma once

#include "runtime/chain/chain.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <functional>
#include <memory>
#include <string>

namespace millrace::snapshot {

/// Says when a new base is due.
struct base_rule {
  /// The size below which a state is not worth a base of its own; above it, a base is due when increments
  /// weigh twice as much, so that merging costs no more than a share of capturing, and a recovery reads three
  /// times the state at most.
  std::uint64_t smallest_base = 2 << 20;
  /// More records than this make a base due, where they weigh half of the present one: a recovery merges them
  /// all, but a large base is not written again for a few small ones.
  std::uint64_t most_increments = 200;
  /// More runs than this since the base make a new one due. Each opening and each append that fails begins a
  /// run.
  std::uint64_t most_files = 4;
};

/// This rule is for values and for what a folder knows of itself: these are small, and each opening begins a
/// run.
inline constexpr base_rule small_records{.smallest_base = 64 << 10, .most_increments = 50, .most_files = 4};

/// Appends the base that `make_base` returns, where small records are due for one. Earlier records last
/// without the base, so an append that fails is passed over, and the base is tried again after the next
/// record. The only error is ec::fenced.
[[nodiscard]] expected<void> append_base_if_due(chain::actor_chain& records,
                                                const std::function<std::string()>& make_base);

class merged_snapshots final : public snapshots {
public:
  merged_snapshots(std::unique_ptr<millrace::chain::actor_chain> records, base_rule rule)
      : records_(std::move(records)), rule_(rule) {}

  expected<chain> load() override { return records_->read(); }
  expected<std::uint64_t> append(std::string_view increment, bool twice) override;
  expected<bool> compact(const std::function<expected<std::string>(const chain&)>& merge) override;
  [[nodiscard]] std::uint64_t bytes() const override { return records_->bytes(); }

private:
  std::unique_ptr<millrace::chain::actor_chain> records_;
  base_rule rule_;
  std::uint64_t newest_ = 0;  // the last append's number
};

}  // namespace millrace::snapshot
