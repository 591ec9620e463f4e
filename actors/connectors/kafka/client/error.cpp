// librdkafka's error codes in our terms: whose fault, and whether the same call may succeed later.
#include "actors/connectors/kafka/client/client.hpp"

#include <fmt/format.h>

namespace millrace::kafka {

namespace {

struct meaning {
  ec code;
  fault whose;
  bool retry;
  std::string_view remedy;
};

meaning meaning_of(rd_kafka_resp_err_t code) {
  switch (code) {
  case RD_KAFKA_RESP_ERR__TRANSPORT:
  case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
  case RD_KAFKA_RESP_ERR__TIMED_OUT:
  case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
  case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
  case RD_KAFKA_RESP_ERR__RESOLVE:
  case RD_KAFKA_RESP_ERR__WAIT_COORD:
  case RD_KAFKA_RESP_ERR__RETRY:
  case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
  case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
  case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
  case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
  case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
  case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
  case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
  case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
  case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
  case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
  case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
  case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
  case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
  case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
  case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
  case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    return {ec::unavailable, fault::outside, true, {}};
  case RD_KAFKA_RESP_ERR__FENCED:
  case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
  case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    return {ec::fenced, fault::outside, false,
            "either another process writes as this sink, or a transaction outlasted transaction.timeout.ms"};
  case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
  case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
  case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    return {ec::not_found, fault::user, false, "create the topic, or correct its name in the topology"};
  case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    return {ec::invalid_argument, fault::user, false,
            "a topic's name has 1 to 249 letters, digits, dots, underscores or hyphens"};
  case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
  case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    return {ec::log_trimmed, fault::outside, false, {}};
  case RD_KAFKA_RESP_ERR__AUTHENTICATION:
  case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
  case RD_KAFKA_RESP_ERR__SSL:
    return {ec::refused, fault::user, false, "correct the security settings in `properties`"};
  case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
  case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
  case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
  case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    return {ec::refused, fault::user, false, "grant this user the right on the brokers"};
  case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
  case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    return {ec::refused, fault::outside, false, {}};
  case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
    return {ec::already_exists, fault::outside, false, {}};
  case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
  case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
  case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
  case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    return {ec::invalid_argument, fault::user, false, "correct it in the topology"};
  case RD_KAFKA_RESP_ERR__DESTROY:
    return {ec::cancelled, fault::ours, false, {}};
  case RD_KAFKA_RESP_ERR__INVALID_ARG:
  case RD_KAFKA_RESP_ERR__STATE:
  case RD_KAFKA_RESP_ERR__NOT_CONFIGURED:
    return {ec::internal, fault::ours, false, {}};
  default:
    return {ec::io, fault::outside, false, {}};
  }
}

std::string text_of(rd_kafka_resp_err_t code, std::string_view doing, std::string_view detail,
                    std::string_view remedy) {
  std::string text = fmt::format("{}: {} ({})", doing, rd_kafka_err2str(code), rd_kafka_err2name(code));
  if (!detail.empty() && detail != rd_kafka_err2str(code))
    text += fmt::format(": {}", detail);
  if (!remedy.empty())
    text += fmt::format("; {}", remedy);
  return text;
}

}  // namespace

error translate(rd_kafka_resp_err_t code, std::string_view doing, std::string_view detail) {
  const auto m = meaning_of(code);
  return {m.code, m.whose, m.retry, text_of(code, doing, detail, m.remedy), {}};
}

error translate(owned<rd_kafka_error_t> e, std::string_view doing) {
  const auto code = rd_kafka_error_code(e.get());
  auto result = translate(code, doing, rd_kafka_error_string(e.get()));
  if (rd_kafka_error_is_retriable(e.get()) != 0) {
    result.code = ec::unavailable;
    result.whose = fault::outside;
    result.retry = true;
  } else if (rd_kafka_error_is_fatal(e.get()) != 0) {
    result.retry = false;
  }
  return result;
}

}  // namespace millrace::kafka
