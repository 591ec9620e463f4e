#include "actors/stream/lane/frame_dispatch.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::lane {

void frame_dispatch::ask(partition& p, std::size_t receiver) {
  p.receivers.ask(receiver);
  if (all_.up[receiver])
    all_.give(effects::ask{receiver, all_.log(p)});
}

std::optional<partition_receivers::news> frame_dispatch::answered(partition& p, std::size_t receiver,
                                                                  const delivery::answer& a) {
  using news = partition_receivers::news;
  const auto what = p.receivers.answered(receiver, a);
  p.idle_sent = false;
  if (what == news::begins && fail_where_receivers_stand_apart(p))
    return std::nullopt;
  return what;
}

void frame_dispatch::end_as_fenced(const log_id& log) {
  all_.give(effects::say{stage::log_level::info, fmt::format("{}: this life is over: a newer one reads {}",
                                                             all_.options.in_logs(), log)});
  all_.give(effects::end_as_fenced{
      {ec::fenced, fault::ours, false, fmt::format("a newer life reads {}", log), {}}});
}

/// Some receivers have the former parser's result for the records in between; the others would get the new
/// parser's. A record could be lost, or count twice.
bool frame_dispatch::fail_where_receivers_stand_apart(const partition& p) {
  if (!all_.options.parser_changed || all_.how != delivery::lane_log::start::at_lowest || !p.log().next_cut())
    return false;
  all_.fail(error{
      ec::mismatch, fault::user, false,
      fmt::format("it reads records otherwise than when the state was made, and the run before was cut "
                  "off between two commits: of partition {} some stages have taken more (up to {}) than "
                  "others (up to {}). Run the topology as it was once more, until it ends or is stopped "
                  "in order (SIGTERM, on a cluster `millrace stop {}`); then the mended one goes on",
                  p.name, p.log().furthest()->minor, p.log().at().at.minor,
                  all_.options.plan->topology->name),
      all_.options.plan->parser->name});
  return true;
}

void frame_dispatch::acknowledged(partition& p, std::size_t receiver, position below) {
  p.receivers.acknowledged(receiver, below);
  const auto durable = p.receivers.durable();
  if (!durable || p.told_source == durable || p.ended())
    return;
  p.told_source = durable;
  all_.give(effects::tell_durable{{p.name, *durable}});
}

void frame_dispatch::flush(partition& p) {
  if (p.live->empty())
    return;
  all_.options.gauges->records += p.live->records();
  auto frames = records_.cut(*p.live, p, std::exchange(p.alone, std::nullopt));
  const auto receivers = p.log().attached();
  const auto at = p.live->at();
  for (const auto r : receivers)
    send(p, r, std::move(frames[r]));
  p.receivers.advance(at);
}

void frame_dispatch::send(partition& p, std::size_t receiver, delivery::lane_frame frame) {
  frame.stamp = p.receivers.sends(receiver, frame.bytes);
  all_.give(effects::send_frame{receiver, std::move(frame)});
}

void frame_dispatch::send_idle(partition& p) {
  const auto& timeout = all_.options.plan->parsing().idle_timeout;
  if (!timeout || all_.paused_since || p.idle_sent || !p.caught_up || p.log().attached().empty())
    return;
  const auto quiet = all_.now() - p.last_data;
  if (quiet < *timeout) {
    all_.wake_in(*timeout - std::chrono::duration_cast<micros>(quiet));
    return;
  }
  p.idle_sent = true;
  for (const auto r : p.log().attached()) {
    delivery::lane_frame f;
    f.log = all_.log(p);
    f.from = f.to = p.log().at().at;
    f.watermark = p.log().at().watermark;
    f.idle = true;
    send(p, r, std::move(f));
  }
}

}  // namespace millrace::lane
