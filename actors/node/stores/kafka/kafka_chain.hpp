// A chain whose records lie in a compacted Kafka topic, with those of all other actors: the `kafka:` store of
// the chain protocol. The offset is the order. Nobody is refused there; every reader decides which records
// are void (R1), so a writer has to look after each append (R3). docs/design/chains.md has the reasons.
#pragma once

#include "actors/node/stores/kafka/topic.hpp"
#include "actors/node/stores/kafka/view.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/chain/chain.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::kafka_chain {

class topic_chain final : public chain::actor_chain {
public:
  /// Reads the actor's partition, appends the opening (R2) and reads on to the end. A life of the same term
  /// that is there comes from an earlier opening under it: this one raises the count above that. ec::fenced
  /// when a higher term is there. Chains share a topic.
  [[nodiscard]] static expected<std::unique_ptr<topic_chain>> open(std::shared_ptr<topic> records, owner of,
                                                                   const chain::life& now);
  /// Likewise where nobody gives terms: under a life that the opener has chosen above all that a look has
  /// shown (chain::chosen_above). ec::fenced, too, when another has opened under its term before. If both
  /// open at once the higher life goes on, and the other one is fenced here or at its next append.
  [[nodiscard]] static expected<std::unique_ptr<topic_chain>>
  open_chosen(std::shared_ptr<topic> records, owner of, const chain::life& chosen);

  struct looked {
    chain::contents contents;
    chain::life highest;
  };
  /// Reads the chain, and changes nothing. A chain that was never opened is empty.
  [[nodiscard]] static expected<looked> look(std::shared_ptr<topic> records, owner of);

  /// Reads again from the base before the newest one on.
  expected<chain::contents> read() override;
  /// One record counts as two copies; `twice` changes nothing. ec::unsupported above largest_payload.
  expected<std::uint64_t> append(std::string_view increment, bool twice) override;
  expected<bool> append_base(std::string_view base) override;
  [[nodiscard]] chain::weight size() const override { return weight_; }
  [[nodiscard]] std::uint64_t bytes() const override { return bytes_; }
  [[nodiscard]] chain::life life() const { return me_.life; }

private:
  topic_chain(std::shared_ptr<topic> records, owner of)
      : topic_(std::move(records)), owner_(std::move(of)), prefix_(prefix_of(owner_)), seen_(prefix_) {}
  [[nodiscard]] expected<void> read_on(view& into, std::uint64_t least) const;
  [[nodiscard]] static expected<std::unique_ptr<topic_chain>>
  open_under(std::shared_ptr<topic> records, owner of, const chain::life& now, bool is_chosen);
  [[nodiscard]] expected<void> begin_life(const chain::life& now, bool is_chosen);
  [[nodiscard]] expected<bool> take_place(const chain::life& mine);
  [[nodiscard]] expected<void> take_chosen(const chain::life& chosen);
  [[nodiscard]] expected<restored> restore_opened();
  [[nodiscard]] expected<std::uint64_t> store(const record_name& name, std::string_view payload);
  [[nodiscard]] expected<void> look(std::uint64_t place);
  [[nodiscard]] expected<void> raise_count();
  [[nodiscard]] expected<record_name> append_record(record_kind kind, std::string_view payload);
  void trim(std::uint64_t before);
  [[nodiscard]] unexpected not_known(error why);
  [[nodiscard]] unexpected fenced() const;
  [[nodiscard]] std::string shown() const;

  std::shared_ptr<topic> topic_;
  owner owner_;
  std::string prefix_;
  std::unique_ptr<followed> followed_;
  view seen_;
  writer_id me_;
  std::uint64_t tail_ = 0;                // the number of the last record that counts
  std::optional<std::uint64_t> base_at_;  // the beginning of the newest verified base
  bool is_unsure_ = false;                // an append has failed: what it has left is not known (R4)
  chain::weight weight_;
  std::optional<chain::contents> just_opened_;  // kept for a read() before the first append
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace millrace::kafka_chain
