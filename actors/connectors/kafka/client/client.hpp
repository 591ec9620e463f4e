// The Kafka source and the Kafka sink share this of librdkafka: ownership, settings, errors, topics. A client
// owns one rd_kafka_t; librdkafka's own errors and logs go to spdlog with the user's secrets taken out. The
// connectors call librdkafka itself for records, transactions and offsets.
#pragma once

#include "actors/connectors/kafka/client/connection_failure.hpp"
#include "actors/connectors/kafka/client/properties.hpp"
#include "runtime/base/error.hpp"

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::kafka {

/// Deleters of librdkafka's objects: owned<rd_kafka_queue_t> and so on. All of them must be gone before the
/// client that they came from.
struct release {
  void operator()(rd_kafka_t* p) const;  // does not wait for the group coordinator
  void operator()(rd_kafka_topic_t* p) const { rd_kafka_topic_destroy(p); }
  void operator()(rd_kafka_queue_t* p) const { rd_kafka_queue_destroy(p); }
  void operator()(rd_kafka_message_t* p) const { rd_kafka_message_destroy(p); }
  void operator()(rd_kafka_error_t* p) const { rd_kafka_error_destroy(p); }
  void operator()(rd_kafka_event_t* p) const { rd_kafka_event_destroy(p); }
  void operator()(rd_kafka_conf_t* p) const { rd_kafka_conf_destroy(p); }
  void operator()(rd_kafka_headers_t* p) const { rd_kafka_headers_destroy(p); }
  void operator()(const rd_kafka_metadata_t* p) const { rd_kafka_metadata_destroy(p); }
  void operator()(rd_kafka_ConfigResource_t* p) const { rd_kafka_ConfigResource_destroy(p); }
  void operator()(rd_kafka_NewTopic_t* p) const { rd_kafka_NewTopic_destroy(p); }
  void operator()(rd_kafka_AdminOptions_t* p) const { rd_kafka_AdminOptions_destroy(p); }
  void operator()(rd_kafka_topic_partition_list_t* p) const { rd_kafka_topic_partition_list_destroy(p); }
  void operator()(rd_kafka_consumer_group_metadata_t* p) const {
    rd_kafka_consumer_group_metadata_destroy(p);
  }
};
template<class T>
using owned = std::unique_ptr<T, release>;

/// The address of a cluster and the way to talk to it, as the stage's options say.
struct connection {
  std::string brokers;
  std::map<std::string, std::string> properties;  // librdkafka's; may hold secrets
};

struct client_options {
  std::string name;  // TOPOLOGY/STAGE, for logs; client.id is TOPOLOGY-STAGE
  settings own;      // the connector's; they win over the user's properties
  std::function<void(const rd_kafka_message_t&)>
      delivered{};  // producer: delivery report, called from poll()
  setting_names names{};
  bool tells_outages = false;  // it warns of lost brokers itself; else its user tells what its calls return
};

class client {
public:
  /// Order: settings that make lost brokers show and come back fast, the user's properties, `own`. Contacts
  /// the brokers in the background only.
  [[nodiscard]] static expected<client> open(rd_kafka_type_t type, const connection& to,
                                             client_options options);
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;
  ~client();

  [[nodiscard]] rd_kafka_t* get() const { return handle_.get(); }
  /// Serves error and delivery callbacks; waits for one up to `timeout`. Returns how many.
  int poll(std::chrono::milliseconds timeout) const;
  /// All brokers went away since the last call; once an outage.
  [[nodiscard]] std::optional<error> take_outage() const;
  /// The outage that lasts still, said again as often as it is asked.
  [[nodiscard]] std::optional<error> outage() const;
  /// Returns why no broker has answered yet; no value once one has. An error that waiting does not mend (a
  /// wrong password) has retry = false.
  [[nodiscard]] std::optional<error> not_connected() const;
  [[nodiscard]] const std::string& brokers() const;
  /// An answer came from a broker (a record, a look-up): the outage is over.
  void answered() const;
  /// The brokers should be asked for something: a connection has failed since their last answer, or that is
  /// longer ago than `silence`. librdkafka 2.0.2 counts coordinators among the brokers that are down, and
  /// where one has lost its address, it does not say that all are.
  [[nodiscard]] bool is_doubtful(std::chrono::milliseconds silence) const;
  /// They were asked, and nobody answered: an outage, as when librdkafka tells it.
  void unanswered() const;
  [[nodiscard]] bool in_outage() const;
  /// Takes the values of secret properties out of a text.
  [[nodiscard]] std::string redacted(std::string text) const;

  struct state;  // librdkafka's callbacks get this; defined in client.cpp
private:
  client(std::unique_ptr<state> s, owned<rd_kafka_t> handle);
  std::unique_ptr<state> state_;  // outlives handle_, whose threads use it
  owned<rd_kafka_t> handle_;
};

/// librdkafka's code as ours. `doing` begins the text: "topic \"active\": reading metadata". Time-outs, lost
/// connections and leader changes are ec::unavailable and may be retried; fenced is ec::fenced;
/// authentication and authorization are the user's.
[[nodiscard]] error translate(rd_kafka_resp_err_t code, std::string_view doing, std::string_view detail = {});
/// Consumes the error; its retriable and fatal marks count. `e` must not be null.
[[nodiscard]] error translate(owned<rd_kafka_error_t> e, std::string_view doing);

/// Partitions of a topic. ec::not_found with fault::user at once for an unknown topic, which somebody may yet
/// create (retry = true); ec::unavailable when no broker answered within `timeout`, which is waited for;
/// ec::refused where the brokers take no such client. Ask a consumer: a producer's look-up may create the
/// topic on brokers that do so.
[[nodiscard]] expected<int> partition_count(const client& c, const std::string& topic,
                                            std::chrono::milliseconds timeout);
/// Partitions of a topic that some broker has told of. One that has not heard of it yet is asked again, within `timeout`: a
/// client may ask another broker each time, and a controller answers before all of them know what it made.
[[nodiscard]] expected<int> known_partition_count(const client& c, const std::string& topic,
                                                  std::chrono::milliseconds timeout);

/// The command of Kafka's own that creates a topic.
[[nodiscard]] std::string creating_command(const std::string& brokers, const std::string& topic);

/// A topic's settings by name, such as cleanup.policy; nothing where they may not be asked for, or nobody
/// answers.
[[nodiscard]] std::optional<std::map<std::string, std::string>>
topic_settings(const client& c, const std::string& topic, std::chrono::milliseconds timeout);

/// Creates a topic by the admin API; true when it did, false when the topic was there already. Waits until
/// the brokers know it.
/// Replication -1: the brokers' default. `config`: the topic's own settings, such as cleanup.policy.
[[nodiscard]] expected<bool> create_topic(const client& c, const std::string& topic, int partitions,
                                          int replication, std::chrono::milliseconds timeout,
                                          const settings& config = {});

}  // namespace millrace::kafka
