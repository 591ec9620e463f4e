// A lane's dealings with its receivers: it asks where they stand, sends them frames within their credit, and
// tells the source what all of them have durable (delivery::lane_log decides from where, to whom, up to
// where).
#include "actors/stream/lane/lane.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::lane {

partition* lane::find(const log_id& log) {
  for (auto& p : partitions_)
    if (options_.plan->log(p->name) == log)
      return p.get();
  return nullptr;
}

void lane::ask(partition& p, std::size_t receiver) {
  p.receivers.ask(receiver);
  if (up_[receiver])
    give(effects::ask{receiver, options_.plan->log(p.name)});
}

void lane::on_receiver_up(std::size_t receiver) {
  up_[receiver] = true;
  for (auto& p : partitions_) {
    p->receivers.set_up(receiver, true);
    ask(*p, receiver);
  }
}

void lane::on_receiver_down(std::size_t receiver) {
  up_[receiver] = false;
  for (auto& p : partitions_)
    p->receivers.set_up(receiver, false);
  pump();
}

void lane::on_answer(const log_id& log, std::size_t receiver, const std::optional<delivery::answer>& answer) {
  auto* p = find(log);
  if (!p)
    return;
  if (!answer) {
    give(effects::say{urgency::info,
                      fmt::format("{}: this life is over: a newer one reads {}", options_.in_logs(), log)});
    give(effects::end_as_fenced{
        {ec::fenced, fault::ours, false, fmt::format("a newer life reads {}", log), {}}});
    return;
  }
  if (const auto gone = p->gone_for.find(receiver);
      gone != p->gone_for.end() && answer->stamp > p->log().stamp(receiver)) {
    const auto [at, why] = p->gone_for.extract(gone).mapped();
    if (answer->have.at <= at)
      return fail(why);
  }
  using news = partition_receivers::news;
  const auto what = p->receivers.answered(receiver, *answer);
  p->idle_sent = false;
  if (what == news::begins && fail_where_receivers_stand_apart(*p))
    return;
  if (what == news::begins || what == news::moves)
    begin_at(*p);
  else if (p->live)
    flush(*p);  // a receiver whose position lies within what was formed is behind from here on, or exactly
                // there
  pump();
}

/// Some receivers have the former parser's result for the records in between; the others would get the new
/// parser's. A record could be lost, or count twice.
bool lane::fail_where_receivers_stand_apart(const partition& p) {
  if (!options_.parser_changed || how_ != delivery::lane_log::start::at_lowest || !p.log().next_cut())
    return false;
  fail(error{
      ec::mismatch, fault::user, false,
      fmt::format("it reads records otherwise than when the state was made, and the run before was cut "
                  "off between two commits: of partition {} some stages have taken more (up to {}) than "
                  "others (up to {}). Run the topology as it was once more, until it ends or is stopped "
                  "by SIGTERM; then the mended one goes on",
                  p.name, p.log().furthest()->minor, p.log().at().at.minor),
      options_.plan->parser->name});
  return true;
}

void lane::on_ask_again(const log_id& log, std::size_t receiver) {
  if (auto* p = find(log)) {
    ask(*p, receiver);
    pump();
  }
}

/// The lane stands somewhere else than it has read: the source goes there, what was read for the old place is
/// dropped.
void lane::begin_at(partition& p) {
  p.live = std::make_unique<frame_former>(options_.plan, p.name, p.log().at());
  p.live->show_to(options_.taps);
  p.waiting.clear();
  p.alone.reset();
  p.refused.reset();
  p.first_ticket = schedule_.ticket() + 1;
  p.caught_up = false;
  p.last_data = now();
  if (!p.ended())
    give(effects::assign{live_reader, {p.name, p.log().at().at}});
}

void lane::on_credit(const log_id& log, std::size_t receiver, const delivery::fence& stamp,
                     std::size_t bytes) {
  auto* p = find(log);
  if (p && p->receivers.returned(receiver, stamp, bytes))
    pump();
}

void lane::on_acknowledged(const log_id& log, std::size_t receiver, position below) {
  if (auto* p = find(log)) {
    p->receivers.acknowledged(receiver, below);
    tell_source(*p);
  }
}

void lane::tell_source(partition& p) {
  const auto durable = p.receivers.durable();
  if (!durable || p.told_source == durable || p.ended())
    return;
  p.told_source = durable;
  give(effects::tell_durable{{p.name, *durable}});
}

void lane::flush(partition& p) {
  if (p.live->empty())
    return;
  options_.gauges->records += p.live->records();
  auto frames = cut(*p.live, p, std::exchange(p.alone, std::nullopt));
  const auto receivers = p.log().attached();
  const auto at = p.live->at();
  for (const auto r : receivers)
    send(p, r, std::move(frames[r]));
  p.receivers.advance(at);
}

void lane::send(partition& p, std::size_t receiver, delivery::lane_frame frame) {
  frame.stamp = p.receivers.sends(receiver, frame.bytes);
  give(effects::send_frame{receiver, std::move(frame)});
}

void lane::send_idle(partition& p) {
  const auto& timeout = options_.plan->parsing().idle_timeout;
  if (!timeout || paused_since_ || p.idle_sent || !p.caught_up || p.log().attached().empty())
    return;
  const auto quiet = now() - p.last_data;
  if (quiet < *timeout) {
    wake_in(*timeout - std::chrono::duration_cast<micros>(quiet));
    return;
  }
  p.idle_sent = true;
  for (const auto r : p.log().attached()) {
    delivery::lane_frame f;
    f.log = options_.plan->log(p.name);
    f.from = f.to = p.log().at().at;
    f.watermark = p.log().at().watermark;
    f.idle = true;
    send(p, r, std::move(f));
  }
}

}  // namespace millrace::lane
