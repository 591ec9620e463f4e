#include "tools/dry_run/receivers.hpp"

#include "actors/deployment/window_edges.hpp"
#include "actors/stream/sink/dead_letters.hpp"
#include "runtime/window/shard_windows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace millrace::dry_run {
namespace {

/// No stage of a user can be called so.
constexpr char mark_of_probes = '=';

bool is_hidden(const data::field& f) { return f.name.starts_with('_'); }

/// A parser's rows can be asked for these: not for columns that nobody reads.
data::schema_ptr columns_of(const config::stage& s, const config::parser_plan& p) {
  std::vector<data::field> fields;
  for (std::size_t i = 0; i < s.schema->size(); ++i)
    if (p.used[i])
      fields.push_back((*s.schema)[i]);
  return std::make_shared<const data::schema>(std::move(fields));
}

/// Hidden columns may not have been built; but the number of a batch is always there where it is offered.
data::schema_ptr visible_of(const data::schema& s) {
  std::vector<data::field> fields;
  for (const auto& f : s)
    if (!is_hidden(f) || f.name == config::batch_column)
      fields.push_back(f);
  return std::make_shared<const data::schema>(std::move(fields));
}

class prober {
public:
  explicit prober(const config::topology& t) : probed_(t) {}

  probed_topology run() {
    const auto own = probed_.stages.size();
    for (std::size_t i = 0; i < own; ++i) {
      auto& s = probed_.stages[i];
      const auto name = s.name;
      if (auto* const p = std::get_if<config::parser_plan>(&s.plan)) {
        if (p->validate_whole)
          std::fill_n(p->used.begin(), p->declared, true);
        add({name}, s.schema, columns_of(s, *p));
      } else if (std::holds_alternative<config::transform_plan>(s.plan)) {
        add({name}, s.schema, visible_of(*s.schema));
      } else if (const auto* const w = std::get_if<config::window_plan>(&s.plan)) {
        add({name}, s.schema, visible_of(*s.schema));
        const bool is_join = w->is_join();
        std::vector<data::schema_ptr> late;
        for (const auto& in : w->sides)
          late.push_back(in.input.output);
        for (std::size_t n = 0; n < late.size(); ++n)
          add({name, true, is_join ? std::optional(config::both_sides[n]) : std::nullopt}, late[n],
              visible_of(*late[n]));
      } else if (const auto* const k = std::get_if<config::sink_plan>(&s.plan)) {
        probes_.push_back({name, static_cast<std::uint32_t>(i), !k->order.by.empty()});
      }
    }
    return {std::make_shared<const config::topology>(std::move(probed_)), std::move(probes_)};
  }

private:
  void add(const config::input_ref& of, const data::schema_ptr& input, const data::schema_ptr& rows) {
    auto name = config::name_of(of);
    probes_.push_back({name, static_cast<std::uint32_t>(probed_.stages.size()), false});
    config::stage s;
    s.name = mark_of_probes + std::move(name);
    s.kind = config::stage_kind::sink;
    s.from.push_back(of);
    config::sink_plan plan;
    plan.input.stage = s.name;
    plan.input.input = plan.input.output = input;
    plan.rows = rows;
    s.plan = std::move(plan);
    probed_.stages.push_back(std::move(s));
  }

  config::topology probed_;
  std::vector<probe> probes_;
};

/// There is only one life of everybody.
constexpr incarnation only_life = 1;

/// Returns the columns that are there: `"validate": "projected"` leaves out those that nobody reads.
data::batch built_columns(const data::batch& b) {
  if (std::find(b.columns.begin(), b.columns.end(), nullptr) == b.columns.end())
    return b;
  data::batch out{nullptr, {}, b.rows};
  std::vector<data::field> fields;
  for (std::size_t i = 0; i < b.columns.size(); ++i)
    if (b.columns[i]) {
      out.columns.push_back(b.columns[i]);
      fields.push_back((*b.schema)[i]);
    }
  out.schema = std::make_shared<const data::schema>(std::move(fields));
  return out;
}

}  // namespace

probed_topology with_probes(const config::topology& t) { return prober(t).run(); }

