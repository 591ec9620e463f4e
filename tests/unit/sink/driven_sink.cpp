#include "tests/unit/sink/driven_sink.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::test {

data::schema_ptr number_schema() {
  static const auto schema =
      std::make_shared<const data::schema>(std::vector<data::field>{{"n", data::type_id::bigint}});
  return schema;
}

data::batch numbers(std::vector<std::int64_t> values) {
  data::column_builder column(data::type_id::bigint);
  for (const auto v : values)
    column.append_int(v);
  return {number_schema(), {column.finish()}, values.size()};
}

driven_sink::driven_sink(const std::function<void(sink::sink_settings&)>& set, sink::first_commit first) {
  auto& s = settings;
  s.name = "rows";
  s.who.topology = "shop";
  s.schema = number_schema();
  s.clock = &wall;
  s.make_writer = [this]() -> expected<std::unique_ptr<sink::writer>> {
    if (const auto fails = target.fails.extract("make"))
      return unexpected(fails.mapped());
    return target.writer();
  };
  target.on_call = [this](const std::string& name) {
    journal_.push_back(name);
    time.pass(call_takes);
    return std::nullopt;
  };
  gauges = s.gauges;
  if (set)
    set(s);
  else
    s.lane_logs["clicks/0"] = {};
  life_.emplace(s, life(5), first, time, 1);
}

void driven_sink::carry_on() {
  sink::effect_list effects;
  const auto carry_out_all = [&] {
    life_->take_effects(effects);
    for (auto& e : effects)
      note(e);
  };
  carry_out_all();
  while (life_->has_work()) {
    life_->work();
    carry_out_all();
  }
}

void driven_sink::later(steady_time::clock::duration wait, std::function<void(sink::sink_life&)> tell) {
  ticks_.push_back({time.now() + wait, std::move(tell)});
}

void driven_sink::pass(steady_time::clock::duration d) {
  const auto end = time.now() + d;
  while (true) {
    const auto next = std::min_element(ticks_.begin(), ticks_.end(),
                                       [](const auto& a, const auto& b) { return a.at < b.at; });
    if (next == ticks_.end() || next->at > end)
      break;
    const auto due = *next;
    ticks_.erase(next);
    time.pass(std::max(due.at - time.now(), steady_time::clock::duration(0)));
    tell(due.tell);
  }
  time.pass(std::max(end - time.now(), steady_time::clock::duration(0)));
}

namespace {

std::string text_of(position p) { return fmt::format("{}", p.minor == whole ? p.major : p.minor); }

std::string text_of(const delivery::lane_frame& f) {
  if (f.watermark == end_of_time)
    return "the end";
  return fmt::format("{}", std::get<delivery::letters_ptr>(f.content)->size());
}

/// Says an effect in words; timers have none.
struct in_words {
  std::string operator()(const sink::effects::answer_position& e) const {
    return e.answer ? "answer " + text_of(e.answer->have.at) : "answer nothing";
  }
  std::string operator()(const sink::effects::return_credit& e) const {
    return fmt::format("credit {}", e.bytes);
  }
  std::string operator()(const sink::effects::ask_again& e) const { return "ask again " + e.log; }
  std::string operator()(const sink::effects::acknowledge& e) const {
    return fmt::format("acknowledge {} {}", e.log, text_of(e.below));
  }
  std::string operator()(const sink::effects::resume_output& e) const { return "resume " + e.log; }
  std::string operator()(const sink::effects::tell_taken& e) const {
    return fmt::format("taken {} {}", e.log, text_of(e.at));
  }
  std::string operator()(const sink::effects::acknowledge_output& e) const {
    return fmt::format("acknowledge {} {}", e.log, text_of(e.at));
  }
  std::string operator()(const sink::effects::ask_dead_letter_sink& e) const { return "ask for " + e.log; }
  std::string operator()(const sink::effects::send_refused& e) const {
    return "refused: " + text_of(*e.frame);
  }
  std::string operator()(const sink::effects::keep_commit&) const { return "keep"; }
  std::string operator()(const sink::effects::report&) const { return "report"; }
  std::string operator()(const sink::effects::tell_complete& e) const {
    return fmt::format("complete with {}", e.found);
  }
  std::string operator()(const sink::effects::tell_failed& e) const {
    return fmt::format("failed: {}: {}", e.why.stage, e.why.message);
  }
  std::string operator()(const sink::effects::tell_fenced&) const { return "fenced"; }
  std::string operator()(const sink::effects::tell_stopped&) const { return "stopped"; }
  std::string operator()(const sink::effects::say& e) const { return e.text; }
  std::string operator()(const sink::effects::end&) const { return "end"; }
  std::string operator()(const auto& /*timer*/) const { return {}; }
};

}  // namespace

