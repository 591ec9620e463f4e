// Connecting, the list of partitions, and where each begins by the option `start`.
#include "actors/connectors/kafka/source/kafka_reader.hpp"
#include "runtime/expression/formats/time_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::source {

namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

// The time between two looks at interrupt().
constexpr milliseconds slice{500};

constexpr std::size_t queues = std::size_t{64} << 20U;         // bytes of all partitions' queues
constexpr std::size_t smallest_queue = std::size_t{4} << 20U;  // bytes of one partition's queue: some fetches

// A new partition may take this long to be heard of.
constexpr milliseconds new_partition{1'000};

milliseconds left(clock::time_point until) {
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(until - clock::now()));
}

}  // namespace

expected<start_option> parse_start(std::string_view text) {
  if (text == "earliest")
    return start_earliest{};
  if (text == "latest")
    return start_latest{};
  if (auto t = expression::parse_timestamp(text))
    return *t;
  return user_error(ec::invalid_argument,
                    fmt::format("\"{}\" is not a start; expected earliest, latest or a timestamp such as "
                                "2021-04-24T19:55:00Z",
                                text));
}

expected<void> kafka_reader::connect(int partitions) {
  main_queue_.reset();
  client_.reset();
  auto to = options_.to;
  // Once a partition's queue is full, librdkafka 2.0.2 sleeps up to a second before it looks again. So the
  // queues of a reader together hold what a lane takes in such a second, and a fetch must not fill one at
  // once.
  const auto queue = std::max<std::size_t>(smallest_queue, queues / static_cast<std::size_t>(partitions));
  to.properties.emplace("queued.max.messages.kbytes", std::to_string(queue >> 10U));
  to.properties.emplace("queued.min.messages", "300000");
  to.properties.emplace("fetch.message.max.bytes", "524288");
  // A partition that is assigned waits for the fetch that is under way: 500 ms each time by librdkafka's
  // default.
  to.properties.emplace("fetch.wait.max.ms", "100");
  to.properties.emplace("fetch.error.backoff.ms", "100");
  // The interval counts only if hear_of() was in vain.
  to.properties.emplace("topic.metadata.refresh.interval.ms", "10000");
  auto made = kafka::client::open(
      RD_KAFKA_CONSUMER, to,
      {options_.name,
       {{"group.id", options_.group},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"enable.partition.eof", "true"},
        {"allow.auto.create.topics", "false"},
        {"isolation.level", options_.read_committed ? "read_committed" : "read_uncommitted"}}});
  if (!made)
    return tl::make_unexpected(std::move(made.error()));
  client_.emplace(std::move(*made));
  main_queue_.reset(rd_kafka_queue_get_main(client_->get()));
  rd_kafka_queue_cb_event_enable(main_queue_.get(), &kafka_reader::on_event, &wake_);
  return {};
}

expected<std::vector<partition_info>> kafka_reader::discover(milliseconds timeout) {
  const auto until = clock::now() + timeout;
  if (!client_) {
    RETURN_IF_ERROR(connect(1));
  }
  for (;;) {
    auto found =
        kafka::partition_count(*client_, options_.topic, std::min(slice, left(until)))
            .and_then([&](int count) -> expected<std::vector<partition_info>> {
              if (!topic_) {  // now that it is known over how many partitions the queues are shared out
                RETURN_IF_ERROR(connect(count));
                topic_.reset(rd_kafka_topic_new(client_->get(), options_.topic.c_str(), nullptr));
              }
              partitions_ = count;
              return resolve(count, until);
            });
    if (found)
      return found;
    if (take_interrupt())
      return unexpected(
          error{ec::cancelled, fault::ours, false, "looking for the topic was interrupted", {}});
    // A topic that is missing is waited for by the caller: the brokers have answered.
    if (!found.error().retry || found.error().code == ec::not_found || left(until).count() == 0)
      return found;
  }
}

