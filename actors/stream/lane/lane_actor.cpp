#include "actors/stream/lane/lane_actor.hpp"

#include "actors/stream/lane/lane.hpp"
#include "actors/stream/source/source_actor.hpp"
#include "runtime/control/spawn.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <utility>

namespace millrace::lane {

/// Sent to itself: time has passed (rate, idleness, a source that was away).
struct wake_up {};
/// The lane's own timer: time to look for new partitions.
struct look_now {};

}  // namespace millrace::lane

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::lane::wake_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::lane::look_now)

namespace millrace::lane {
namespace {

/// The lane's interface, the messages of its source actors and its own timers.
using whole =
    messages::lane::extend<caf::reacts_to<source::chunk_read>, caf::reacts_to<source::looked>,
                           caf::reacts_to<chunk_parsed>, caf::reacts_to<wake_up>, caf::reacts_to<look_now>>;

/// The lane's neighbours in this process. Readers are source actors.
class actors_around final : public neighbours {
public:
  actors_around(whole::pointer self, lane_options& options, const life& now, messages::supervisor supervisor,
                messages::state_keeper keeper)
      : self_(self), name_(options.name), life_(now), supervisor_(std::move(supervisor)),
        make_reader_(std::move(options.make_reader)), source_options_{name_, life_,
                                                                      std::move(options.identity),
                                                                      std::move(options.before_reading),
                                                                      std::move(keeper)},
        receivers_(options.plan->receivers) {
    for (std::size_t i = 0; i < options.ahead.helpers; ++i)
      helpers_.push_back(
          spawn_parse_helper(self_->system(), options.plan->topology->name, name_, options.make_parser));
    self_->set_down_handler([this](const caf::down_msg& m) {
      if (ending_ && m.source == ending_)
        end_as_stopped();
      // A catch-up reader that is over is not among them any more.
      if (std::ranges::any_of(readers_, [&](const auto& r) { return r.second.source.address() == m.source; }))
        self_->quit(m.reason ? m.reason : caf::exit_reason::unhandled_exception);
    });
  }
  /// However this life ends, the threads that read for it end as well.
  ~actors_around() override {
    close_all();
    for (const auto& h : helpers_)
      caf::anon_send(h, messages::stop{});
  }
  actors_around(const actors_around&) = delete;
  actors_around& operator=(const actors_around&) = delete;

  [[nodiscard]] clock::time_point now() const override { return self_->clock().now(); }
  void wake_in(std::chrono::microseconds d) override { self_->delayed_send(self_, d, wake_up{}); }
  void look_in(std::chrono::microseconds d) override { self_->delayed_send(self_, d, look_now{}); }

  void ask(std::size_t receiver, const log_id& log) override {
    self_->send(receivers_[receiver].handle, messages::ask_position{log, life_, index(receiver), me()});
  }
  void send(std::size_t receiver, delivery::lane_frame frame) override {
    self_->send(receivers_[receiver].handle,
                messages::take_frame{std::make_shared<const delivery::lane_frame>(std::move(frame)),
                                     index(receiver), me()});
  }

  [[nodiscard]] expected<void> open(reader_number reader) override;
  void close(reader_number reader) override {
    const auto r = readers_.extract(reader);
    if (!r.empty())
      end(r.mapped());
  }
  void assign(reader_number reader, source::assign where) override { tell(reader, std::move(where)); }
  void read(reader_number reader, source::read request) override { tell(reader, std::move(request)); }
  void tell_durable(source::durable what) override { tell(live_reader, std::move(what)); }
  void look(source::look beside) override { tell(live_reader, std::move(beside)); }

  /// One after the other: chunks are of one size, but the last.
  void parse(std::uint64_t number, attempt what, std::shared_ptr<const source::chunk> chunk) override {
    self_->send(helpers_[number % helpers_.size()], parse_chunk{number, std::move(what), std::move(chunk)});
  }

  void tell_found(const source::partition_info& found) override {
    self_->send(supervisor_, messages::partition_found{name_, life_, found.name, found.first});
  }
  void tell_slowest(event_micros watermark) override {
    self_->send(supervisor_, messages::stands_at{name_, life_, watermark});
  }
  void tell_failed(error why) override {
    self_->send(supervisor_, messages::stage_failed{name_, life_, std::move(why)});
  }
  void tell_attempt_failed(const attempt& what, std::string_view error,
                           std::map<log_id, position> settled) override {
    self_->send(supervisor_,
                messages::attempt_failed{name_, life_, what, std::string(error), std::move(settled)});
  }
  void tell_went_well(const log_id& log, position from) override {
    self_->send(supervisor_, messages::attempt_went_well{name_, life_, log, from});
  }
  void end_as_fenced(error why) override {
    self_->send(supervisor_, messages::fenced{name_, life_, std::move(why)});
    self_->quit();
  }

  void say(urgency how, const std::string& text) override {
    spdlog::log(how == urgency::info      ? spdlog::level::info
                : how == urgency::warning ? spdlog::level::warn
                                          : spdlog::level::err,
                "{}", text);
  }

