#include "config/plan/projection.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace millrace::config {
namespace {

/// Columns asked of a stage: of its rows, and of a window's late rows, by the side of a join.
struct wanted {
  std::vector<bool> rows;
  std::vector<bool> late[std::size(both_sides)];
};

/// Places of a schema's columns by their names. The schema outlives it.
class places {
public:
  explicit places(const data::schema& columns) {
    for (std::size_t i = 0; i < columns.size(); ++i)
      by_name_.emplace(columns[i].name, i);
  }
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const {
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? std::nullopt : std::optional(at->second);
  }

private:
  std::unordered_map<std::string_view, std::size_t> by_name_;
};

void want(std::vector<bool>& columns, std::size_t i) {
  if (columns.size() <= i)
    columns.resize(i + 1, false);
  columns[i] = true;
}

void want(std::vector<bool>& columns, const std::optional<expression::bound>& e) {
  if (e)
    for (const auto i : e->columns)
      want(columns, i);
}

/// Says what a step must read of its input to give `of_output`. All of its expressions are evaluated, in any
/// case: later stages must not decide whether a cast fails.
std::vector<bool> through(const step& s, const std::vector<bool>& of_output) {
  std::vector<bool> input(s.input->size(), false);
  want(input, s.where);
  for (const auto& p : s.columns)
    want(input, std::optional(p.value));
  const places of_input(*s.input);
  for (std::size_t i = 0; i < of_output.size(); ++i) {
    if (!of_output[i] || i < s.columns.size())
      continue;
    if (const auto at = of_input.find((*s.output)[i].name))
      want(input, *at);
  }
  return input;
}

std::vector<bool> of_intake(const intake_plan& in, const std::vector<bool>& late) {
  auto input = late;
  for (const auto i : in.key_columns)
    want(input, i);
  for (const auto i : in.row_columns)
    want(input, i);
  for (const auto& e : in.arguments)
    want(input, e);
  for (const auto& e : in.filters)
    want(input, e);
  for (const auto& order : in.orders)
    for (const auto& e : order)
      want(input, std::optional(e));
  return through(in.input, input);
}

std::vector<bool> of_sink(const sink_plan& s) {
  std::vector<bool> output(s.input.output->size(), false);
  const places of_output(*s.input.output);
  for (const auto& f : *s.rows)
    if (const auto at = of_output.find(f.name))
      output[*at] = true;
  return through(s.input, output);
}

void merge_into(std::vector<bool>& target, const std::vector<bool>& more) {
  for (std::size_t i = 0; i < more.size(); ++i)
    if (more[i])
      want(target, i);
}

}  // namespace

void mark_used_columns(drafts& all, const std::vector<std::size_t>& order) {
  std::vector<wanted> asked(all.size());
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    auto& d = all[*at];
    std::vector<bool> input[std::size(both_sides)];
    if (auto* const p = std::get_if<parser_plan>(&d.built.plan)) {
      merge_into(p->used, asked[*at].rows);
      if (p->event_time)
        p->used[*p->event_time] = true;
      if (p->timed_by)
        for (const auto column : p->timed_by->value.columns)
          p->used[column] = true;
      continue;
    }
    if (const auto* const t = std::get_if<transform_plan>(&d.built.plan))
      input[0] = through(t->select, asked[*at].rows);
    else if (const auto* const w = std::get_if<window_plan>(&d.built.plan))
      for (std::size_t i = 0; i < w->sides.size(); ++i)
        input[i] = of_intake(w->sides[i], asked[*at].late[i]);
    else if (const auto* const s = std::get_if<sink_plan>(&d.built.plan))
      input[0] = of_sink(*s);
    for (std::size_t i = 0; i < d.reads.size(); ++i) {
      auto& above = asked[d.reads[i]];
      const auto& ref = d.built.from[i];
      merge_into(ref.late ? above.late[index_of(ref.late_side.value_or(side::left))] : above.rows,
                 input[index_of(ref.to)]);
    }
  }
}

}  // namespace millrace::config
