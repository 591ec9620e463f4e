// The state of one topology over the store of a cluster, as one process of a node reaches it: the snapshots
// and spilled output of its shards, and small values by name. The life that `control` has given to the writer
// fences, so no lock and no count is needed here. The object does not change after it was made: any thread
// may call; calls block; what was opened belongs to one thread.
#pragma once

#include "actors/node/stores/chain_store.hpp"
#include "runtime/snapshot/merged_snapshots.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::node {

class topology_state final : public snapshot::shard_store, public snapshot::value_reader {
public:
  /// `chains`: the name of its chains in the store (cluster::chains_of). `id`: as `control` has it. `folder`: of this node alone, for plain files. `decided`: the values of the plan,
  /// which hold until an actor puts others. `run`: the present one; what actors of an earlier run have put in the place of
  /// a decided value is apart from what those of this one put, and counts no more. `bases`: of the shards' snapshots.
  topology_state(std::shared_ptr<chain_store> store, std::string chains, snapshot::identity id,
                 std::string folder, std::map<std::string, std::string> decided = {}, std::uint64_t run = 0,
                 snapshot::base_rule bases = {})
      : store_(std::move(store)), chains_(std::move(chains)), id_(std::move(id)), folder_(std::move(folder)),
        decided_(std::move(decided)), run_(run), bases_(bases) {}

  [[nodiscard]] const snapshot::identity& id() const override { return id_; }
  [[nodiscard]] const std::string& folder() const override { return folder_; }

  expected<std::unique_ptr<snapshot::snapshots>> open_snapshots(std::string_view actor,
                                                                incarnation life) override;
  expected<std::unique_ptr<snapshot::segments>> open_segments(std::string_view actor, incarnation life,
                                                              const std::vector<segment_id>& needed) override;

  /// Reads the snapshots of a shard by its lasting name, and opens nothing: the writer goes on.
  [[nodiscard]] expected<snapshot::snapshots::chain> look_at_snapshots(const std::string& actor) const;

  /// Reads a value, of any writer. ec::not_found where there is none.
  [[nodiscard]] expected<std::string> get(std::string_view name) const override;
  /// Replaces a value, durably. A value has one writer, an actor, whose life `whose` is: it fences off writers
  /// of lower terms, also where it puts what is there already. ec::fenced where one of a higher term has put
  /// before. After any other error either value may be there; it is to be put again.
  [[nodiscard]] expected<void> put_as(std::string_view name, std::string_view value, const life& whose);
  /// Replaces a value while no actor has one by this name, durably. Errors as put_as().
  [[nodiscard]] expected<void> put(std::string_view name, std::string_view value);

private:
  [[nodiscard]] cluster::actor_id actor_of(std::string_view actor) const {
    return {chains_, std::string(actor)};
  }
  [[nodiscard]] cluster::actor_id value_of(std::string_view name) const;

  std::shared_ptr<chain_store> store_;
  std::string chains_;
  snapshot::identity id_;
  std::string folder_;
  std::map<std::string, std::string> decided_;
  std::uint64_t run_;
  snapshot::base_rule bases_;
};

}  // namespace millrace::node
