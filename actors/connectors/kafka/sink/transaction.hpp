// A transactional producer of librdkafka, call by call: every call that may be retried is retried until its
// deadline and given up when it does not come back, every error comes back as a value. One thread uses it.
// After an error it is of no more use: a new one's open() fences it and rolls its transaction back.
#pragma once

#include "actors/connectors/kafka/client/client.hpp"
#include "actors/connectors/kafka/sink/bounded_call.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::sink {

/// A call waits this long for brokers that do not answer before it says so. Long enough for a broker's
/// restart.
inline constexpr std::chrono::milliseconds patience{15'000};
/// The same for looking things up in open(), which is tried again anyway.
inline constexpr std::chrono::milliseconds look_up_patience{4'000};

/// The place of a produced record; filled in by flush().
struct receipt {
  std::int32_t partition = -1;
  std::int64_t offset = -1;
};

class transaction {
public:
  /// Takes the transactional id: after this its former holder is fenced, and what that had open is rolled
  /// back.
  [[nodiscard]] static expected<transaction> open(const kafka::connection& to, std::string name,
                                                  const std::string& transactional_id, kafka::settings own);
  transaction(transaction&&) noexcept;
  transaction& operator=(transaction&&) = delete;
  /// Rolls back, as far as that is quick: an open transaction would hold back read_committed readers.
  ~transaction();

  /// Begins one if none is open.
  [[nodiscard]] expected<void> begin();
  /// Adds a record; a key or value without text is null. `partition` < 0: by the key. Waits for room in the
  /// local queue. ec::refused: the record alone is too large, the transaction goes on. `where` must live
  /// until flush().
  [[nodiscard]] expected<void> produce(const std::string& topic, int partition,
                                       std::optional<std::string_view> key,
                                       std::optional<std::string_view> value, receipt* where = nullptr);
  /// Returns when the brokers have all records of the transaction.
  [[nodiscard]] expected<void> flush();
  /// The position as committed offset of `group` for partition 0 of the topic, within the transaction.
  [[nodiscard]] expected<void> send_position(const std::string& group, const std::string& topic,
                                             std::int64_t offset, const std::string& metadata);
  [[nodiscard]] expected<void> commit();
  [[nodiscard]] bool is_open() const { return begun_; }

  [[nodiscard]] const kafka::client& client() const;

private:
  transaction();
  [[nodiscard]] expected<void> first_failure() const;

  template<class Call>
  [[nodiscard]] expected<void> insist(std::string_view doing, Call call);

  struct producer;                      // the client, and what its delivery reports say
  std::shared_ptr<producer> producer_;  // also of a call that has not come back
  std::unique_ptr<bounded_caller> calls_;
  bool begun_ = false;
};

}  // namespace millrace::sink
