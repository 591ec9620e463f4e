#include "actors/node/stores/kafka_chain_store.hpp"

#include "actors/node/stores/kafka/kafka_chain.hpp"
#include "actors/node/stores/store_properties.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::node {
namespace {

using kafka_chain::topic_chain;

constexpr std::string_view elsewhere =
    "a cluster's chains in Kafka leave no room for spilled output; remedy: let sinks keep up, give the "
    "topology more shards, or take --store dir:PATH or --store postgresql://USER@HOST/DATABASE";

class no_segments final : public snapshot::segments {
public:
  expected<void> write(const segment_id&, std::string_view) override {
    return fatal_error(ec::unsupported, std::string(elsewhere));
  }
  expected<std::string> read(const segment_id&) const override {
    return fatal_error(ec::not_found, std::string(elsewhere));
  }
  expected<void> remove(const std::vector<segment_id>&) override { return {}; }
};

}  // namespace

kafka_chain_store::kafka_chain_store(kafka_chain::kafka_topic_options options)
    : options_(std::move(options)), shown_(kafka_chain::shown_of({options_.topic, options_.to.brokers})) {}

expected<std::shared_ptr<kafka_chain::kafka_topic>> kafka_chain_store::records() {
  const std::lock_guard lock(mutex_);
  if (!records_) {
    ASSIGN_OR_RETURN(records_, kafka_chain::kafka_topic::open(options_));
  }
  return records_;
}

expected<opened_chain> kafka_chain_store::open(const cluster::actor_id& whose, const life& now) {
  return records().and_then([&](std::shared_ptr<kafka_chain::topic> all) -> expected<opened_chain> {
    return topic_chain::open(std::move(all), {whose.topology, whose.name}, now);
  });
}

expected<opened_chain> kafka_chain_store::open_chosen(const cluster::actor_id& whose, const life& chosen) {
  return records().and_then([&](std::shared_ptr<kafka_chain::topic> all) -> expected<opened_chain> {
    return topic_chain::open_chosen(std::move(all), {whose.topology, whose.name}, chosen);
  });
}

expected<found_chain> kafka_chain_store::look(const cluster::actor_id& whose) {
  return records()
      .and_then([&](std::shared_ptr<kafka_chain::topic> all) {
        return topic_chain::look(std::move(all), {whose.topology, whose.name});
      })
      .map([](topic_chain::looked&& found) {
        return found_chain{std::move(found.contents), found.highest};
      });
}

expected<std::unique_ptr<snapshot::segments>>
kafka_chain_store::open_segments(const cluster::actor_id& whose, incarnation,
                                 const std::vector<segment_id>& needed) {
  if (!needed.empty())
    return fatal_error(ec::not_found, fmt::format("spilled output of {} of {} is not in {}: {}", whose.name,
                                                  whose.topology, shown_, elsewhere));
  return std::make_unique<no_segments>();
}

expected<std::vector<std::string>> kafka_chain_store::openings() {
  std::vector<std::string> out;
  if (auto open = openness_of({options_.to.brokers, options_.topic, options_.to.properties}))
    out.push_back(*std::move(open));
  return out;
}

expected<std::vector<std::string>> kafka_chain_store::list(const std::string& chains) {
  return records()
      .and_then([&](const std::shared_ptr<kafka_chain::kafka_topic>& all) { return all->list(chains); })
      .map([](const std::set<std::string>& names) {
        return std::vector<std::string>(names.begin(), names.end());
      });
}

expected<std::string> kafka_chain_store::read_segment(const cluster::actor_id&, const segment_id&) {
  return fatal_error(ec::not_found, std::string(elsewhere));
}

expected<void> kafka_chain_store::clear(const std::string& chains) {
  return records().and_then(
      [&](const std::shared_ptr<kafka_chain::kafka_topic>& all) { return all->clear(chains); });
}

}  // namespace millrace::node