  /// The log's identity is kept as `text` from now on.
  void identity_is(std::string text) { source_options_.identity.value = std::move(text); }
  /// Returns false for a message from an earlier life than the known one.
  [[nodiscard]] bool is_up(const messages::receiver_up& m) {
    auto& r = receivers_[m.receiver];
    if (m.life < r.now)
      return false;
    r = {m.handle, m.life};
    return true;
  }
  [[nodiscard]] bool is_down(const messages::receiver_down& m) {
    auto& r = receivers_[m.receiver];
    if (m.life < r.now)
      return false;
    r.handle = nullptr;
    return true;
  }
  /// Returns whether that reader is open and not over.
  [[nodiscard]] bool reads(reader_number reader) const { return readers_.contains(reader); }
  /// Says that it has stopped once the reader of all has ended: what that notes at its end goes to the keeper, which
  /// takes nothing more when all actors have stopped.
  void stop() {
    if (ending_)
      return;
    if (const auto live = readers_.find(live_reader); live != readers_.end())
      ending_ = live->second.source.address();
    close_all();
    if (!ending_)
      end_as_stopped();
  }

private:
  void end_as_stopped() {
    self_->send(supervisor_, messages::stopped{name_, life_});
    self_->quit();
  }
  struct receiver {
    messages::frame_receiver handle;  // set while it lives
    life now;
  };
  struct open_reader {
    std::shared_ptr<source::reader> connector;
    source::source_actor source;
  };

  [[nodiscard]] static messages::receiver_index index(std::size_t receiver) {
    return static_cast<messages::receiver_index>(receiver);
  }
  [[nodiscard]] messages::frame_sender me() const { return self_; }
  template<class M>
  void tell(reader_number reader, M message) {
    if (const auto r = readers_.find(reader); r != readers_.end())  // none at the lane's end
      self_->send(r->second.source, std::move(message));
  }
  static void end(const open_reader& r) {
    r.connector->interrupt();
    caf::anon_send(r.source, messages::stop{});
  }
  void close_all() {
    for (const auto& [number, r] : std::exchange(readers_, {}))
      end(r);
  }

  whole::pointer self_;
  std::string name_;
  life life_;
  messages::supervisor supervisor_;
  std::function<expected<std::unique_ptr<source::reader>>()> make_reader_;
  source::source_options source_options_;
  std::vector<receiver> receivers_;
  std::map<reader_number, open_reader> readers_;
  caf::actor_addr ending_;  // the reader of all, while its end is waited for
  std::vector<parse_helper> helpers_;
};

expected<void> actors_around::open(reader_number reader) {
  auto connector = make_reader_();
  if (!connector)
    return unexpected(connector.error());
  open_reader r{std::move(*connector), {}};
  auto options = source_options_;
  options.notes_progress = reader == live_reader;
  r.source = source::spawn_source(self_->system(), reader, r.connector, std::move(options));
  self_->monitor(r.source);
  readers_.emplace(reader, std::move(r));
  return {};
}

/// `around` goes after the lane that speaks through it.
struct running {
  running(whole::pointer self, lane_options options, const life& now, delivery::lane_log::start how,
          messages::supervisor supervisor, messages::state_keeper keeper)
      : around(self, options, now, std::move(supervisor), std::move(keeper)),
        core(around, std::move(options), how, control::jitter_seed(*self)) {}
  actors_around around;
  lane core;
};

whole::behavior_type lane_behaviour(whole::pointer self, lane_options options, const life& now,
                                    delivery::lane_log::start how, messages::supervisor supervisor,
                                    messages::state_keeper keeper) {
  auto state =
      std::make_shared<running>(self, std::move(options), now, how, std::move(supervisor), std::move(keeper));
  auto& core = state->core;
  if (!core.start())
    return whole::behavior_type::make_empty_behavior();
  return {
      [&core, state](const messages::receiver_up& m) {
        if (state->around.is_up(m))
          core.on_receiver_up(m.receiver);
      },
      [&core, state](const messages::receiver_down& m) {
        if (state->around.is_down(m))
          core.on_receiver_down(m.receiver);
      },
      [&core](const messages::position_answered& m) { core.on_answer(m.log, m.receiver, m.answer); },
      [&core](const messages::ask_again& m) { core.on_ask_again(m.log, m.receiver); },
      [&core](const messages::credit_returned& m) { core.on_credit(m.log, m.receiver, m.stamp, m.bytes); },
      [&core](const messages::acknowledged& m) { core.on_acknowledged(m.log, m.receiver, m.below); },
      [&core, state](const source::chunk_read& m) {
        if (m.identity)
          state->around.identity_is(*m.identity);
        if (state->around.reads(m.reader))
          core.on_chunk(m, m.reader);
      },
      [&core](const chunk_parsed& m) { core.on_parsed(m); },
      [&core](const wake_up&) { core.on_wake_up(); },
      [&core](const look_now&) { core.on_look_now(); },
      [&core](const source::looked& m) { core.on_looked(m); },
      [&core](const messages::partition_started& m) { core.on_partition_started(m.partition, m.lane); },
      [&core](const messages::others_stand_at& m) { core.on_others_stand_at(m.slowest); },
      [&core](const messages::set_paused& m) { core.on_set_paused(m.is_paused); },
      [](const messages::fail_now& m) { throw std::runtime_error(m.reason); },
      [&core, state](const messages::stop&) {
        core.on_stop();
        state->around.stop();
      },
  };
}

}  // namespace

messages::lane spawn_lane(caf::actor_system& system, lane_options options, const life& now,
                          delivery::lane_log::start how, messages::supervisor supervisor,
                          messages::state_keeper keeper) {
  const auto topology = options.plan->topology->name;
  const auto name = options.name;
  return control::spawn_recorded<whole>(
      system, topology, name,
      [options = std::move(options), now, how, supervisor = std::move(supervisor),
       keeper = std::move(keeper)](whole::pointer self) mutable {
        return lane_behaviour(self, std::move(options), now, how, std::move(supervisor), std::move(keeper));
      });
}

}  // namespace millrace::lane
