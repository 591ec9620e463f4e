#include "actors/node/stores/kafka/topic_rules.hpp"

#include "actors/node/stores/kafka/record_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace millrace::kafka_chain {
namespace {

constexpr int usual_replication = 3;
/// A batch of librdkafka's has up to so many bytes.
constexpr std::int64_t smallest_batch = 1'000'000;
static_assert(largest_piece + longest_owner < smallest_batch - 10'000);

std::string setting(const std::map<std::string, std::string>& all, const std::string& name) {
  const auto found = all.find(name);
  return found == all.end() ? std::string() : found->second;
}

std::optional<std::int64_t> number_of(const std::string& text) {
  std::int64_t n = 0;
  const auto [rest, err] = std::from_chars(text.data(), text.data() + text.size(), n);
  return err == std::errc{} && rest == text.data() + text.size() ? std::optional(n) : std::nullopt;
}

unexpected unfit(const topic_address& at, std::string_view what, std::string_view remedy) {
  return user_error(ec::mismatch, fmt::format("{}: {}; remedy: {}", shown_of(at), what, remedy));
}

}  // namespace

std::string altering_command(const topic_address& at, std::string_view settings) {
  return fmt::format(
      "kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name {} --add-config {}",
      at.brokers, at.topic, settings);
}

std::string shown_of(const topic_address& at) {
  return fmt::format("topic \"{}\" at {}", at.topic, at.brokers);
}

expected<creation> plan_creation(const topic_address& at, int brokers, int replication) {
  if (replication > brokers)
    return user_error(
        ec::invalid_argument,
        fmt::format("{}: it does not exist, and cannot be made with {} replicas, since {} "
                    "broker(s) are there; remedy: start more brokers, or ask for fewer replicas",
                    shown_of(at), replication, brokers));
  creation c;
  c.replication = replication > 0 ? replication : std::clamp(brokers, 1, usual_replication);
  c.settings = {
      {"cleanup.policy", "compact"},
      {"retention.ms", "-1"},
      {"retention.bytes", "-1"},
      {"max.message.bytes", std::to_string(usual_batch)},
      {"min.insync.replicas", c.replication > 1 ? "2" : "1"},
      {"unclean.leader.election.enable", "false"},
      // Records before a base go soon, since an opening reads all that is there.
      {"min.cleanable.dirty.ratio", "0.1"},
      // The newest segment of a partition is never cleaned.
      {"segment.bytes", std::to_string(4 << 20)},
      // A reader that has seen a record without its tombstone passes it over all the same: a base stands for it.
      {"delete.retention.ms", std::to_string(std::chrono::milliseconds(std::chrono::hours(1)).count())}};
  return c;
}

std::string creating_command(const topic_address& at, const creation& c) {
  auto text = fmt::format("kafka-topics.sh --bootstrap-server {} --create --topic {} --partitions {} "
                          "--replication-factor {}",
                          at.brokers, at.topic, partitions, c.replication);
  for (const auto& [name, value] : c.settings)
    text += fmt::format(" --config {}={}", name, value);
  return text;
}

error not_created(error why, const topic_address& at, const creation& c) {
  if (why.code == ec::refused)
    why.message += fmt::format(", or let somebody make it who has the right: {}", creating_command(at, c));
  return why;
}

expected<void> check_topic(const topic_address& at, const existing_topic& found) {
  if (found.partitions < partitions)
    return unfit(at,
                 fmt::format("it has {} partition(s), and chains lie in {}", found.partitions, partitions),
                 fmt::format("take another topic, or if nothing lies in this one: kafka-topics.sh "
                             "--bootstrap-server {} --alter --topic {} --partitions {}",
                             at.brokers, at.topic, partitions));
  if (!found.settings)
    return {};
  if (const auto policy = setting(*found.settings, "cleanup.policy"); policy != "compact")
    return unfit(at, fmt::format("its cleanup.policy is {}, so records of chains would be deleted", policy),
                 altering_command(at, "cleanup.policy=compact,retention.ms=-1,retention.bytes=-1"));
  for (const auto* name : {"retention.ms", "retention.bytes"})
    if (const auto value = setting(*found.settings, name); !value.empty() && value != "-1")
      return unfit(at,
                   fmt::format("its {} is {}: records of chains would be deleted as soon as somebody adds "
                               "\"delete\" to its cleanup.policy",
                               name, value),
                   altering_command(at, "retention.ms=-1,retention.bytes=-1"));
  const auto batch = number_of(setting(*found.settings, "max.message.bytes"));
  if (batch && *batch < smallest_batch)
    return unfit(at,
                 fmt::format("its max.message.bytes is {}, and records of chains are cut into {} bytes",
                             *batch, largest_piece),
                 altering_command(at, fmt::format("max.message.bytes={}", usual_batch)));
  return {};
}

std::vector<std::string> warnings_of(const topic_address& at, const existing_topic& found, int brokers) {
  std::vector<std::string> out;
  if (brokers > 1 && found.fewest_replicas < 2)
    out.push_back(fmt::format("{}: a partition has one replica, so its chains are lost with one broker; "
                              "remedy: kafka-reassign-partitions.sh adds replicas",
                              shown_of(at)));
  if (!found.settings) {
    out.push_back(
        fmt::format("{}: its settings may not be read, or no broker answers; remedy: grant this user "
                    "to describe its configuration, or see to it: cleanup.policy=compact, no "
                    "retention, max.message.bytes={}, min.insync.replicas=2 with several brokers",
                    shown_of(at), usual_batch));
    return out;
  }
  const auto least = number_of(setting(*found.settings, "min.insync.replicas"));
  if (found.fewest_replicas > 1 && least && *least < 2)
    out.push_back(fmt::format("{}: its min.insync.replicas is {}, so a record may be acknowledged that one "
                              "broker has; remedy: {}",
                              shown_of(at), *least, altering_command(at, "min.insync.replicas=2")));
  if (setting(*found.settings, "unclean.leader.election.enable") == "true")
    out.push_back(fmt::format("{}: a replica that lacks records may come to lead it; remedy: {}",
                              shown_of(at), altering_command(at, "unclean.leader.election.enable=false")));
  return out;
}

}  // namespace millrace::kafka_chain
