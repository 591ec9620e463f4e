// Our own tables, through SOCI: `millrace_positions` and `millrace_rejected`.
//
// millrace_positions has one row for each (state id, topology, sink, log), with that log's position, and one
// more with log '', the head. Claim and fence are on the head alone: it carries incarnation and `claims`,
// which every open() raises, also a second one of the same life; so the COMMIT of a connection that was lost,
// were it to arrive late, finds another number in its way. A commit updates the logs, then the head `where
// incarnation = mine and claims = mine`. The head's row lock decides every race: a claim waits for a commit
// that is under way and then reads what it wrote; a commit that comes after a claim matches no row and is
// rolled back.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"
#include "actors/stream/sink/sink.hpp"

namespace millrace::sink::sql {

class positions {
public:
  explicit positions(database& db) : db_(db) {}

  /// Makes the tables if they are missing, and refuses those of a role that nobody trusts. Returns what the
  /// user should know of them, mostly nothing. Called before all others, outside a transaction.
  [[nodiscard]] expected<std::string> create_tables();
  /// Takes the claim, in a transaction of its own, then reads. ec::fenced when a newer incarnation has it.
  [[nodiscard]] expected<std::optional<progress>> claim(const sink::claim& who);
  /// The last statements of the open transaction.
  [[nodiscard]] expected<void> store(const progress& p);
  /// The transaction is committed: what store() wrote is the truth now.
  void stored(const progress& p);

  /// Adds to the open transaction; numbered on from the last.
  [[nodiscard]] expected<void> reject(const std::vector<refusal>& rows);
  [[nodiscard]] std::uint64_t rejected_in_transaction() const { return last_rejected_ - committed_rejected_; }
  /// Committed ones only, also while a transaction is open.
  [[nodiscard]] expected<std::vector<rejected_row>> rejected(std::uint64_t after, std::size_t limit);
  [[nodiscard]] expected<void> forget_rejected(std::uint64_t up_to);

private:
  [[nodiscard]] expected<void> adopt();  // or refuse another state id
  [[nodiscard]] expected<void> take_over(const std::string& state_id);
  [[nodiscard]] expected<void> take_claim();
  [[nodiscard]] expected<std::optional<progress>> read();
  [[nodiscard]] expected<void> store_logs(const progress& p);
  [[nodiscard]] unexpected fenced(std::string_view by) const;

  database& db_;
  std::string table_, rejected_table_;  // their names in statements
  sink::claim who_;
  std::string topology_;  // the stored name: cut to the key's width
  std::string sink_;
  long long claims_ = 0;
  std::map<std::string, mark> stored_;  // keyed by stored log name: the table's marks
  std::uint64_t committed_rejected_ = 0;
  std::uint64_t last_rejected_ = 0;
};

}  // namespace millrace::sink::sql