expected<std::vector<partition_info>> kafka_reader::discover_beside(const std::set<std::string>& known,
                                                                    milliseconds timeout) {
  const auto until = clock::now() + timeout;
  // No longer than a stop may have to wait for it: nothing is lost by looking again later.
  ASSIGN_OR_RETURN(const auto count,
                   kafka::partition_count(*client_, options_.topic, std::min(slice, timeout)));
  partitions_ = count;
  std::vector<partition_info> found;
  for (std::int32_t id = 0; id < count; ++id) {
    if (known.contains(std::to_string(id)))
      continue;
    ASSIGN_OR_RETURN(const auto there, ends_of(id, until));
    found.push_back({std::to_string(id), {0, there.low}, {0, there.low}});
  }
  return found;
}

// Another reader has found it. librdkafka reads a partition that it has not heard of once it hears of it:
// here at once, else with the next metadata.
void kafka_reader::hear_of(std::int32_t partition) {
  if (partition < partitions_)
    return;
  if (const auto count = kafka::partition_count(*client_, options_.topic, new_partition))
    partitions_ = *count;
}

expected<kafka_reader::ends> kafka_reader::ends_of(std::int32_t partition, clock::time_point until) const {
  ends there;
  const auto wait = std::clamp(left(until), milliseconds(1), 4 * slice).count();
  const auto code = rd_kafka_query_watermark_offsets(client_->get(), options_.topic.c_str(), partition,
                                                     &there.low, &there.high, static_cast<int>(wait));
  // It was there just now: this client has yet to hear of it. One that is gone is missing from the next look.
  if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
    return outside_error(
        ec::unavailable,
        fmt::format("topic \"{}\": no broker has told of partition {} in time", options_.topic, partition));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return tl::make_unexpected(kafka::translate(
        code, fmt::format("topic \"{}\" partition {}: asking for its first and last position", options_.topic,
                          partition)));
  return there;
}

std::optional<std::string> kafka_reader::warning() {
  const auto settings = kafka::topic_settings(*client_, options_.topic, 4 * slice);
  if (!settings)
    return std::nullopt;
  const auto policy = settings->find("cleanup.policy");
  if (policy == settings->end() || policy->second.find("compact") == std::string::npos)
    return std::nullopt;
  return fmt::format(
      "topic \"{}\" is compacted (cleanup.policy={}): Kafka removes records that a newer one of their key "
      "replaces, so what is read again after a failure may not be the same input, nor its rows; read a "
      "topic with cleanup.policy=delete where that matters",
      options_.topic, policy->second);
}

expected<std::vector<partition_info>> kafka_reader::resolve(int partitions, clock::time_point until) {
  std::vector<partition_info> found;
  std::vector<std::int64_t> ends;
  const kafka::owned<rd_kafka_topic_partition_list_t> times(rd_kafka_topic_partition_list_new(partitions));
  const auto wait = [&] {
    return static_cast<int>(std::clamp(left(until), milliseconds(1), 4 * slice).count());
  };
  for (std::int32_t id = 0; id < partitions; ++id) {
    ASSIGN_OR_RETURN(const auto there, ends_of(id, until));
    const auto start = std::holds_alternative<start_latest>(options_.start) ? there.high : there.low;
    found.push_back({std::to_string(id), {0, start}, {0, there.low}});
    ends.push_back(there.high);
    // Kafka counts milliseconds, and takes negative ones for words; no record is that old.
    if (const auto* time = std::get_if<event_micros>(&options_.start); time != nullptr && *time > 0)
      rd_kafka_topic_partition_list_add(times.get(), options_.topic.c_str(), id)->offset =
          (*time + 999) / 1000;
  }
  if (times->cnt == 0)
    return found;
  const auto code = rd_kafka_offsets_for_times(client_->get(), times.get(), wait());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return tl::make_unexpected(kafka::translate(
        code, fmt::format("topic \"{}\": asking for the positions at `start`", options_.topic)));
  for (int i = 0; i < times->cnt; ++i) {
    const auto& answer = times->elems[i];
    if (answer.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return tl::make_unexpected(kafka::translate(
          answer.err, fmt::format("topic \"{}\" partition {}: asking for the position at `start`",
                                  options_.topic, answer.partition)));
    const auto id = static_cast<std::size_t>(answer.partition);
    found[id].start = {0, answer.offset >= 0 ? answer.offset : ends[id]};  // no record is that late
  }
  return found;
}

}  // namespace millrace::source
