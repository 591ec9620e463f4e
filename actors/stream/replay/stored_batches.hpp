// The batches of replayed records of a topology in its chains, in the store of a cluster or in the state folder of a
// run. The chain `replayed:index` has one entry for each batch, with the ids of its letters. The records of batch N are
// the newest record of the chain `replayed:N`, which is there before its entry is: a batch counts with its entry, and so
// is there as a whole or not at all.
//
// A process that adds opens the index under a life above all others and writes the batch under the same one. So of two that add
// at once the earlier one is refused at its next entry, and cannot change records that an entry of the other one names.
//   varint version=1 | varint n | n x (varint number | string plan | string stage | varint ids | ids x string)
#pragma once

#include "actors/stream/replay/replay_format.hpp"
#include "runtime/base/life.hpp"
#include "runtime/chain/named_chains.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace millrace::replay {

struct batch_entry {
  std::uint64_t number = 0;
  std::string plan;              // the plan whose lanes read it
  std::string stage;             // the stage that had failed
  std::vector<std::string> ids;  // the ids of its letters
  friend bool operator==(const batch_entry&, const batch_entry&) = default;
};
[[nodiscard]] std::string encode_entries(const std::vector<batch_entry>& all);
/// ec::unsupported of a later version, ec::corrupt of what encode_entries() does not give.
[[nodiscard]] expected<std::vector<batch_entry>> decode_entries(std::string_view bytes);

// No name of a stage has a colon, so these are apart from all actors.
[[nodiscard]] std::string name_of_batch_index();
[[nodiscard]] std::string name_of_batch(std::uint64_t number);

/// Returns the ids of all letters that are in them.
[[nodiscard]] std::unordered_set<std::string> ids_of(const std::vector<batch_entry>& all);

/// Reads the index, oldest first; blocks.
[[nodiscard]] expected<std::vector<batch_entry>> entries_in(chain::named_chains& chains);
[[nodiscard]] expected<replayed_batch> read_batch(chain::named_chains& chains, std::uint64_t number);

struct place_in_store {
  std::shared_ptr<chain::named_chains> chains;
  std::string plan;
  bool are_told = true;  // somebody else tells the lanes of new batches; if not, the reader looks for them
};

/// The batches of one plan, as the reader of a lane's source sees them.
class stored_batches {
public:
  explicit stored_batches(place_in_store at) : at_(std::move(at)) {}

  /// Lists them in ascending order. Blocks, as the next two do.
  [[nodiscard]] expected<std::vector<std::uint64_t>> numbers() const;
  [[nodiscard]] expected<replayed_batch> read(std::uint64_t number) const;
  /// Makes batches durable that were found: what depends on them is.
  [[nodiscard]] expected<void> settle() const { return at_.chains->settle(name_of_batch_index()); }
  [[nodiscard]] bool are_told() const { return at_.are_told; }

private:
  place_in_store at_;
};

/// The batches of all plans, for who adds some; belongs to one thread, and blocks.
class batch_index {
public:
  /// Knows those that are there, and adds none.
  [[nodiscard]] static expected<batch_index> look(std::shared_ptr<chain::named_chains> chains);
  /// `opened`: the index, under `now`, which is above all lives that have opened it.
  [[nodiscard]] static expected<batch_index> take(std::shared_ptr<chain::named_chains> chains,
                                                  std::unique_ptr<chain::actor_chain> opened,
                                                  const millrace::life& now);

  [[nodiscard]] const std::vector<batch_entry>& all() const { return all_; }
  [[nodiscard]] expected<replayed_batch> read(std::uint64_t number) const {
    return read_batch(*chains_, number);
  }
  /// Durable when it returns. ec::fenced: somebody else adds by now. After any other error it is not known
  /// whether the batch counts: the next life that takes the index finds it or not, for good.
  [[nodiscard]] expected<void> add(const std::string& plan, const replayed_batch& b);

private:
  batch_index(std::shared_ptr<chain::named_chains> chains, std::unique_ptr<chain::actor_chain> opened,
              const millrace::life& now, std::vector<batch_entry> all)
      : chains_(std::move(chains)), index_(std::move(opened)), now_(now), all_(std::move(all)) {}

  std::shared_ptr<chain::named_chains> chains_;
  std::unique_ptr<chain::actor_chain> index_;  // null: it adds none
  millrace::life now_;
  std::vector<batch_entry> all_;
};

}  // namespace millrace::replay
