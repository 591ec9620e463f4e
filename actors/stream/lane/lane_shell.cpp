#include "actors/stream/lane/lane_shell.hpp"

#include "runtime/control/spawn.hpp"

#include <caf/send.hpp>

#include <memory>

namespace millrace::lane {
namespace {

messages::receiver_index index(std::size_t receiver) {
  return static_cast<messages::receiver_index>(receiver);
}

std::vector<parse_helper> spawn_helpers(caf::actor_system& system, const lane_options& o) {
  std::vector<parse_helper> out;
  for (std::size_t i = 0; i < o.ahead.helpers; ++i)
    out.push_back(spawn_parse_helper(system, o.plan->topology->name, o.name, o.make_parser));
  return out;
}

}  // namespace

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
  if (receivers_.is_up(m))
    hear([&](lane& core) { core.on_receiver_up(m.receiver); });
}

void lane_shell::on_receiver_down(const messages::receiver_down& m) {
  if (receivers_.is_down(m))
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

}  // namespace millrace::lane
