// An actor's spilled output as rows of a table beside its chain in PostgreSQL. A change compares the life
// that holds the chain in the same statement, and holds the actor's row until the commit, so a node whose
// life is over changes nothing any more. docs/design/chains.md has the reasons.
#pragma once

#include "actors/node/stores/postgresql/connection.hpp"
#include "actors/node/stores/postgresql/records.hpp"
#include "actors/node/stores/postgresql/statements.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::postgresql_chain {

class database_segments final : public snapshot::segments {
public:
  /// The actor's chain was opened under `term` before: its row is what fences. Removes what is not `needed` of
  /// this term and of lower ones. ec::fenced where a higher term is there.
  [[nodiscard]] static expected<std::unique_ptr<database_segments>>
  open(std::shared_ptr<connection> database, std::string_view schema, owner of, incarnation term,
       const std::vector<segment_id>& needed);

  /// Finds what an actor has spilled, to list and to read it alone; null where it has no chain.
  [[nodiscard]] static expected<std::unique_ptr<database_segments>> look(std::shared_ptr<connection> database,
                                                                         std::string_view schema, owner of);
  [[nodiscard]] expected<std::vector<segment_id>> list() const;

  /// ec::unsupported above largest_payload. The row may be there after an error other than ec::fenced;
  /// remove() or the next opening removes it.
  expected<void> write(const segment_id& id, std::string_view payload) override;
  expected<std::string> read(const segment_id& id) const override;
  expected<void> remove(const std::vector<segment_id>& ids) override;

private:
  database_segments(std::shared_ptr<connection> database, statements texts, owner of, incarnation term)
      : database_(std::move(database)), texts_(std::move(texts)), owner_(std::move(of)), term_(term) {}
  [[nodiscard]] expected<void> find_actor();
  [[nodiscard]] expected<void> keep_only(const std::vector<segment_id>& needed);
  /// Says why no row was found to hold on to.
  [[nodiscard]] unexpected refused() const;
  [[nodiscard]] std::string shown() const;

  std::shared_ptr<connection> database_;
  statements texts_;
  owner owner_;
  incarnation term_;
  std::string id_;                    // the id of the actor's row
  std::vector<segment_id> in_doubt_;  // written without an answer; one for each write that failed
};

}  // namespace millrace::postgresql_chain
