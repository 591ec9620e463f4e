// Opens the Kafka sink: its topic, the claim, the position that is there.
#include "actors/connectors/kafka/sink/kafka_writer.hpp"
#include "actors/connectors/kafka/sink/position_store.hpp"
#include "runtime/base/shard_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace millrace::sink {
namespace {

// A batch of one record needs this beside key and value (61 bytes of batch header, varints), with room to
// spare.
constexpr std::int64_t batch_overhead = 256;
// librdkafka's limit applies where we may not ask for the topic's; brokers take 1048588 by default.
constexpr std::int64_t default_batch_bytes = 1'000'000;
constexpr std::int64_t largest_message_max = 1'000'000'000;  // librdkafka's own

/// Tells whether a setting is for producers; a consumer would only warn of it.
bool is_producers(std::string_view name) {
  constexpr std::array<std::string_view, 14> beginnings{"queue.buffering.",
                                                        "linger.",
                                                        "compression.",
                                                        "batch.",
                                                        "transaction",
                                                        "message.send.max.retries",
                                                        "retr",
                                                        "request",
                                                        "message.timeout.ms",
                                                        "delivery.timeout.ms",
                                                        "delivery.report.",
                                                        "partitioner",
                                                        "sticky.partitioning.",
                                                        "queuing.strategy"};
  return std::any_of(beginnings.begin(), beginnings.end(), [&](auto b) { return name.starts_with(b); });
}

}  // namespace

expected<std::optional<progress>> kafka_writer::open(const claim& who) {
  producer_.reset();
  reader_.reset();
  rejections_.clear();
  forgotten_.clear();
  record_ = {};
  who_ = who;
  name_ = name_in_logs(who.topology, who.sink);
  group_ = name_on_brokers(who.topology, who.sink, options_.topic);
  // This consumer reads single records that a committed position names: there is no transaction to wait for.
  ASSIGN_OR_RETURN(reader_, open_consumer("read_uncommitted"));
  if (auto there = look_at_topic(); !there) {
    // Brokers that knew this client may refuse it for a moment while they start.
    there.error().retry |= was_open_ && there.error().code == ec::refused;
    return unexpected(there.error());
  }
  RETURN_IF_ERROR(find_schemas());
  // The position is checked before the transactional id is taken: a claim that is refused must fence nobody.
  ASSIGN_OR_RETURN(const auto peek, stored_envelope(*reader_, group_, options_.topic));
  RETURN_IF_ERROR(take_position(peek));
  RETURN_IF_ERROR(open_producer());
  // Only now is the position the last one: nobody else can commit any more.
  ASSIGN_OR_RETURN(auto stable, open_consumer("read_committed"));
  ASSIGN_OR_RETURN(const auto stored, stored_envelope(stable, group_, options_.topic));
  RETURN_IF_ERROR(not_older(stored));
  RETURN_IF_ERROR(take_position(stored));
  RETURN_IF_ERROR(has_progress());
  // The claim is a commit: it shows this life to older ones that come back, and proves that the brokers take
  // it.
  tried_ = who_.life;
  RETURN_IF_ERROR(producer_->begin());
  RETURN_IF_ERROR(finish());
  was_open_ = true;
  return record_.at;
}

expected<kafka::client> kafka_writer::open_consumer(const char* isolation) const {
  auto to = options_.to;
  std::erase_if(to.properties, [](const auto& p) { return is_producers(p.first); });
  return kafka::client::open(RD_KAFKA_CONSUMER, to,
                             {name_,
                              {{"group.id", group_},
                               {"enable.auto.commit", "false"},
                               {"auto.offset.reset", "error"},
                               {"fetch.error.backoff.ms", "20"},
                               {"isolation.level", isolation}}});
}

expected<void> kafka_writer::look_at_topic() {
  const auto& topic = options_.topic;
  auto found = kafka::partition_count(*reader_, topic, look_up_patience);
  if (!found && found.error().code == ec::not_found) {
    if (!options_.create)
      return unexpected(error{
          ec::not_found,
          fault::user,
          true,
          fmt::format("topic \"{}\" does not exist on the brokers {}; create the topic ({}), or let the sink "
                      "create it by \"create\": {{ \"partitions\": 1 }}",
                      topic, options_.to.brokers, kafka::creating_command(options_.to.brokers, topic)),
          {}});
    RETURN_IF_ERROR(kafka::create_topic(*reader_, topic, options_.create->partitions,
                                        options_.create->replication, patience));
  } else if (!found) {
    return unexpected(found.error());
  }
  limits_ = limits_of(*reader_, topic);
  if (limits_.compacted && !options_.key)
    return user_error(ec::mismatch,
                      fmt::format("topic \"{}\" is compacted and takes no records without a key; name the "
                                  "key's column by \"key\", or choose another topic",
                                  topic));
  return {};
}

