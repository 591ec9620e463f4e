// Says how a sink takes rows that a window upstream takes back, and warns where they stay in its target.
#include "config/plan/plan_stages.hpp"
#include "config/plan/trace.hpp"
#include "runtime/expression/bind/unnest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::config {
namespace {

const window::definition& definition_of(const draft& window) {
  return std::get<window_plan>(window.built.plan).definition;
}

/// Walks up from a sink to its nearest windows.
class way_up {
public:
  explicit way_up(const drafts& all) : all_(all) {}

  void start(const draft& sink, const step& own) { step_up(sink, own); }
  [[nodiscard]] bool shows_change() const { return shows_change_; }
  [[nodiscard]] bool unnests() const { return unnests_; }

private:
  void step_up(const draft& d, const step& own) {
    shows_change_ = shows_change_ || reads(own, change_column);
    unnests_ = unnests_ || std::ranges::any_of(own.columns, [](const auto& c) {
                 return expression::unnested_by(c.value) != nullptr;
               });
    for (std::size_t i = 0; i < d.reads.size(); ++i)
      if (!d.built.from[i].late && seen_.insert(d.reads[i]).second)
        visit(all_[d.reads[i]]);
  }

  void visit(const draft& from) {
    if (const auto* const w = std::get_if<window_plan>(&from.built.plan))
      shows_change_ = shows_change_ || reads(w->output, change_column);
    else if (const auto* const t = std::get_if<transform_plan>(&from.built.plan))
      step_up(from, t->select);
  }

  const drafts& all_;
  std::set<std::size_t> seen_;
  bool shows_change_ = false;
  bool unnests_ = false;
};

std::string taken_back(const draft& window) {
  const auto& d = definition_of(window);
  return fmt::format("\"{}\" takes rows back: {}", window.built.name,
                     d.kind != window::shape::session ? "those that having no longer lets through"
                     : d.having ? "those of sessions that grow, and that having no longer lets through"
                                : "those of sessions that grow or grow together");
}

constexpr std::string_view remedy =
    "expected _change in a column here (\"upsert\", or \"delete\" for such a row), or a sink that deletes by "
    "its key: sql with mode \"upsert\", kafka with \"removed\": \"tombstone\"";

class removal_planner {
public:
  removal_planner(draft& d, const drafts& all, report& out)
      : d_(d), all_(all), out_(out), sink_(std::get<sink_plan>(d.built.plan)), way_(all) {}

  void plan() {
    way_.start(d_, sink_.input);
    const auto& named = sink_.traits.columns_named;
    const bool by_key = !sink_.traits.deletes_by.empty();
    if (by_key && takes_back())
      delete_by_key();
    else if (way_.shows_change() || std::ranges::find(named, change_column) != named.end())
      sink_.removed = removal::shown;
    for (const auto& [i, traced] : trace_to_windows(d_, all_, sink_.traits.deletes_by))
      if (definition_of(all_[i]).updates && warn(all_[i], traced, by_key))
        return;
  }

private:
  [[nodiscard]] bool takes_back() const {
    return std::ranges::any_of(d_.windows,
                               [&](std::size_t i) { return definition_of(all_[i]).takes_back(); });
  }

  void delete_by_key() {
    sink_.removed = removal::by_key;
    if (sink_.rows->find(deletion_column))
      return;
    sink_.rows = with_column(*sink_.rows, {std::string(deletion_column), data::type_id::boolean});
  }

  bool warn(const draft& window, const traced_columns& traced, bool by_key) {
    const auto& d = definition_of(window);
    if (d.takes_back() && way_.unnests())
      return say("from", fmt::format("{}, and they stay in this sink: which elements an unnest has given of "
                                     "such a row is not known; expected a sink without unnest",
                                     taken_back(window)));
    if (d.takes_back() && sink_.removed == removal::left)
      return say("from", fmt::format("{}, and they stay in this sink; {}", taken_back(window), remedy));
    if (d.takes_back() && by_key && has_aggregate(traced.made_of, d))
      return say("key", fmt::format("{}, and they are found by keys and bounds of the window alone: one of "
                                    "these columns is made of an aggregate, so they stay in this sink; "
                                    "expected columns made of its key, window_start and window_end",
                                    taken_back(window)));
    if (by_key && has_aggregate(traced.by_where, d))
      return say("from",
                 fmt::format("\"{}\" emits updates, and a \"where\" downstream of it reads its "
                             "aggregates: a row that was written stays as it was when the next one "
                             "does not pass; expected that condition as having of \"{}\", which takes "
                             "the row back",
                             window.built.name, window.built.name));
    return false;
  }

  bool say(std::string_view option, std::string message) {
    out_.warning(d_.location_of(option), join(d_.path, option), std::move(message));
    return true;
  }

  draft& d_;
  const drafts& all_;
  report& out_;
  sink_plan& sink_;
  way_up way_;
};

}  // namespace

bool reads(const step& s, std::string_view column) {
  const auto at = s.input ? s.input->find(column) : std::nullopt;
  const auto is_read = [&](const expression::bound& e) {
    return std::ranges::find(e.columns, *at) != e.columns.end();
  };
  return at && ((s.where && is_read(*s.where)) ||
                std::ranges::any_of(s.columns, [&](const auto& c) { return is_read(c.value); }));
}

void plan_removed_rows(draft& d, const drafts& all, report& out) {
  if (!d.broken && std::holds_alternative<sink_plan>(d.built.plan) &&
      std::ranges::any_of(d.windows, [&](std::size_t i) {
        const auto* const w = std::get_if<window_plan>(&all[i].built.plan);
        return w != nullptr && w->definition.updates;
      }))
    removal_planner(d, all, out).plan();
}

}  // namespace millrace::config
