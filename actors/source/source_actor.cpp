#include "actors/source/source_actor.hpp"

#include "runtime/control/spawn.hpp"

#include <spdlog/spdlog.h>

#include <map>

namespace millrace::source {
namespace {

/// How long a connection may take before the lane is told that the source is away.
constexpr std::chrono::milliseconds connect_timeout{2'000};

class source_state {
public:
  source_state(std::shared_ptr<reader> connector, identity_store identities)
      : connector_(std::move(connector)), identities_(std::move(identities)) {}

  void assign(const std::string& partition, position from) {
    assigned_[partition] = from;
    if (connected_)
      assign_now(partition, from);
  }

  void unassign(const std::string& partition) {
    assigned_.erase(partition);
    if (connected_)
      connector_->unassign(partition);
  }

  chunk_read read(const millrace::source::read& m) {
    chunk_read answer{m.ticket, nullptr, std::nullopt, std::nullopt, std::nullopt};
    if (auto ok = connect(); !ok) {
      answer.failure = ok.error();
      return answer;
    }
    if (auto ok = tell_reading(); !ok) {
      answer.failure = ok.error();
      return answer;
    }
    if (failed_) {
      answer.failure = std::exchange(failed_, std::nullopt);
      return answer;
    }
    auto got = connector_->read(m.wanted, m.max_bytes, m.wait);
    answer.lag = connector_->lag();
    answer.lag_bytes = connector_->lag_bytes();
    if (!got) {
      answer.failure = got.error();
    } else if (auto kept = keep_identity(); !kept) {
      answer.failure = kept.error();
    } else if (*got) {
      answer.chunk = std::make_shared<const chunk>(std::move(**got));
    }
    return answer;
  }

  looked look(const millrace::source::look& m) {
    if (!connected_)
      return {};
    auto found = connector_->discover_beside(m.known, connect_timeout);
    if (!found)  // what is wrong with the source shows when it is read
      spdlog::debug("no new partitions were looked for: {}", found.error().message);
    return {found ? std::move(*found) : std::vector<partition_info>{}};
  }

  void acknowledge(const durable& m) {
    if (connected_)
      connector_->acknowledge(m.partition, m.below);
  }

private:
  expected<void> connect() {
    if (connected_)
      return {};
    if (const auto found = connector_->discover(connect_timeout); !found)
      return unexpected(found.error());
    if (const auto stored = identities_.load(); !stored.empty())
      if (auto same = connector_->check_identity(stored); !same)
        return same;
    connected_ = true;
    for (const auto& [partition, from] : assigned_)
      assign_now(partition, from);
    return {};
  }

  expected<void> tell_reading() {
    if (told_reading_ || !identities_.reading)
      return {};
    auto told = identities_.reading();
    told_reading_ = told.has_value();
    return told;
  }

  void assign_now(const std::string& partition, position from) {
    if (const auto ok = connector_->assign(partition, from); !ok)
      failed_ = ok.error();
  }

  /// A followed log's generations: durable before anything that depends on the chunk is.
  expected<void> keep_identity() {
    auto now = connector_->identity();
    if (now.empty() || now == kept_)
      return {};
    if (auto ok = identities_.keep(now); !ok)
      return ok;
    kept_ = std::move(now);
    return {};
  }

  std::shared_ptr<reader> connector_;
  identity_store identities_;
  std::map<std::string, position> assigned_;
  std::string kept_;
  bool connected_ = false;
  bool told_reading_ = false;
  std::optional<error> failed_;
};

caf::behavior source_behaviour(caf::event_based_actor* self, std::shared_ptr<reader> connector,
                               const std::shared_ptr<identity_store>& identities) {
  auto state = std::make_shared<source_state>(std::move(connector), std::move(*identities));
  return {
      [=](const assign& m) { state->assign(m.partition, m.from); },
      [=](const unassign& m) { state->unassign(m.partition); },
      [=](const read& m) { return state->read(m); },
      [=](const look& m) { return state->look(m); },
      [=](const durable& m) { state->acknowledge(m); },
      [=](const messages::stop&) { self->quit(); },
  };
}

}  // namespace

caf::actor spawn_source(caf::actor_system& system, std::shared_ptr<reader> connector,
                        identity_store identities) {
  return control::spawn_blocking(system, source_behaviour, std::move(connector),
                                 std::make_shared<identity_store>(std::move(identities)));
}

}  // namespace millrace::source
