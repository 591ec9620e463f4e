// Reads the partitions of one topic, each through a queue of its own at a position of ours: librdkafka's
// group and offset machinery takes no part. Positions are (0, offset). Waits on librdkafka's queue events,
// never by polling.
#pragma once

#include "actors/connectors/kafka/client/client.hpp"
#include "actors/connectors/kafka/source/fingerprint.hpp"
#include "actors/connectors/kafka/source/kafka_keys.hpp"
#include "actors/stream/source/source.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace millrace::source {

struct start_earliest {};
struct start_latest {};
using start_option = std::variant<start_earliest, start_latest, event_micros>;
/// "earliest", "latest" or a timestamp.
[[nodiscard]] expected<start_option> parse_start(std::string_view text);

struct kafka_reader_options {
  std::string name;  // TOPOLOGY-STAGE: client.id
  kafka::connection to;
  std::string topic;
  std::string group;
  bool read_committed = true;
  start_option start;
  key_form key = key_form::text;
  wants wanted;
};

class kafka_reader final : public reader {
public:
  explicit kafka_reader(kafka_reader_options options) : options_(std::move(options)) {}
  ~kafka_reader() override;

  expected<std::vector<partition_info>> discover(std::chrono::milliseconds timeout) override;
  expected<std::vector<partition_info>> discover_beside(const std::set<std::string>& known,
                                                        std::chrono::milliseconds timeout) override;
  expected<void> assign(const std::string& partition, position from) override;
  void unassign(const std::string& partition) override;
  expected<std::optional<chunk>> read(std::span<const std::string> wanted, std::size_t max_bytes,
                                      std::chrono::milliseconds timeout) override;
  void acknowledge(const std::string& partition, position durable) override;
  std::optional<backlog> lag() override;
  void interrupt() override;
  /// Warns of a compacted topic.
  std::optional<std::string> warning() override;
  /// Fingerprints of records, by partition, as of note_progress(): of the first that was given, then of acknowledged ones.
  std::string identity() const override { return identity_; }
  std::uint64_t identity_version() const override { return identity_version_; }
  void note_progress() override;
  /// The comparison follows with the first read of each partition, before that gives anything.
  expected<void> check_identity(std::string_view stored) override;

private:
  /// Signalled by librdkafka's threads when an empty queue gets something, and by interrupt().
  struct wake_up {
    std::mutex mutex;
    std::condition_variable changed;
    std::uint64_t signals = 0;
    bool interrupted = false;
  };
  struct log {
    std::int32_t id = 0;
    std::int64_t next = 0;
    kafka::owned<rd_kafka_queue_t> queue;
    std::size_t record_bytes = 256;         // average in the last chunk, for reserving
    std::optional<error> failure{};         // the failure followed records that were given first
    std::optional<fingerprint> unproven{};  // the record there is compared before anything is given
    std::optional<error> refused{};         // it was another one
    bool began_before = false;              // it was read from a record below `next` on
    std::optional<fingerprint> given{};     // the fingerprint of a record that is yet to be acknowledged
  };
  /// Holds what is kept of a partition.
  struct known {
    fingerprint of;
    bool is_proven = false;  // proven by this reader
  };
  using deadline = std::chrono::steady_clock::time_point;

  expected<void> connect(int partitions);
  expected<std::vector<partition_info>> resolve(int partitions, deadline until);
  struct ends {
    std::int64_t low = 0;
    std::int64_t high = 0;
  };
  [[nodiscard]] expected<ends> ends_of(std::int32_t partition, deadline until) const;
  void hear_of(std::int32_t partition);
  expected<std::optional<chunk>> take(const std::string& partition, log& l, std::size_t max_bytes);
  [[nodiscard]] bool is_far_behind(std::int32_t partition, std::int64_t next) const;
  [[nodiscard]] error failure_at(std::int32_t partition, std::int64_t offset, rd_kafka_resp_err_t code,
                                 const std::string& text) const;
  void restart_logs();
  void ask_whether_brokers_are_there();
  expected<bool> prove(log& l);
  void note_given(log& l, const fingerprint& last);
  void note_acknowledged(log& l, position durable);
  [[nodiscard]] error made_anew(std::int32_t partition, std::int64_t offset) const;
  expected<void> start(log& l, std::int64_t from);
  void stop(log& l);
  bool take_interrupt();
  static void on_event(rd_kafka_t*, void* wake);

  kafka_reader_options options_;
  wake_up wake_;
  std::optional<kafka::client> client_;
  kafka::owned<rd_kafka_topic_t> topic_;
  int partitions_ = 0;                         // partitions that the client has heard of
  kafka::owned<rd_kafka_queue_t> main_queue_;  // errors of the client as a whole
  std::map<std::string, log> logs_;
  std::map<std::string, std::int64_t> committed_;
  std::map<std::int32_t, known> known_;  // keyed by partition
  std::string identity_;
  std::uint64_t identity_version_ = 0;
};

/// Headers of a record as a JSON object: the value as text, an array where a name repeats (in their order),
/// null for a null value, {"base64": "..."} for a value that is no text (not UTF-8, or with NUL). "{}" without headers.
[[nodiscard]] std::string headers_json(const rd_kafka_message_t& message);

}  // namespace millrace::source
