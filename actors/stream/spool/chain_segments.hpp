// Segments in the store of a cluster, so that what was received outlives the node. The newest one grows in the spool's
// chain, a record a group; a full one becomes a chain of its own. Both are written under the life of the lane that
// reads the source, which fences earlier ones off: a group that a later life has not read is never durable.
#pragma once

#include "actors/stream/spool/chain_record.hpp"
#include "actors/stream/spool/segment_store.hpp"
#include "runtime/base/life.hpp"
#include "runtime/chain/named_chains.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace millrace::spool {

/// A segment is read as a whole, and written once more when it is full.
inline constexpr std::size_t largest_chain_segment = std::size_t{4} << 20U;

class chain_segments final : public segment_store {
public:
  /// `source`: its stage.
  chain_segments(std::shared_ptr<chain::named_chains> chains, std::string source, const life& now)
      : chains_(std::move(chains)), source_(std::move(source)), now_(now) {}

  /// ec::fenced, here and at changes, where a higher life has opened it.
  expected<std::vector<std::uint64_t>> open() override;
  expected<std::string> read(std::uint64_t base) const override;
  expected<void> settle(std::uint64_t) override { return {}; }  // records that an opening has read count
  expected<void> begin(std::uint64_t base, std::string_view header) override;
  expected<void> append(std::uint64_t base, std::string_view frames) override;
  /// The store has it until the next segment is full.
  expected<void> remove(std::uint64_t base) override;
  std::string place() const override { return "\"" + source_ + "\" in the store"; }
  std::string path(std::uint64_t base) const override;
  std::string remedy() const override;

private:
  [[nodiscard]] expected<void> append(chain_record::what kind, std::uint64_t base, std::string_view bytes);
  /// Moves full segments to chains of their own, and begins the spool's chain anew without them. Segments
  /// that cannot be moved now are moved later.
  [[nodiscard]] expected<void> tidy();
  [[nodiscard]] expected<void> move(stored_segment& s);
  [[nodiscard]] expected<std::vector<stored_segment>> read_all();

  std::shared_ptr<chain::named_chains> chains_;
  std::string source_;
  life now_;

  // The writer alone uses these.
  std::unique_ptr<chain::actor_chain> chain_;
  std::set<std::uint64_t> taken_;  // slots that the last base in the store names, or that were filled since
  bool is_untidy_ = false;
  bool is_told_ = false;

  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::uint64_t>
      slots_;  // keyed by base, for the wanted segments; 0: in the spool's chain
};

}  // namespace millrace::spool
