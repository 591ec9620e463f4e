#include "actors/sink/kafka/topic_limits.hpp"

#include <array>
#include <charconv>

namespace millrace::sink {
namespace {

struct destroy_resource {
  void operator()(rd_kafka_ConfigResource_t* r) const { rd_kafka_ConfigResource_destroy(r); }
};

constexpr int request_ms = 5000;

}  // namespace

topic_limits limits_of(const kafka::client& c, const std::string& topic) {
  topic_limits limits;
  const std::unique_ptr<rd_kafka_ConfigResource_t, destroy_resource> resource(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const kafka::owned<rd_kafka_AdminOptions_t> options(
      rd_kafka_AdminOptions_new(c.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
  std::array<char, 256> text{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), request_ms, text.data(), text.size());
  const kafka::owned<rd_kafka_queue_t> answers(rd_kafka_queue_new(c.get()));
  auto* asked = resource.get();
  rd_kafka_DescribeConfigs(c.get(), &asked, 1, options.get(), answers.get());
  const kafka::owned<rd_kafka_event_t> event(rd_kafka_queue_poll(answers.get(), request_ms + 1000));
  const auto* result = event ? rd_kafka_event_DescribeConfigs_result(event.get()) : nullptr;
  std::size_t count = 0;
  const auto* const* resources = result ? rd_kafka_DescribeConfigs_result_resources(result, &count) : nullptr;
  if (count != 1 || rd_kafka_ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return limits;
  std::size_t entries = 0;
  const auto* const* all = rd_kafka_ConfigResource_configs(resources[0], &entries);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::string_view name(rd_kafka_ConfigEntry_name(all[i]));
    const char* raw = rd_kafka_ConfigEntry_value(all[i]);
    const std::string_view value(raw ? raw : "");
    if (name == "cleanup.policy")
      limits.compacted = value.find("compact") != std::string_view::npos;
    std::int64_t bytes = 0;
    if (name == "max.message.bytes" &&
        std::from_chars(value.data(), value.data() + value.size(), bytes).ec == std::errc{})
      limits.batch_bytes = bytes;
  }
  return limits;
}

}  // namespace millrace::sink
