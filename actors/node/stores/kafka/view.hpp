// Holds what one reader has seen of an actor's records, in the order of their offsets. It decides which of them
// count: R1 by offset, what a raised opening passes over (R4), and that a record of many pieces counts where
// its last one stands, if all are there. Pure; it belongs to one thread.
#pragma once

#include "actors/node/stores/kafka/record_format.hpp"
#include "runtime/chain/chain.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::kafka_chain {

struct restored {
  chain::contents contents;
  chain::weight weight;
  /// The place at which the base that counts begins; none: there is no base.
  std::optional<std::uint64_t> base_at;
};

class view {
public:
  /// It begins at the offset `from`; nothing that stands before that may be needed.
  explicit view(std::string prefix, std::uint64_t from = 0) : prefix_(std::move(prefix)), position_(from) {}

  /// Takes a message of this owner; one below the position is known already. A look without `payload` can
  /// tell whether the record is whole, but not restored. Payloads that no restore can need are not kept.
  void take(const sighting& s, std::string_view payload);
  /// No more records stand below `to`.
  void advance(std::uint64_t to) { position_ = std::max(position_, to); }
  /// The offset that comes next.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  /// The highest life of which anything was seen, tombstones too: its opening stands before that.
  [[nodiscard]] const writer_id& highest() const { return highest_; }
  /// It counts and all its pieces are as they were written.
  [[nodiscard]] bool has_whole(const record_name& name) const;
  [[nodiscard]] std::optional<std::uint64_t> begin_of(const record_name& name) const;
  /// A record that has a greater number, and stands there, belongs to an append that failed.
  void pass_over_above(std::uint64_t number);

  /// Walks from the newest record back to the newest base that is whole; a damaged base is passed over in
  /// favour of the records that it stands for. Takes the payloads out. ec::corrupt, with the remedy, where a
  /// record that is needed is damaged, missing or removed by a tombstone; `shown` says where that is.
  [[nodiscard]] expected<restored> restore(std::string_view shown);
  void drop_payloads();
  /// The writer of this increment goes on from it: its key alone is still wanted, for its tombstone, and the keys of
  /// neighbours are kept as one. Nothing is restored from this view any more.
  void settle(const record_name& name);

  /// The keys of all that stands before an offset: what counts, what is void, and what was never whole.
  [[nodiscard]] std::vector<piece_key> keys_before(std::uint64_t offset) const;
  void forget(const piece_key& key);
  /// Counts the bytes of all payloads there.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// The offset of the first message that is there; the position where there is none.
  [[nodiscard]] std::uint64_t begin() const;
  /// Counts what it keeps: settled neighbours as one.
  [[nodiscard]] std::size_t held_names() const { return records_.size() + settled_.size(); }

private:
  enum class standing : std::uint8_t { incomplete, counts, is_void, passed_over };
  struct part {
    std::uint64_t offset = 0;
    std::optional<piece_digest> digest;
    std::string payload;
  };
  struct held {
    std::map<std::uint32_t, part> parts;
    std::uint64_t place = 0;  // the place of its last piece
    standing state = standing::incomplete;
    bool is_whole = false;
  };
  using records = std::map<record_name, held>;
  /// The highest record of which a tombstone was seen; 0 is the number of openings.
  struct removal {
    writer_id by;
    std::uint64_t number = 0;
    std::uint64_t offset = 0;  // of the tombstone
  };
  /// Increments of one piece each that stand one after the other, without a record of the same life between them.
  struct stretch {
    writer_id by;
    std::uint64_t first = 0;  // numbers
    std::uint64_t last = 0;
    std::uint64_t begin = 0;  // the places of these two
    std::uint64_t end = 0;
    std::uint64_t bytes = 0;
    [[nodiscard]] bool has(const piece_key& key) const;
  };

  void judge(const record_name& name, held& h, std::uint64_t offset, bool is_void);
  [[nodiscard]] bool is_complete(const held& h) const;
  void drop_before_previous_base();
  void forget_settled(const piece_key& key);
  [[nodiscard]] std::vector<records::value_type*> in_order();
  [[nodiscard]] bool is_needed_record_removed(const std::vector<records::value_type*>& counting) const;
  [[nodiscard]] unexpected damaged(std::string_view shown, std::uint64_t number, std::uint64_t offset) const;
  [[nodiscard]] unexpected removed(std::string_view shown) const;
  [[nodiscard]] unexpected missing(std::string_view shown, std::uint64_t number, bool has_damaged_base) const;

  std::string prefix_;
  records records_;
  std::vector<stretch> settled_;  // oldest first
  writer_id highest_;
  std::optional<removal> highest_removed_;
  std::uint64_t position_;
  std::uint64_t bytes_ = 0;
};

}  // namespace millrace::kafka_chain
