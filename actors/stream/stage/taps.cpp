#include "actors/stream/stage/taps.hpp"

#include "actors/stream/stage/chain.hpp"
#include "actors/stream/stage/window_output.hpp"
#include "runtime/data/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::stage {
namespace {

constexpr std::chrono::seconds one_second{1};

}  // namespace

data::batch read_columns(const data::batch& b) {
  std::vector<data::field> fields;
  data::batch out{nullptr, {}, b.rows};
  for (std::size_t i = 0; i < b.columns.size(); ++i)
    if (b.columns[i]) {
      fields.push_back((*b.schema)[i]);
      out.columns.push_back(b.columns[i]);
    }
  out.schema = std::make_shared<data::schema>(std::move(fields));
  return out;
}

std::string edge_name(std::string_view from, std::string_view to) { return fmt::format("{}->{}", from, to); }

void taps::turn_off_what_is_over(clock::time_point now) {
  for (auto& [edge, t] : taps_)
    if (t.is_on && (now - t.began >= on_for || now - t.looked >= unwatched_for)) {
      t.is_on = false;
      --on_;
    }
}

void taps::offer(std::string_view edge, std::size_t count,
                 const std::function<std::string(std::size_t)>& text_of) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock)
    return;
  const auto now = now_();
  turn_off_what_is_over(now);
  const auto at = taps_.find(edge);
  if (at == taps_.end() || !at->second.is_on)
    return;
  auto& t = at->second;
  t.passed += count;
  if (now - t.second >= one_second) {
    t.second = now;
    t.shown = 0;
  }
  const auto room = std::min(count, most_a_second - t.shown);
  for (std::size_t i = 0; i < room; ++i) {
    // Evenly over what passes at once.
    auto text = text_of(i * count / room);
    ++t.shown;
    if (text.size() > longest_row)
      text = fmt::format(R"({{"_not_shown":"a row of {} bytes; at most {} are shown"}})", text.size(),
                         longest_row);
    t.bytes += text.size();
    t.kept.push_back({++numbers_, wall_.now(), std::move(text)});
  }
  while (t.kept.size() > most_kept || t.bytes > most_bytes) {
    t.bytes -= t.kept.front().row.size();
    t.kept.pop_front();
  }
}

void taps::offer(std::string_view edge, const data::batch& rows) {
  const auto shown = read_columns(rows);
  offer(edge, rows.rows, [&](std::size_t i) {
    std::string text;
    data::append_json_row(text, shown, i);
    return text;
  });
}

bool taps::is_on(std::string_view edge) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock)
    return false;
  const auto at = taps_.find(edge);
  return at != taps_.end() && at->second.is_on;
}

void taps::offer_on(std::string_view from, const data::batch& rows) {
  for (const auto& s : topology_->stages) {
    if (std::ranges::none_of(s.from, [&](const auto& f) { return f.stage == from && !f.late; }))
      continue;
    if (const auto edge = edge_name(from, s.name); is_on(edge))
      offer(edge, rows);
    if (const auto* const t = std::get_if<config::transform_plan>(&s.plan))
      offer_on(s.name, run_step(t->select, all_rows(rows), wall_.now()).rows.batch);
  }
}

void taps::offer_output(std::string_view window, const data::batch& rows) {
  const auto* const s = topology_->find(window);
  const auto* const plan = s == nullptr ? nullptr : std::get_if<config::window_plan>(&s->plan);
  if (plan == nullptr)
    return;
  const auto known = plan->definition.updates ? numbered(rows, {plan->output.input, std::nullopt}) : rows;
  offer_on(window, run_step(plan->output, all_rows(known), wall_.now()).rows.batch);
}

tapped_edge taps::look(const std::string& edge, std::uint64_t after) {
  const std::lock_guard lock(mutex_);
  const auto now = now_();
  turn_off_what_is_over(now);
  auto& t = taps_[edge];
  if (!t.is_on && after == 0) {
    t = {};
    t.began = now;
    t.is_on = true;
    ++on_;
  }
  t.looked = now;
  tapped_edge out{{}, numbers_, t.passed, !t.is_on};
  for (const auto& r : t.kept)
    if (r.number > after)
      out.rows.push_back(r);
  return out;
}

}  // namespace millrace::stage