struct receivers::shard {
  delivery::shard_core core;
  std::map<log_id, delivery::fence> fences{};
  std::vector<std::string> takers{};  // sinks, and shards of downstream windows
};

struct receivers::sink {
  std::uint32_t stage = 0;
  bool takes_dead_letters = false;
  data::schema_ptr schema;  // none of a sink for dead letters: see form_rows_to_write
  config::row_order order;
  std::vector<millrace::sink::window_input> windows;
  delivery::sink_core core{only_life};
  std::map<log_id, delivery::fence> fences{};
  std::uint64_t batches = 0;
  stage_rows got{};
};

receivers::receivers(const probed_topology& t, const deployment::layout& layout, std::size_t keep)
    : probed_(t), topology_(*probed_.topology), keep_(keep) {
  for (const auto& l : layout.sinks)
    add(l);
  for (const auto& l : layout.shards)
    add(layout, l);
  for (const auto& [window, shards] : shards_)
    for (const auto& s : shards)
      begin(*s);
}

receivers::~receivers() = default;

void receivers::add(const deployment::sink_layout& l) {
  auto s = std::make_unique<sink>();
  if (l.takes_dead_letters()) {
    s->takes_dead_letters = true;
    s->got.schema = config::dead_letter_schema();
    s->windows = deployment::window_inputs_of_dead_letters(topology_);
  } else {
    s->stage = lane::stage_index(topology_, l.name);
    const auto& plan = std::get<config::sink_plan>(topology_.stages[s->stage].plan);
    s->schema = s->got.schema = plan.rows;
    s->order = plan.order;
    s->windows = deployment::window_inputs_of_sink(topology_, s->stage);
  }
  for (const auto& [log, start] : l.lane_logs)
    s->core.add_lane_log(log, start);
  for (const auto& w : s->windows)
    for (const auto& log : w.logs)
      s->core.add_shard_log(w.stage, log);
  s->core.restore({}, only_life);
  for (const auto& [log, start] : l.lane_logs)
    s->fences[log] = s->core.ask(log, only_life)->stamp;
  sinks_[l.name] = std::move(s);
}

void receivers::add(const deployment::layout& all, const deployment::shard_layout& l) {
  auto setup = setup_of(all, l);
  setup.life = only_life;
  const auto stage = lane::stage_index(topology_, l.window);
  const auto& plan = std::get<config::window_plan>(topology_.stages[stage].plan);
  auto windows = window::make_shard_windows(
      plan.definition, millrace::shard::partials_of(deployment::upstream_rows_of(topology_, l)));
  auto s = std::make_unique<shard>(shard{delivery::shard_core(std::move(setup), std::move(windows))});
  s->takers = l.receivers;
  for (const auto& [from, start] : l.lane_logs)
    s->fences[from] = s->core.ask(from, only_life)->stamp;
  behind_[l.name] = s.get();
  shards_[stage].push_back(std::move(s));
}

void receivers::begin(shard& s) {
  for (const auto& name : s.takers)
    if (const auto at = s.core.resume(name, std::nullopt, lowest_position, only_life);
        at && sinks_.contains(name))
      sinks_.at(name)->core.begin_at(s.core.out().log(), *at);
}

void receivers::take(const lane::lane_plan& plan, std::vector<delivery::lane_frame> frames,
                     event_micros now) {
  for (const auto& e : plan.edges)
    for (std::uint32_t i = 0; i < e.receivers; ++i) {
      auto& f = frames[e.first_receiver + i];
      if (e.what == lane::edge::kind::window)
        take(*shards_.at(e.stage)[i], std::move(f), now);
      else if (e.what == lane::edge::kind::rows)
        take(*sinks_.at(e.name), std::move(f), now);
      else
        take(*sinks_.at(std::string(deployment::dead_letter_sink)), std::move(f), now);
    }
}

void receivers::take(shard& s, delivery::lane_frame f, event_micros now) {
  f.stamp = s.fences.at(f.log);
  [[maybe_unused]] const auto out = s.core.take(f);
  assert(out.outcome == delivery::intake::outcome::taken);
  pump(s, now);
}

