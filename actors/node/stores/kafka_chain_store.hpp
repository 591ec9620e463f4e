// A cluster's chains in a Kafka topic that its nodes reach (docs/design/chains.md). All chains of a process share
// one producer and one consumer, which connect with the first call.
#pragma once

#include "actors/node/stores/chain_store.hpp"
#include "actors/node/stores/kafka/kafka_topic.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace millrace::node {

class kafka_chain_store final : public chain_store {
public:
  explicit kafka_chain_store(kafka_chain::kafka_topic_options options);

  expected<opened_chain> open(const cluster::actor_id& whose, const life& now) override;
  /// Two candidates may choose one term at the same moment: the higher life goes on, not the first one. The
  /// other is told at its next append, if not here.
  expected<opened_chain> open_chosen(const cluster::actor_id& whose, const life& chosen) override;
  expected<found_chain> look(const cluster::actor_id& whose) override;
  /// A topic that every opening reads has no room for spilled output: what is opened here refuses each write
  /// with ec::unsupported. A shard then keeps its output in memory, and takes no more input once its share of
  /// that is full. ec::not_found where anything is needed.
  expected<std::unique_ptr<snapshot::segments>> open_segments(const cluster::actor_id& whose,
                                                              incarnation term,
                                                              const std::vector<segment_id>& needed) override;
  expected<std::vector<std::string>> list(const std::string& chains) override;
  expected<std::vector<segment_id>> list_segments(const cluster::actor_id&) override {
    return std::vector<segment_id>();
  }
  expected<std::string> read_segment(const cluster::actor_id& whose, const segment_id& id) override;
  expected<void> clear(const std::string& chains) override;
  expected<std::vector<std::string>> openings() override;
  [[nodiscard]] std::string shown() const override { return shown_; }

private:
  /// Connects where no call before has; makes the topic where it is missing. Others wait meanwhile.
  [[nodiscard]] expected<std::shared_ptr<kafka_chain::kafka_topic>> records();

  kafka_chain::kafka_topic_options options_;
  std::string shown_;
  std::mutex mutex_;  // guards the members below
  std::shared_ptr<kafka_chain::kafka_topic> records_;
};

}  // namespace millrace::node