void driven_sink::note(sink::effect& e) {
  if (auto said = std::visit(in_words{}, e); !said.empty())
    journal_.push_back(std::move(said));
  if (const auto* t = std::get_if<sink::effects::open_later>(&e))
    later(t->wait, [](auto& l) { l.open(); });
  if (const auto* t = std::get_if<sink::effects::look_later>(&e))
    later(t->tick.wait, [n = t->tick.number](auto& l) { l.on_commit_tick(n); });
  if (const auto* t = std::get_if<sink::effects::keep_alive_later>(&e))
    later(t->wait, [](auto& l) { l.on_keep_alive_tick(); });
  if (const auto* r = std::get_if<sink::effects::report>(&e))
    reported = *r;
  if (const auto* r = std::get_if<sink::effects::resume_output>(&e))
    resumed = *r;
  if (const auto* a = std::get_if<sink::effects::answer_position>(&e)) {
    answered = a->answer;
    if (answered)
      stands = answered->have;
  }
  if (const auto* r = std::get_if<sink::effects::send_refused>(&e))
    refused_frames.push_back(*r->frame);
}

bool driven_sink::ask(const log_id& log, life lane) {
  bool is_newest = false;
  tell([&](auto& l) { is_newest = l.on_ask(log, lane); });
  return is_newest;
}

void driven_sink::send_frame(delivery::lane_frame f, std::int64_t to, std::size_t bytes) {
  REQUIRE(answered);
  f.log = "clicks/0";
  f.stamp = answered->stamp;
  f.from = stands.at;
  f.to = {f.from.major, to};
  f.bytes = bytes;
  stands = {f.to, f.watermark};
  tell([&](auto& l) { l.on_lane_frame(f); });
}

void driven_sink::send(std::int64_t to, std::vector<std::int64_t> rows, std::size_t bytes) {
  delivery::lane_frame f;
  if (!rows.empty())
    f.content =
        std::make_shared<const delivery::row_batches>(delivery::row_batches{numbers(std::move(rows))});
  send_frame(std::move(f), to, bytes);
}

void driven_sink::send_end() {
  delivery::lane_frame f;
  f.watermark = end_of_time;
  send_frame(std::move(f), stands.at.minor + 1);
}

bool driven_sink::introduce(const log_id& log, life shard, std::uint64_t stand_in) {
  bool is_new = false;
  tell([&](auto& l) { is_new = l.on_sender_up(log, shard, stand_in); });
  return is_new;
}

void driven_sink::resumes(const log_id& log, position from) {
  tell([&](auto& l) { l.on_resumed(log, 1, from); });
}

void driven_sink::send_window(const log_id& log, event_micros since, event_micros end,
                              std::vector<std::int64_t> rows) {
  delivery::output_frame f;
  f.log = log;
  f.since = since == no_watermark ? lowest_position : position{since, whole};
  f.reached = end == end_of_time ? highest_position : position{end, whole};
  f.end = static_cast<std::uint32_t>(rows.size());
  if (!rows.empty())
    f.rows = std::make_shared<const data::batch>(numbers(std::move(rows)));
  tell([&](auto& l) { l.on_output(f, 1); });
}

void driven_sink::letters_answer(position have) {
  tell([&](auto& l) { l.on_answer(delivery::answer{{life(9), 1}, {have, no_watermark}}); });
}

void driven_sink::letters_acknowledge(position below) {
  tell([&](auto& l) { l.on_acknowledged(below); });
}

void add_window(sink::sink_settings& s, std::vector<log_id> logs, bool is_numbered) {
  static const config::step as_they_are = [] {
    config::step step;
    step.stage = "rows";
    step.input = step.output = number_schema();
    return step;
  }();
  config::topology t;
  t.name = "shop";
  t.stages.resize(2);
  t.stages[1].name = "counts";
  s.topology = std::make_shared<const config::topology>(std::move(t));
  sink::window_input in;
  in.stage = 1;
  in.logs = std::move(logs);
  in.chains = {{stage::chain_step{.stage = "rows", .step = &as_they_are, .counts = true}}};
  if (is_numbered)
    in.numbered = std::make_shared<const data::schema>(
        std::vector<data::field>{{"n", data::type_id::bigint}, {"_batch", data::type_id::bigint}});
  s.windows.push_back(std::move(in));
}

}  // namespace millrace::test
