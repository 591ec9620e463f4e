#include "config/plan/trace.hpp"

#include <algorithm>
#include <iterator>

namespace millrace::config {
namespace {

using names = std::set<std::string, std::less<>>;

void add_columns(const expression::bound& e, const data::schema& input, names& out) {
  for (const auto column : e.columns)
    out.insert(input[column].name);
}

/// The columns of the step's input that these columns of its output are made of.
names above(const step& s, const names& below) {
  if (s.columns.empty())
    return below;
  names out;
  for (const auto& name : below) {
    const auto column = std::ranges::find(s.columns, name, &projection::name);
    if (column == s.columns.end())
      out.insert(name);  // a hidden column, which goes through by its name
    else
      add_columns(column->value, *s.input, out);
  }
  return out;
}

class tracer {
public:
  explicit tracer(const drafts& all) : all_(all) {}

  void start(const draft& d, const step& own, const names& wanted, side of) {
    go_up(d, above(own, wanted), true, of);
    go_up(d, conditions_of(own), false, of);
  }

  std::map<std::size_t, traced_columns> take() { return std::move(result_); }

private:
  static names conditions_of(const step& s) {
    names out;
    if (s.where)
      add_columns(*s.where, *s.input, out);
    return out;
  }

  void go_up(const draft& d, const names& wanted, bool traced, side of = side::left) {
    for (std::size_t i = 0; i < d.reads.size(); ++i)
      if (!d.built.from[i].late && d.built.from[i].to == of)
        visit(d.reads[i], wanted, traced);
  }

  /// Each column of a stage goes up once, so that the work stays small where ways part and meet.
  void visit(std::size_t i, const names& wanted, bool traced) {
    const auto& from = all_[i];
    auto& known = (traced ? traced_ : filters_)[i];
    names fresh;
    std::ranges::set_difference(wanted, known, std::inserter(fresh, fresh.end()));
    known.insert(fresh.begin(), fresh.end());
    const bool first = seen_.insert(i).second;
    if (const auto* const w = std::get_if<window_plan>(&from.built.plan))
      return arrive(i, *w, fresh, traced);
    const auto* const t = std::get_if<transform_plan>(&from.built.plan);
    if (t == nullptr || (fresh.empty() && !first))
      return;
    go_up(from, above(t->select, fresh), traced);
    if (first)
      go_up(from, conditions_of(t->select), false);
  }

  void arrive(std::size_t i, const window_plan& w, const names& fresh, bool traced) {
    auto& out = result_[i];
    const auto& rows = *w.definition.output;
    for (const auto& name : above(w.output, fresh))
      if (const auto at = rows.find(name))
        (traced ? out.made_of : out.by_where).insert(*at);
    if (w.definition.having)
      for (const auto column : w.definition.having->columns)
        if (column < rows.size())
          out.by_having.insert(column);
  }

  const drafts& all_;
  std::map<std::size_t, traced_columns> result_;
  std::map<std::size_t, names> traced_;   // of each stage: columns that have been traced
  std::map<std::size_t, names> filters_;  // of each stage: columns that conditions read
  std::set<std::size_t> seen_;
};

}  // namespace

bool has_aggregate(const std::set<std::size_t>& columns, const window::definition& d) {
  const auto at = columns.lower_bound(d.keys.size());
  return at != columns.end() && *at < d.output->size() - 2;
}

std::map<std::size_t, traced_columns> trace_to_windows(const draft& d, const drafts& all,
                                                       const std::vector<std::string>& names, side of) {
  tracer t(all);
  const auto* const sink = std::get_if<sink_plan>(&d.built.plan);
  const auto& own = sink != nullptr ? sink->input : std::get<window_plan>(d.built.plan).of(of).input;
  t.start(d, own, {names.begin(), names.end()}, of);
  return t.take();
}

}  // namespace millrace::config
