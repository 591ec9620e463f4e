// Opens chains over a topic in memory that the lives of a test share.
#pragma once

#include "actors/node/stores/kafka/kafka_chain.hpp"
#include "runtime/chain/rules.hpp"
#include "tests/support/chain_checks.hpp"
#include "tests/unit/kafka_store/memory_topic.hpp"

#include <catch2/catch.hpp>

namespace kafka_chain_test {

using opened_chain = std::unique_ptr<topic_chain>;
using texts = std::vector<std::string>;

using millrace::test::is_fenced;
using millrace::test::must;

class place {
public:
  /// A process of its own.
  [[nodiscard]] std::shared_ptr<memory_topic> process() {
    return std::make_shared<memory_topic>(log, ++processes_);
  }
  [[nodiscard]] expected<opened_chain> try_open(incarnation term, std::shared_ptr<topic> by = nullptr) {
    return topic_chain::open(by ? std::move(by) : process(), whose, term);
  }
  [[nodiscard]] opened_chain open(incarnation term, std::shared_ptr<topic> by = nullptr) {
    return must(try_open(term, std::move(by)));
  }
  /// The messages of the owner's partition that are there, in their order.
  [[nodiscard]] memory_log::partition& messages() { return log->partitions[partition_of(prefix_of(whose))]; }

  owner whose{"clicks", "w/0"};
  std::shared_ptr<memory_log> log = std::make_shared<memory_log>();

private:
  std::uint64_t processes_ = 0;
};

}  // namespace kafka_chain_test
