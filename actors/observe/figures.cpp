#include "actors/observe/figures.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::observe {
namespace {

template<class T>
void append(std::vector<T>& to, std::vector<T>&& more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// A source may have lanes on several nodes: the rates add up, waits and work are those of the slowest.
void add_source(std::vector<source_figures>& to, source_figures&& s) {
  const auto same = std::ranges::find(to, s.name, &source_figures::name);
  if (same == to.end()) {
    to.push_back(std::move(s));
    return;
  }
  same->records_per_second += s.records_per_second;
  same->wait_seconds = std::max(same->wait_seconds, s.wait_seconds);
  same->work_seconds = std::max(same->work_seconds, s.work_seconds);
  if (s.is_spool_full)
    same->is_spool_full = same->is_spool_full.value_or(false) || *s.is_spool_full;
}

template<class T, class... Count>
void add_up(std::map<std::string, T>& to, const std::map<std::string, T>& more, Count... counts) {
  for (const auto& [stage, one] : more)
    ((to[stage].*counts += one.*counts), ...);
}

}  // namespace

void add(figures& to, figures&& more) {
  to.is_running = to.is_running || more.is_running;
  for (auto& s : more.sources)
    add_source(to.sources, std::move(s));
  append(to.lanes, std::move(more.lanes));
  append(to.shards, std::move(more.shards));
  append(to.sinks, std::move(more.sinks));
  add_up(to.losses, more.losses, &loss_figures::late, &loss_figures::dead_letters, &loss_figures::gaps);
  add_up(to.flow, more.flow, &flow_figures::in, &flow_figures::out, &flow_figures::filtered);
  add_up(to.counted, more.counted, &count_figures::in, &count_figures::out, &count_figures::late,
         &count_figures::dead);
  append(to.missing, std::move(more.missing));
}

loss_figures losses_of(const figures& f, const std::string& stage) {
  const auto told = f.losses.find(stage);
  auto out = told == f.losses.end() ? loss_figures{} : told->second;
  if (const auto c = f.counted.find(stage); c != f.counted.end()) {
    out.late = std::max(out.late, c->second.late);
    out.dead_letters = std::max(out.dead_letters, c->second.dead);
  }
  return out;
}

std::map<std::string, loss_figures> all_losses(const figures& f) {
  std::map<std::string, loss_figures> out;
  for (const auto& [stage, _] : f.losses)
    out[stage] = losses_of(f, stage);
  for (const auto& [stage, c] : f.counted)
    if (c.late != 0 || c.dead != 0)
      out[stage] = losses_of(f, stage);
  return out;
}

std::uint64_t records_of(const figures& f, const std::string& stage, std::uint64_t by_processes) {
  const auto c = f.counted.find(stage);
  return c == f.counted.end() ? by_processes : std::max(by_processes, c->second.in);
}

}  // namespace millrace::observe
