// One writer's view of a compacted topic that several share: it stops before each step there, and what it
// sends may be stored without an answer, in part, later or never; between two steps of a reader others append
// and compaction takes what has a newer message of its key.
#pragma once

#include "tests/property/chain/stopping_file_system.hpp"
#include "tests/unit/kafka_store/memory_topic.hpp"

#include <memory>

namespace millrace::chain::trial {

inline std::shared_ptr<kafka_chain_test::memory_topic>
stopping_topic(std::shared_ptr<kafka_chain_test::memory_log> log, trouble& t, std::function<void()> stop) {
  using kafka_chain_test::fate;
  auto topic = std::make_shared<kafka_chain_test::memory_topic>(std::move(log), t.random());
  topic->step = [&t, stop = std::move(stop)] {
    if (t.random() % 4 == 0)
      stop();
  };
  topic->most_read = 30;
  topic->piece = 4;
  topic->decide = [&t](const auto&) {
    if (t.strikes(2 * t.one_in))
      return fate::late;
    if (!t.strikes(t.one_in))
      return fate::stored;
    constexpr std::array others{fate::answer_lost, fate::never, fate::cut_off, fate::torn};
    return others[t.random() % others.size()];
  };
  topic->later = [&t](std::function<void()> what) { t.late.push_back(std::move(what)); };
  return topic;
}

}  // namespace millrace::chain::trial
