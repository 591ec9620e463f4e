// The Kafka sink's writer: a commit is one transaction of the rows and the position. The transactional id
// millrace/TOPOLOGY/SINK/TOPIC is the same for every life and every state id, so that the last opener fences
// all others, also those of a state that --fresh has replaced; the state id stands in the position. After any
// error only open() helps: it makes a new producer, which rolls back what was under way, and reads the
// position only then. Records that the topic refuses are found before they are produced, and stored in the
// same transaction in the positions topic.
#pragma once

#include "actors/connectors/kafka/client/client.hpp"
#include "actors/connectors/kafka/sink/position_record.hpp"
#include "actors/connectors/kafka/sink/record_schema.hpp"
#include "actors/connectors/kafka/sink/transaction.hpp"
#include "actors/stream/sink/row_format.hpp"
#include "actors/stream/sink/sink.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace millrace::sink {

/// Asks what a topic refuses before anything is written, so that no record dooms a transaction.
struct topic_limits {
  std::optional<std::int64_t> batch_bytes;  // max.message.bytes; nothing where we may not ask
  bool compacted = false;                   // takes no null keys
};
[[nodiscard]] topic_limits limits_of(const kafka::client& c, const std::string& topic);

struct kafka_sink_options {
  kafka::connection to;
  std::string topic;
  std::optional<std::size_t> key;                  // column
  std::optional<std::size_t> value;                // column; else the row as JSON, or by `value_schema`
  std::optional<record_schema> key_schema = {};    // over the batch
  std::optional<record_schema> value_schema = {};  // over the columns that are written (row_format::shown)
  bool key_is_base64 = false;                      // of the bytes to write
  bool value_is_base64 = false;
  std::optional<registry::access> registry = {};
  bool adds_schemas = false;                // to the registry, where it has not got them
  std::optional<std::size_t> deletes = {};  // column: whether the row is a tombstone
  struct creation {
    int partitions = 1;
    int replication = -1;  // the brokers' default
  };
  std::optional<creation> create;
  kafka::settings defaults;  // ours, where the user has not said otherwise
};

class kafka_writer final : public writer {
public:
  kafka_writer(kafka_sink_options options, const data::schema& rows)
      : options_(std::move(options)), json_(row_format::json(rows)) {}

  [[nodiscard]] expected<std::optional<progress>> open(const claim& who) override;
  [[nodiscard]] expected<void> write(const data::batch& rows) override;
  [[nodiscard]] expected<std::uint64_t> commit(const progress& p) override;
  [[nodiscard]] expected<std::vector<rejected_row>> rejected(std::uint64_t after, std::size_t limit) override;
  void forget_rejected(std::uint64_t up_to) override;
  /// Commits the position again: brokers forget it after offsets.retention.minutes.
  [[nodiscard]] expected<void> keep_alive() override;

private:
  [[nodiscard]] expected<kafka::client> open_consumer(const char* isolation) const;
  [[nodiscard]] expected<void> look_at_topic();
  [[nodiscard]] expected<void> find_schemas();
  [[nodiscard]] expected<void> open_producer();
  [[nodiscard]] expected<void> take_position(const std::optional<envelope>& stored);
  [[nodiscard]] expected<void> not_older(const std::optional<envelope>& stored);
  [[nodiscard]] expected<void> has_progress() const;
  /// The key's bytes; none is a null one. An error: its column has no such form.
  [[nodiscard]] tl::expected<std::optional<std::string_view>, std::string> key_of(const data::batch& rows,
                                                                                  std::size_t row);
  [[nodiscard]] expected<void> produce_row(const data::batch& rows, const data::batch& shown,
                                           std::size_t row);
  [[nodiscard]] expected<void> reject(const data::batch& shown, std::size_t row, const std::string& why);
  [[nodiscard]] expected<void> store_record(std::string bytes);
  [[nodiscard]] expected<void> finish();
  [[nodiscard]] expected<void> need_positions_topic();
  [[nodiscard]] std::string chunk_key(std::uint64_t sequence, std::uint32_t chunk) const;

  struct rejection {
    std::uint64_t sequence = 0;
    std::uint32_t chunks = 0;
    receipt first;
  };

  kafka_sink_options options_;
  row_format json_;
  claim who_;
  std::string name_;   // named in logs; client.id is made of it
  std::string group_;  // name_on_brokers()
  // The life of the last claim that was sent.
  std::optional<incarnation> tried_;
  topic_limits limits_;
  std::size_t largest_ = 0;              // bytes of key and value that a record may have
  std::optional<kafka::client> reader_;  // looks topics up, reads the positions topic
  std::optional<transaction> producer_;
  position_record record_;
  envelope envelope_;
  std::deque<rejection> rejections_;       // rejections of the open transaction; addresses stay
  std::vector<rejected_place> forgotten_;  // places whose chunks the next commit deletes
  bool has_positions_topic_ = false;
  bool was_open_ = false;
  std::uint64_t committed_ =
      0;  // sequence of the newest commit that brokers have acknowledged to this object
  std::optional<std::chrono::steady_clock::time_point> older_since_;  // they have given an older position
  std::string key_;
  std::string value_;
};

}  // namespace millrace::sink
