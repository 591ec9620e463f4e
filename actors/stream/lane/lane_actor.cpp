#include "actors/stream/lane/lane_actor.hpp"

#include "actors/stream/lane/lane.hpp"
#include "actors/stream/lane/lane_messages.hpp"
#include "actors/stream/lane/reader_number.hpp"
#include "runtime/control/actor_time.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace millrace::lane {
namespace {

// A lane as an actor: it tells the lane (lane.hpp) of each message, and runs its effects, by messages.

/// The receivers of a lane as actors: the handle of each that lives, and the life that it is of.
class receiver_handles {
public:
  explicit receiver_handles(std::size_t receivers) : all_(receivers) {}

  /// Returns false for a message from an earlier life than the known one.
  [[nodiscard]] bool came(const messages::receiver_up& m) {
    auto& r = all_[m.receiver];
    if (m.life < r.now)
      return false;
    r = {m.handle, m.life};
    return true;
  }
  [[nodiscard]] bool went(const messages::receiver_down& m) {
    auto& r = all_[m.receiver];
    if (m.life < r.now)
      return false;
    r.handle = nullptr;
    return true;
  }
  [[nodiscard]] const messages::frame_receiver& operator[](std::size_t receiver) const {
    return all_[receiver].handle;
  }

private:
  struct receiver {
    messages::frame_receiver handle;  // set while it lives
    life now;
  };

  std::vector<receiver> all_;
};

/// The open readers of a lane, a source actor each. The lane actor opens and closes them as the lane says; however
/// the actor ends, the threads that read for it end as well.
class open_readers {
public:
  using make_reader = std::function<expected<std::unique_ptr<source::reader>>()>;

  /// `self` outlives it, and monitors each that it opens.
  open_readers(lane_interface::pointer self, make_reader make, source::source_options options)
      : self_(self), make_(std::move(make)), options_(std::move(options)) {}
  ~open_readers() { close_all(); }
  open_readers(const open_readers&) = delete;
  open_readers& operator=(const open_readers&) = delete;

  [[nodiscard]] expected<void> open(reader_number reader);
  void close(reader_number reader);
  void close_all();
  template<class M>
  void tell(reader_number reader, M message) {
    if (const auto r = readers_.find(reader); r != readers_.end())  // none at the lane's end
      self_->send(r->second.source, std::move(message));
  }

  /// Returns whether that reader is open and not over.
  [[nodiscard]] bool has(reader_number reader) const { return readers_.contains(reader); }
  [[nodiscard]] bool has(const caf::actor_addr& source) const;
  /// The reader's source actor; null: it is not open.
  [[nodiscard]] caf::actor_addr source_of(reader_number reader) const;
  /// The log's identity is kept as `text` from now on.
  void identity_is(std::string text) { options_.identity.value = std::move(text); }

private:
  struct open_reader {
    std::shared_ptr<source::reader> connector;
    source::source_actor source;
  };

  static void end(const open_reader& r);

  lane_interface::pointer self_;
  make_reader make_;
  source::source_options options_;
  std::map<reader_number, open_reader> readers_;
};

class lane_shell {
public:
  /// `self` outlives it.
  lane_shell(lane_interface::pointer self, lane_options options, const life& now,
             delivery::lane_log::start how, messages::supervisor supervisor, messages::state_keeper keeper);
  ~lane_shell();
  lane_shell(const lane_shell&) = delete;
  lane_shell& operator=(const lane_shell&) = delete;

  /// False: the supervisor was told why it cannot begin.
  [[nodiscard]] bool start();
  /// `event` tells the lane of something; all that comes of it is done.
  template<class F>
  void hear(F&& event) {
    run_after([&] { std::forward<F>(event)(core_); });
    while (core_.has_work())
      run_after([&] { core_.work(); });
  }
  void on_receiver_up(const messages::receiver_up& m);
  void on_receiver_down(const messages::receiver_down& m);
  void on_chunk(const source::chunk_read& m);
  /// Says that it has stopped once the reader of all has ended: what that notes at its end goes to the keeper, which
  /// takes nothing more when all actors have stopped.
  void stop();

private:
  /// Effects that the lane had given before it threw come first.
  template<class F>
  void run_after(F&& what) {
    try {
      std::forward<F>(what)();
    } catch (...) {
      run_effects();
      throw;
    }
    run_effects();
  }
  void run_effects();
  void run(effects::wake_in& e) { self_->delayed_send(self_, e.wait, wake_up{}); }
  void run(effects::look_in& e) { self_->delayed_send(self_, e.wait, look_now{}); }
  void run(effects::ask& e);
  void run(effects::send_frame& e);
  void run(effects::open& e);
  void run(effects::close& e) { readers_.close(e.reader); }
  void run(effects::assign& e) { readers_.tell(e.reader, std::move(e.where)); }
  void run(effects::read& e) { readers_.tell(e.reader, std::move(e.request)); }
  void run(effects::tell_durable& e) { readers_.tell(live_reader, std::move(e.durable)); }
  void run(effects::look& e) { readers_.tell(live_reader, std::move(e.beside)); }
  void run(effects::parse& e);
  void run(effects::tell_found& e);
  void run(effects::tell_slowest& e);
  void run(effects::tell_failed& e);
  void run(effects::tell_attempt_failed& e);
  void run(effects::tell_went_well& e);
  void run(effects::end_as_fenced& e);
  void run(effects::say& e) { stage::write(e); }
  void on_down(const caf::down_msg& m);
  void end_as_stopped();

