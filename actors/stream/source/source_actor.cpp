#include "actors/stream/source/source_actor.hpp"

#include "runtime/control/spawn.hpp"

#include <caf/actor_clock.hpp>
#include <caf/stateful_actor.hpp>
#include <spdlog/spdlog.h>

#include <map>
#include <optional>
#include <utility>

namespace millrace::source {
namespace {

/// A connection may take this long before the lane is told that the source is away.
constexpr std::chrono::milliseconds connect_timeout{2'000};
/// The progress of a followed log is noted this often, and less often where its identity is longer than this: each time is
/// a durable write of all of it.
constexpr std::chrono::seconds between_notes{1};
constexpr std::size_t noted_a_second = 100'000;

/// The interface of the source actor, and the keeper's reply.
using whole = source_actor::extend<caf::reacts_to<messages::value_kept>>;

class source_state {
public:
  source_state(whole::pointer self, std::uint64_t number, std::shared_ptr<reader> connector,
               source_options options)
      : self_(self), number_(number), connector_(std::move(connector)), options_(std::move(options)),
        kept_identity_(options_.identity.value), told_reading_(options_.before_reading.name.empty()) {}

  void assign(const std::string& partition, position from) {
    assigned_[partition] = from;
    drop_held(partition);
    if (connected_)
      assign_now(partition, from);
  }

  void unassign(const std::string& partition) {
    assigned_.erase(partition);
    drop_held(partition);
    if (connected_)
      connector_->unassign(partition);
  }

  void on_read(const read& m, reading from) {
    asked_ = question{m, std::move(from)};
    if (!keeping_)
      go_on();
  }

  void on_kept(const messages::value_kept& m) {
    if (noting_) {  // the keeper answers in order; what it could not keep is in the next note
      noting_ = false;
      return;
    }
    if (!keeping_)
      return;
    auto kept = *std::exchange(keeping_, std::nullopt);
    if (m.failure) {
      if (asked_)
        answer({.failure = m.failure});
      return;
    }
    if (kept.name == options_.before_reading.name) {
      told_reading_ = true;
    } else {
      kept_identity_ = kept.value;
      news_ = std::move(kept.value);
    }
    go_on();
  }

  void stop() {
    noting_ = false;  // no answer is waited for; the keeper takes values in order
    keeping_.reset();
    note_progress();
    connector_->close();
    self_->quit();
  }

  looked look(const millrace::source::look& m) {
    if (!connected_)
      return {};
    auto found = connector_->discover_beside(m.known, connect_timeout);
    if (!found)  // a fault of the source shows when it is read
      spdlog::debug("no new partitions were looked for: {}", found.error().message);
    return {found ? std::move(*found) : std::vector<partition_info>{}};
  }

  void acknowledge(const durable& m) {
    if (connected_)
      connector_->acknowledge(m.partition, m.below);
  }

private:
  struct question {
    read what;
    reading from;
  };
  /// Holds what goes into an answer beside what is known here.
  struct result {
    std::shared_ptr<const source::chunk> chunk = nullptr;
    std::optional<error> failure = std::nullopt;
  };

  /// Goes towards the answer to what was asked, as far as it can without waiting for the keeper.
  void go_on() {
    if (!asked_)
      return;
    if (auto ok = connect(); !ok)
      return answer({.failure = ok.error()});
    if (!told_reading_)
      return keep(options_.before_reading);
    if (failed_)
      return answer({.failure = std::exchange(failed_, std::nullopt)});
    if (!held_) {
      const auto& m = asked_->what;
      auto got = connector_->read(m.wanted, m.max_bytes, m.wait);
      if (!got)
        return answer({.failure = got.error()});
      held_ = *got ? std::make_shared<const chunk>(std::move(**got)) : nullptr;
    }
    // A followed log's generations are durable before anything that depends on the chunk is.
    if (auto now = new_identity())
      return keep({options_.identity.name, std::move(*now)});
    if (const auto now = self_->clock().now(); now >= next_note_) {
      note_progress();
      if (*held_ || next_note_ != caf::actor_clock::time_point{})  // the first chunk is noted at once
        next_note_ = now + between_notes * (1 + kept_identity_.size() / noted_a_second);
    }
    answer({.chunk = *std::exchange(held_, std::nullopt)});
  }

  /// Goes on with on_kept(). Chunks that were read are held until then, and after a failure until they are
  /// asked for again: the connector would not give them a second time.
  void keep(kept_value what) {
    keeping_ = what;
    if (options_.keeper)
      self_->send(options_.keeper, messages::keep_value{options_.actor, options_.life, std::move(what.name),
                                                        std::move(what.value)});
    else
      on_kept({std::move(what.name), std::nullopt});
  }

  /// Nobody waits for this: without it a later life knows the log by what was noted before.
  void note_progress() {
    if (!options_.notes_progress || !connected_ || noting_ || keeping_ || !options_.keeper)
      return;
    connector_->note_progress();
    auto now = new_identity();
    if (!now)
      return;
    noting_ = true;
    kept_identity_ = *now;
    self_->send(options_.keeper,
                messages::keep_value{options_.actor, options_.life, options_.identity.name, std::move(*now)});
  }

  /// The log's identity, if it is another one than was kept last.
  std::optional<std::string> new_identity() {
    const auto version = connector_->identity_version();
    if (version == compared_version_)
      return std::nullopt;
    auto now = connector_->identity();
    if (!now.empty() && now != kept_identity_)
      return now;
    compared_version_ = version;
    return std::nullopt;
  }

  void answer(result r) {
    const auto asked = *std::exchange(asked_, std::nullopt);
    self_->send(asked.from, chunk_read{asked.what.ticket, std::move(r.chunk), std::move(r.failure),
                                       connected_ ? connector_->lag() : std::nullopt,
                                       connected_ ? connector_->lag_bytes() : std::nullopt, number_,
                                       std::exchange(news_, std::nullopt)});
  }

  void drop_held(const std::string& partition) {
    if (held_ && *held_ && (*held_)->partition == partition)
      held_.reset();
  }

  expected<void> connect() {
    if (connected_)
      return {};
    RETURN_IF_ERROR(connector_->discover(connect_timeout));
    if (!options_.identity.value.empty())
      RETURN_IF_ERROR(connector_->check_identity(options_.identity.value));
    connected_ = true;
    for (const auto& [partition, from] : assigned_)
      assign_now(partition, from);
    return {};
  }

  void assign_now(const std::string& partition, position from) {
    if (const auto ok = connector_->assign(partition, from); !ok)
      failed_ = ok.error();
  }

  whole::pointer self_;
  std::uint64_t number_;
  std::shared_ptr<reader> connector_;
  source_options options_;
  std::map<std::string, position> assigned_;
  std::string kept_identity_;
  std::optional<std::uint64_t> compared_version_;  // of an identity that is kept
  bool connected_ = false;
  bool told_reading_;
  std::optional<error> failed_;
  std::optional<question> asked_;  // and not yet answered
  bool noting_ = false;            // the keeper has yet to answer a note
  caf::actor_clock::time_point next_note_{};
  std::optional<kept_value> keeping_;                         // asked for, and not yet durable
  std::optional<std::shared_ptr<const source::chunk>> held_;  // read (also that nothing came), not yet given
  std::optional<std::string> news_;                           // an identity that the lane has yet to hear of
};

whole::behavior_type source_behaviour(whole::stateful_pointer<std::optional<source_state>> self,
                                      std::uint64_t number, std::shared_ptr<reader> connector,
                                      const std::shared_ptr<source_options>& options) {
  auto* const state = &self->state.emplace(self, number, std::move(connector), std::move(*options));
  return {
      [=](const assign& m) { state->assign(m.partition, m.from); },
      [=](const unassign& m) { state->unassign(m.partition); },
      [=](const read& m) { state->on_read(m, caf::actor_cast<reading>(self->current_sender())); },
      [=](const messages::value_kept& m) { state->on_kept(m); },
      [=](const look& m) { return state->look(m); },
      [=](const durable& m) { state->acknowledge(m); },
      [=](const messages::stop&) { state->stop(); },
  };
}

}  // namespace

source_actor spawn_source(caf::actor_system& system, std::uint64_t number, std::shared_ptr<reader> connector,
                          source_options options) {
  return control::spawn_blocking(system, source_behaviour, number, std::move(connector),
                                 std::make_shared<source_options>(std::move(options)));
}

}  // namespace millrace::source
