// Topics: existence, partitions, creation. All of it waits for a broker up to the caller's time-out.
#include "actors/connectors/kafka/client/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::kafka {

namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

milliseconds left(clock::time_point deadline) {
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(deadline - clock::now()));
}

// One look-up must not use up the whole time: a broker that comes meanwhile is asked by the next one.
constexpr milliseconds one_try{2000};

struct looked_up {
  rd_kafka_resp_err_t code;
  int partitions = 0;
};

looked_up look_up(const client& c, const std::string& topic, milliseconds timeout) {
  const owned<rd_kafka_topic_t> handle(rd_kafka_topic_new(c.get(), topic.c_str(), nullptr));
  if (!handle)
    return {rd_kafka_last_error()};
  const rd_kafka_metadata_t* raw = nullptr;
  const auto code = rd_kafka_metadata(c.get(), 0, handle.get(), &raw, static_cast<int>(timeout.count()));
  const owned<const rd_kafka_metadata_t> metadata(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return {code};
  c.answered();
  if (metadata->topic_cnt != 1)
    return {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART};
  return {metadata->topics[0].err, metadata->topics[0].partition_cnt};
}

error missing(const client& c, const std::string& topic) {
  return {
      ec::not_found,
      fault::user,
      true,
      fmt::format("topic \"{}\" does not exist on the brokers {}; create the topic ({}), or correct its name",
                  topic, c.brokers(), creating_command(c.brokers(), topic)),
      {}};
}

}  // namespace

std::string creating_command(const std::string& brokers, const std::string& topic) {
  return fmt::format("kafka-topics.sh --bootstrap-server {} --create --topic {} --partitions 1", brokers,
                     topic);
}

expected<int> partition_count(const client& c, const std::string& topic, milliseconds timeout) {
  const auto deadline = clock::now() + timeout;
  for (;;) {
    const auto started = clock::now();
    const auto found = look_up(c, topic, std::max(milliseconds(1), std::min(one_try, left(deadline))));
    if (found.code == RD_KAFKA_RESP_ERR_NO_ERROR && found.partitions > 0)
      return found.partitions;
    c.poll(milliseconds(0));  // tells why there is no connection
    if (found.code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        found.code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
      return tl::make_unexpected(missing(c, topic));
    if (auto away = c.not_connected(); away && (!away->retry || left(deadline).count() == 0)) {
      away->message = fmt::format("topic \"{}\": {}", topic, away->message);
      return tl::make_unexpected(std::move(*away));
    }
    auto e = translate(found.code == RD_KAFKA_RESP_ERR_NO_ERROR ? RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE
                                                                : found.code,
                       fmt::format("topic \"{}\": reading its metadata", topic));
    e.message = c.redacted(std::move(e.message));
    if (!e.retry || left(deadline).count() == 0)
      return tl::make_unexpected(std::move(e));
    // A refused connection answers at once; poll() waits meanwhile and serves the error callback.
    const auto next = started + milliseconds(100);
    while (clock::now() < std::min(next, deadline))
      c.poll(std::max(milliseconds(1), left(std::min(next, deadline))));
  }
}

expected<int> known_partition_count(const client& c, const std::string& topic, milliseconds timeout) {
  const auto deadline = clock::now() + timeout;
  auto found = partition_count(c, topic, timeout);
  while (!found && found.error().code == ec::not_found && left(deadline).count() > 0) {
    c.poll(milliseconds(20));
    found = partition_count(c, topic, left(deadline));
  }
  return found;
}

std::optional<std::map<std::string, std::string>> topic_settings(const client& c, const std::string& topic,
                                                                 milliseconds timeout) {
  const auto request = std::max(1, static_cast<int>(timeout.count()));
  const owned<rd_kafka_ConfigResource_t> resource(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const owned<rd_kafka_AdminOptions_t> options(
      rd_kafka_AdminOptions_new(c.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
  std::array<char, 256> text{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), request, text.data(), text.size());
  const owned<rd_kafka_queue_t> answers(rd_kafka_queue_new(c.get()));
  auto* asked = resource.get();
  rd_kafka_DescribeConfigs(c.get(), &asked, 1, options.get(), answers.get());
  // The request's own time-out ends it; the second more keeps its answer from being missed.
  const owned<rd_kafka_event_t> event(rd_kafka_queue_poll(answers.get(), request + 1000));
  const auto* result = event ? rd_kafka_event_DescribeConfigs_result(event.get()) : nullptr;
  std::size_t count = 0;
  const auto* const* resources =
      result != nullptr ? rd_kafka_DescribeConfigs_result_resources(result, &count) : nullptr;
  if (count != 1 || rd_kafka_ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::nullopt;
  std::map<std::string, std::string> out;
  std::size_t entries = 0;
  const auto* const* all = rd_kafka_ConfigResource_configs(resources[0], &entries);
  for (std::size_t i = 0; i < entries; ++i)
    if (const char* value = rd_kafka_ConfigEntry_value(all[i]))
      out.emplace(rd_kafka_ConfigEntry_name(all[i]), value);
  return out;
}

expected<bool> create_topic(const client& c, const std::string& topic, int partitions, int replication,
                            milliseconds timeout, const settings& config) {
  const auto deadline = clock::now() + timeout;
  const auto doing = fmt::format("topic \"{}\": creating it with {} partitions, replication {}", topic,
                                 partitions, replication);
  std::array<char, 512> text{};
  const owned<rd_kafka_NewTopic_t> wanted(
      rd_kafka_NewTopic_new(topic.c_str(), partitions, replication, text.data(), text.size()));
  if (!wanted)
    return user_error(ec::invalid_argument, fmt::format("{}: {}", doing, text.data()));
  for (const auto& [name, value] : config)
    rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str());
  const owned<rd_kafka_AdminOptions_t> options(
      rd_kafka_AdminOptions_new(c.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), std::max(1, static_cast<int>(timeout.count())),
                                            text.data(), text.size());
  const owned<rd_kafka_queue_t> answers(rd_kafka_queue_new(c.get()));
  auto* list = wanted.get();
  rd_kafka_CreateTopics(c.get(), &list, 1, options.get(), answers.get());
  // The request's own time-out ends it; the second more keeps its answer from being missed.
  const owned<rd_kafka_event_t> event(
      rd_kafka_queue_poll(answers.get(), static_cast<int>((left(deadline) + milliseconds(1000)).count())));
  if (!event)
    return outside_error(ec::unavailable, doing + ": no broker answered");
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return tl::make_unexpected(translate(code, doing, c.redacted(rd_kafka_event_error_string(event.get()))));
  std::size_t count = 0;
  const auto* const* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  const auto code = count == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
  if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    return false;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* detail = count == 1 ? rd_kafka_topic_result_error_string(results[0]) : nullptr;
    // Brokers that have just started are not counted yet.
    if (code == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR && detail != nullptr &&
        std::string_view(detail).find("currently fenced") != std::string_view::npos)
      return outside_error(ec::unavailable, fmt::format("{}: {}", doing, c.redacted(detail)));
    return tl::make_unexpected(translate(code, doing, detail == nullptr ? "" : c.redacted(detail)));
  }

  return known_partition_count(c, topic, left(deadline)).map([](int) { return true; });
}

}  // namespace millrace::kafka