  lane_interface::pointer self_;
  std::string name_;
  life life_;
  messages::supervisor supervisor_;
  control::actor_time time_;
  receiver_handles receivers_;
  std::vector<parse_helper> helpers_;
  open_readers readers_;
  lane core_;
  effect_list effects_;     // being run
  caf::actor_addr ending_;  // the reader of all, while its end is waited for
};

/// Ends with the actor.
struct lane_state {
  std::optional<lane_shell> shell;
};

messages::receiver_index index(std::size_t receiver) {
  return static_cast<messages::receiver_index>(receiver);
}

std::vector<parse_helper> spawn_helpers(caf::actor_system& system, const lane_options& o) {
  std::vector<parse_helper> out;
  for (std::size_t i = 0; i < o.ahead.helpers; ++i)
    out.push_back(spawn_parse_helper(system, o.plan->topology->name, o.name, o.make_parser));
  return out;
}

expected<void> open_readers::open(reader_number reader) {
  ASSIGN_OR_RETURN(auto connector, make_());
  open_reader r{std::move(connector), {}};
  auto options = options_;
  options.notes_progress = reader == live_reader;
  r.source = source::spawn_source(self_->system(), reader, r.connector, std::move(options));
  self_->monitor(r.source);
  readers_.emplace(reader, std::move(r));
  return {};
}

void open_readers::close(reader_number reader) {
  const auto r = readers_.extract(reader);
  if (!r.empty())
    end(r.mapped());
}

void open_readers::close_all() {
  for (const auto& [number, r] : std::exchange(readers_, {}))
    end(r);
}

void open_readers::end(const open_reader& r) {
  r.connector->interrupt();
  caf::anon_send(r.source, messages::stop{});
}

bool open_readers::has(const caf::actor_addr& source) const {
  return std::ranges::any_of(readers_, [&](const auto& r) { return r.second.source.address() == source; });
}

caf::actor_addr open_readers::source_of(reader_number reader) const {
  const auto r = readers_.find(reader);
  return r == readers_.end() ? caf::actor_addr() : r->second.source.address();
}

lane_shell::lane_shell(lane_interface::pointer self, lane_options options, const life& now,
                       delivery::lane_log::start how, messages::supervisor supervisor,
                       messages::state_keeper keeper)
    : self_(self), name_(options.name), life_(now), supervisor_(std::move(supervisor)), time_(*self),
      receivers_(options.plan->receivers), helpers_(spawn_helpers(self->system(), options)),
      readers_(
          self, std::move(options.make_reader),
          {name_, life_, std::move(options.identity), std::move(options.before_reading), std::move(keeper)}),
      core_(time_, std::move(options), how, control::jitter_seed(*self)) {
  self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
}

lane_shell::~lane_shell() {
  readers_.close_all();
  for (const auto& h : helpers_)
    caf::anon_send(h, messages::stop{});
}

bool lane_shell::start() {
  hear([](lane& core) { core.start(); });
  return !core_.is_over();
}

void lane_shell::on_receiver_up(const messages::receiver_up& m) {
  if (receivers_.came(m))
    hear([&](lane& core) { core.on_receiver_up(m.receiver); });
}

void lane_shell::on_receiver_down(const messages::receiver_down& m) {
  if (receivers_.went(m))
    hear([&](lane& core) { core.on_receiver_down(m.receiver); });
}

void lane_shell::on_chunk(const source::chunk_read& m) {
  if (m.identity)
    readers_.identity_is(*m.identity);
  if (readers_.has(m.reader))
    hear([&](lane& core) { core.on_chunk(m, m.reader); });
}

void lane_shell::stop() {
  core_.on_stop();
  if (ending_)
    return;
  ending_ = readers_.source_of(live_reader);
  readers_.close_all();
  if (!ending_)
    end_as_stopped();
}

void lane_shell::on_down(const caf::down_msg& m) {
  if (ending_ && m.source == ending_)
    end_as_stopped();
  // A catch-up reader that is over is not among them any more.
  if (readers_.has(m.source))
    self_->quit(m.reason ? m.reason : caf::exit_reason::unhandled_exception);
}

void lane_shell::end_as_stopped() {
  self_->send(supervisor_, messages::stopped{name_, life_});
  self_->quit();
}

void lane_shell::run_effects() {
  for (core_.take_effects(effects_); !effects_.empty(); core_.take_effects(effects_))
    for (auto& e : effects_)
      std::visit([this](auto& what) { run(what); }, e);
}

void lane_shell::run(effects::ask& e) {
  self_->send(receivers_[e.receiver],
              messages::ask_position{std::move(e.log), life_, index(e.receiver), self_});
}

void lane_shell::run(effects::send_frame& e) {
  self_->send(receivers_[e.receiver],
              messages::take_frame{std::make_shared<const delivery::lane_frame>(std::move(e.frame)),
                                   index(e.receiver), self_});
}

void lane_shell::run(effects::open& e) {
  if (const auto opened = readers_.open(e.reader))
    core_.on_opened(e.reader);
  else
    core_.on_could_not_open(opened.error());
}

/// One helper after the other: chunks are of one size, but the last.
void lane_shell::run(effects::parse& e) {
  self_->send(helpers_[e.number % helpers_.size()],
              parse_chunk{e.number, std::move(e.what), std::move(e.chunk)});
}

void lane_shell::run(effects::tell_found& e) {
  self_->send(supervisor_, messages::partition_found{name_, life_, e.found.name, e.found.first});
}

void lane_shell::run(effects::tell_slowest& e) {
  self_->send(supervisor_, messages::stands_at{name_, life_, e.watermark});
}

void lane_shell::run(effects::tell_failed& e) {
  self_->send(supervisor_, messages::stage_failed{name_, life_, std::move(e.why)});
}

void lane_shell::run(effects::tell_attempt_failed& e) {
  self_->send(supervisor_, messages::attempt_failed{name_, life_, std::move(e.what), std::move(e.error),
                                                    std::move(e.settled)});
}

void lane_shell::run(effects::tell_went_well& e) {
  self_->send(supervisor_, messages::attempt_went_well{name_, life_, std::move(e.log), e.from});
}

void lane_shell::run(effects::end_as_fenced& e) {
  self_->send(supervisor_, messages::fenced{name_, life_, std::move(e.why)});
  self_->quit();
}

lane_interface::behavior_type behaviour_of(lane_shell& s) {
  return {
      [&s](const messages::receiver_up& m) { s.on_receiver_up(m); },
      [&s](const messages::receiver_down& m) { s.on_receiver_down(m); },
      [&s](const messages::position_answered& m) {
        s.hear([&](lane& core) { core.on_answer(m.log, m.receiver, m.answer); });
      },
      [&s](const messages::ask_again& m) {
        s.hear([&](lane& core) { core.on_ask_again(m.log, m.receiver); });
      },
      [&s](const messages::credit_returned& m) {
        s.hear([&](lane& core) { core.on_credit(m.log, m.receiver, m.stamp, m.bytes); });
      },
      [&s](const messages::acknowledged& m) {
        s.hear([&](lane& core) { core.on_acknowledged(m.log, m.receiver, m.below); });
      },
      [&s](const source::chunk_read& m) { s.on_chunk(m); },
      [&s](const chunk_parsed& m) { s.hear([&](lane& core) { core.on_parsed(m); }); },
      [&s](const wake_up&) { s.hear([](lane& core) { core.on_wake_up(); }); },
      [&s](const look_now&) { s.hear([](lane& core) { core.on_look_now(); }); },
      [&s](const source::looked& m) { s.hear([&](lane& core) { core.on_looked(m); }); },
      [&s](const messages::partition_started& m) {
        s.hear([&](lane& core) { core.on_partition_started(m.partition, m.lane); });
      },
      [&s](const messages::others_stand_at& m) {
        s.hear([&](lane& core) { core.on_others_stand_at(m.slowest); });
      },
      [&s](const messages::set_paused& m) { s.hear([&](lane& core) { core.on_set_paused(m.is_paused); }); },
      [](const messages::fail_now& m) { throw std::runtime_error(m.reason); },
      [&s](const messages::stop&) { s.stop(); },
  };
}

}  // namespace

messages::lane spawn_lane(caf::actor_system& system, lane_options options, const life& now,
                          delivery::lane_log::start how, messages::supervisor supervisor,
                          messages::state_keeper keeper) {
  const auto topology = options.plan->topology->name;
  const auto name = options.name;
  return control::spawn_recorded<lane_interface, lane_state>(
      system, topology, name,
      [options = std::move(options), now, how, supervisor = std::move(supervisor),
       keeper = std::move(keeper)](lane_interface::stateful_pointer<lane_state> self) mutable {
        auto& shell = self->state.shell.emplace(self, std::move(options), now, how, std::move(supervisor),
                                                std::move(keeper));
        return shell.start() ? behaviour_of(shell) : lane_interface::behavior_type::make_empty_behavior();
      });
}

}  // namespace millrace::lane
