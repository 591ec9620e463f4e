// A chain whose records lie in PostgreSQL: the `postgresql:` store of the chain protocol. The row of an actor
// names the life that holds it; a statement that appends compares that first, and waits for the row where
// another is at it, so the order of commits is the order of records. docs/design/chains.md has the reasons.
#pragma once

#include "actors/node/stores/postgresql/connection.hpp"
#include "actors/node/stores/postgresql/holder.hpp"
#include "actors/node/stores/postgresql/records.hpp"
#include "actors/node/stores/postgresql/statements.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/chain/chain.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::postgresql_chain {

/// A server takes 1 GB a message and holds a value several times while it stores it.
inline constexpr std::uint64_t largest_payload = std::uint64_t{256} << 20;

class database_chain final : public chain::actor_chain {
public:
  /// Makes the tables in `schema` where they are missing, appends the opening record (R2) and reads the chain.
  /// One process starts a term, so a life of the same term that is there comes from an earlier opening of its
  /// own: this one raises the count above it. ec::fenced when a higher term is there;
  /// ec::mismatch where the tables have a format of another version. Chains may share a connection.
  [[nodiscard]] static expected<std::unique_ptr<database_chain>>
  open(std::shared_ptr<connection> database, std::string_view schema, owner of, chain::life now);
  /// Likewise where nobody gives terms: under a life that the opener has chosen above all that a look has
  /// shown (chain::chosen_above). ec::fenced, too, when another has opened under its term meanwhile.
  [[nodiscard]] static expected<std::unique_ptr<database_chain>>
  open_chosen(std::shared_ptr<connection> database, std::string_view schema, owner of, chain::life chosen);

  struct looked {
    chain::contents contents;
    chain::life highest;
  };
  /// Reads the chain, and changes nothing. A chain that was never opened is empty.
  [[nodiscard]] static expected<looked> look(std::shared_ptr<connection> database, std::string_view schema,
                                             owner of);

  /// Lists the actors of a topology that have a chain.
  [[nodiscard]] static expected<std::vector<std::string>>
  list(std::shared_ptr<connection> database, std::string_view schema, const std::string& topology);

  /// Removes all chains of a topology whose name nobody uses any more, and what was spilled beside them.
  [[nodiscard]] static expected<void> clear(std::shared_ptr<connection> database, std::string_view schema,
                                            const std::string& topology);

  expected<chain::contents> read() override;
  /// One record counts as two copies; `twice` changes nothing. ec::unsupported above largest_payload.
  expected<std::uint64_t> append(std::string_view increment, bool twice) override;
  expected<bool> append_base(std::string_view base) override;
  [[nodiscard]] chain::weight size() const override { return weight_; }
  [[nodiscard]] std::uint64_t bytes() const override { return bytes_; }
  [[nodiscard]] chain::life life() const { return life_; }

private:
  database_chain(std::shared_ptr<connection> database, statements texts, owner of)
      : database_(std::move(database)), texts_(std::move(texts)), owner_(std::move(of)) {}
  [[nodiscard]] static expected<std::unique_ptr<database_chain>>
  open_under(std::shared_ptr<connection> database, std::string_view schema, owner of, chain::life now,
             bool is_chosen);
  /// A look opens nothing. Null where the tables are not there.
  [[nodiscard]] static expected<std::unique_ptr<database_chain>>
  on_tables(std::shared_ptr<connection> database, std::string_view schema, owner of);
  /// Refuses tables that others command (owner_check.hpp).
  [[nodiscard]] expected<bool> are_tables_there() const;
  [[nodiscard]] expected<void> make_tables();
  /// None: it was never opened.
  [[nodiscard]] expected<std::optional<holder>> look_for_actor();
  [[nodiscard]] expected<holder> find_actor();
  [[nodiscard]] expected<holder> now_held() const;
  [[nodiscard]] expected<void> begin_life(bool is_chosen);
  [[nodiscard]] expected<void> raise_count();
  [[nodiscard]] expected<bool> take_place(std::uint64_t place, std::uint64_t behind);
  [[nodiscard]] expected<bool> insert(const std::string& sql, const record& r, std::string_view payload);
  [[nodiscard]] expected<void> append_record(record_kind kind, std::string_view payload);
  [[nodiscard]] expected<restored> restore_from(bool all_above_mark);
  [[nodiscard]] expected<restored> restore_all();
  [[nodiscard]] expected<bool> reads_back() const;
  [[nodiscard]] expected<void> trim(std::uint64_t mark);
  [[nodiscard]] expected<void> count_bytes();
  [[nodiscard]] unexpected refused();
  [[nodiscard]] unexpected not_known(error why);
  [[nodiscard]] unexpected fenced_by(chain::life by) const;
  [[nodiscard]] unexpected no_place() const;
  [[nodiscard]] std::string shown() const;

  std::shared_ptr<connection> database_;
  statements texts_;
  owner owner_;
  chain::life life_;
  std::uint64_t id_ = 0;           // the id of the actor's row
  std::uint64_t tail_ = 0;         // the last record that counts
  std::uint64_t next_ = 1;         // the number of the next one
  std::uint64_t base_number_ = 0;  // the number of the newest verified base
  bool is_unsure_ = false;         // an append has failed: what it has left is not known (R4)
  chain::weight weight_;
  std::optional<chain::contents> just_opened_;  // kept for a read() before the first append
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace millrace::postgresql_chain
