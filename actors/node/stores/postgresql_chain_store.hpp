// A cluster's chains in a database that its nodes reach: the tables of one schema (docs/design/chains.md).
#pragma once

#include "actors/node/stores/chain_store.hpp"
#include "actors/node/stores/postgresql/connection.hpp"

namespace millrace::node {

/// A second cluster in the same server takes a database of its own.
inline constexpr std::string_view cluster_schema = "millrace_cluster";

class postgresql_chain_store final : public chain_store {
public:
  /// The chains share the connection.
  explicit postgresql_chain_store(std::shared_ptr<postgresql_chain::connection> database,
                                  std::string schema = std::string(cluster_schema))
      : database_(std::move(database)), schema_(std::move(schema)) {}

  expected<opened_chain> open(const cluster::actor_id& whose, const life& now) override;
  expected<opened_chain> open_chosen(const cluster::actor_id& whose, const life& chosen) override;
  expected<found_chain> look(const cluster::actor_id& whose) override;
  expected<std::unique_ptr<snapshot::segments>> open_segments(const cluster::actor_id& whose,
                                                              incarnation term,
                                                              const std::vector<segment_id>& needed) override;
  expected<std::vector<std::string>> list(const std::string& chains) override;
  expected<std::vector<segment_id>> list_segments(const cluster::actor_id& whose) override;
  expected<std::string> read_segment(const cluster::actor_id& whose, const segment_id& id) override;
  expected<void> clear(const std::string& chains) override;
  expected<std::vector<std::string>> openings() override;
  [[nodiscard]] std::string shown() const override { return database_->shown(); }

private:
  std::shared_ptr<postgresql_chain::connection> database_;
  std::string schema_;
};

}  // namespace millrace::node