void receivers::take(sink& s, delivery::lane_frame f, event_micros now) {
  f.stamp = s.fences.at(f.log);
  const auto taken = s.core.take(f);
  assert(taken.outcome == delivery::intake::outcome::taken);
  for (const auto& frame : taken.frames) {
    if (!frame.has_content())
      continue;
    if (s.takes_dead_letters)
      keep(s, millrace::sink::dead_letter_rows(*std::get<delivery::letters_ptr>(frame.content), now));
    else
      for (const auto& batch : *std::get<delivery::rows_ptr>(frame.content))
        keep(s, batch);
  }
}

void receivers::tick(std::uint32_t window, event_micros t, event_micros now) {
  for (const auto& s : shards_.at(window)) {
    static_cast<void>(s->core.tick(t));
    pump(*s, now);
  }
}

/// A firing stops where the outbox is full, and after a turn: it goes on until all windows that are over have fired.
void receivers::pump(shard& s, event_micros now) {
  hand_over(s, now);
  while (s.core.goes_on()) {
    static_cast<void>(s.core.fire_on());
    hand_over(s, now);
  }
}

/// Hands what the shard has formed to its sinks and to windows that read it, which have it for good.
void receivers::hand_over(shard& s, event_micros now) {
  auto& out = s.core.out();
  for (const auto& name : s.takers) {
    const auto window = behind_.find(name);
    const bool to_window = window != behind_.end() && !sinks_.contains(name);
    while (const auto f = out.next(name)) {
      [[maybe_unused]] const bool good =
          to_window ? window->second->core.take(*f).outcome == delivery::intake::outcome::taken
                    : sinks_.at(name)->core.take(*f);
      assert(good);
      out.taken(name, only_life, f->reached);
      out.acknowledge(name, f->reached);
      if (to_window)
        pump(*window->second, now);
    }
    if (!to_window)
      release(*sinks_.at(name), now);
  }
}

void receivers::release(sink& s, event_micros now) {
  while (const auto w = s.core.next_window()) {
    const auto input =
        std::find_if(s.windows.begin(), s.windows.end(), [&](const auto& i) { return i.stage == w->stage; });
    if (input == s.windows.end())
      continue;
    auto formed = millrace::sink::form_rows_to_write(
        *w, *input, topology_, s.schema, s.order,
        s.takes_dead_letters ? std::nullopt : std::optional(s.batches + 1), now);
    if (s.takes_dead_letters) {
      if (!formed.failed.empty())
        keep(s, millrace::sink::dead_letter_rows(formed.failed, now));
      continue;
    }
    for (const auto& batch : formed.batches)
      keep(s, batch);
    s.batches += formed.batches.empty() ? 0 : 1;
  }
}

void receivers::keep(sink& s, const data::batch& rows) const {
  if (s.got.rows < keep_ && rows.rows != 0) {
    s.got.batches.push_back(built_columns(rows));
    s.got.schema = s.got.batches.back().schema;
  }
  s.got.rows += rows.rows;
}

expected<void> receivers::ended() const {
  for (const auto& [name, s] : behind_)
    if (!s->core.ended() || s->core.out().retained_frames() != 0)
      return our_error(fmt::format("{} has rows left after the end of every source", name));
  for (const auto& [name, s] : sinks_)
    if (s->core.held_frames() != 0)
      return our_error(fmt::format("{} has not taken all rows after the end of every source", name));
  return {};
}

std::map<std::string, std::uint64_t> receivers::missed() const {
  std::map<std::string, std::uint64_t> out;
  for (const auto& [window, shards] : shards_)
    for (const auto& s : shards)
      if (const auto n = s->core.late_at_shard(); n != 0)
        out[topology_.stages[window].name] += n;
  return out;
}

std::vector<stage_rows> receivers::rows() const {
  std::vector<stage_rows> out;
  for (const auto& p : probed_.probes) {
    out.push_back(sinks_.at(topology_.stages[p.sink].name)->got);
    out.back().name = p.name;
    out.back().ordered = p.ordered;
  }
  out.push_back(sinks_.at(std::string(deployment::dead_letter_sink))->got);
  out.back().name = deployment::dead_letter_sink;
  return out;
}

}  // namespace millrace::dry_run