expected<void> kafka_writer::find_schemas() {
  if (!options_.registry)
    return {};
  for (auto* const written : {&options_.key_schema, &options_.value_schema}) {
    if (*written)
      RETURN_IF_ERROR((*written)->find(*options_.registry, options_.adds_schemas));
  }
  return {};
}

expected<void> kafka_writer::open_producer() {
  auto own = options_.defaults;
  const auto given = [&](const char* name, std::int64_t otherwise) {
    const auto at = options_.to.properties.find(name);
    return at == options_.to.properties.end() ? otherwise : std::strtoll(at->second.c_str(), nullptr, 10);
  };
  const auto limit = std::max<std::int64_t>(
      1, std::min<std::int64_t>(limits_.batch_bytes.value_or(default_batch_bytes) - batch_overhead,
                                given("message.max.bytes", std::numeric_limits<std::int64_t>::max())));
  largest_ = static_cast<std::size_t>(limit);
  // No batch may be larger than the topic takes. The positions topic has a limit of its own, the brokers'
  // default, so that single records may be larger.
  own.emplace_back("batch.size",
                   std::to_string(std::min<std::int64_t>(limit, given("batch.size", default_batch_bytes))));
  own.emplace_back("message.max.bytes",
                   std::to_string(std::clamp(limit, default_batch_bytes, largest_message_max)));
  ASSIGN_OR_RETURN(auto producer, transaction::open(options_.to, name_, group_, std::move(own)));
  producer_.emplace(std::move(producer));
  // This look-up, by the name of a topic that exists, spares the first commit a second's wait for leaders.
  RETURN_IF_ERROR(kafka::known_partition_count(producer_->client(), options_.topic, look_up_patience));
  return {};
}

/// Checks a stored position against the claim, and makes it ours.
expected<void> kafka_writer::take_position(const std::optional<envelope>& stored) {
  record_ = {};
  envelope_ = {};
  const bool same = stored && (stored->state_id == who_.state_id || who_.adopt);
  // A stored life above the one tried here is another process's, even where ours has become higher since.
  if (same && stored->state_id == who_.state_id && stored->life > tried_.value_or(who_.life))
    return fatal_error(ec::fenced,
                       fmt::format("a newer life of this sink has taken over topic \"{}\"; another process "
                                   "writes as this sink, of the two end one",
                                   options_.topic));
  if (stored && !same && !who_.fresh)
    return user_error(
        ec::mismatch,
        fmt::format("topic \"{}\" already has a position of sink '{}' of topology '{}' from another state "
                    "folder; go on with that folder (--adopt, where it is lost), give the topology or the "
                    "stage another name, or start over with --fresh (the topic keeps its rows)",
                    options_.topic, who_.sink, who_.topology));
  if (stored)
    envelope_.sequence = stored->sequence;
  if (same) {
    auto bytes = std::string();
    if (const auto* pointer = std::get_if<record_pointer>(&stored->record)) {
      auto read = read_positions(*reader_, pointer->partition, pointer->offset, [&](const stored_part& part) {
        bytes = part.value;
        return part.offset == pointer->offset;
      });
      if (!read)
        return read;
    } else {
      bytes = std::get<std::string>(stored->record);
    }
    ASSIGN_OR_RETURN(auto record, decode_position(bytes));
    record_ = std::move(record);
    envelope_.record = stored->record;
  } else {
    envelope_.record = encode_position(record_);
  }
  envelope_.state_id = who_.state_id;
  envelope_.life = who_.life;
  return {};
}

/// A position that is older than what was committed must not be claimed: the claim would make it the newest.
expected<void> kafka_writer::not_older(const std::optional<envelope>& stored) {
  constexpr std::chrono::minutes patience{1};
  const auto sequence = stored ? stored->sequence : 0;
  if (sequence >= committed_) {
    older_since_.reset();
    return {};
  }
  const auto now = std::chrono::steady_clock::now();
  if (!older_since_)
    older_since_ = now;
  if (now - *older_since_ > patience)  // it is lost: the lanes find out whether they have what follows it
    return {};
  return outside_error(
      ec::unavailable,
      fmt::format("group \"{}\": the brokers give the position of commit {}, though they have acknowledged "
                  "commit {}: they may still be starting",
                  group_, sequence, committed_));
}

expected<void> kafka_writer::has_progress() const {
  if (who_.expects_progress && !record_.at)
    return fatal_error(
        ec::mismatch,
        fmt::format("the state folder says that this sink has committed rows to topic \"{}\", but group "
                    "\"{}\" has no position for it (expired by offsets.retention.minutes, or the topic was "
                    "made anew); start over with --fresh",
                    options_.topic, group_));
  return {};
}

}  // namespace millrace::sink
