#include "tools/dry_run/probes.hpp"

#include <algorithm>

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
        add(name, false, s.schema, columns_of(s, *p));
      } else if (std::holds_alternative<config::transform_plan>(s.plan)) {
        add(name, false, s.schema, visible_of(*s.schema));
      } else if (const auto* const w = std::get_if<config::window_plan>(&s.plan)) {
        const auto late = w->input.output;
        add(name, false, s.schema, visible_of(*s.schema));
        add(name, true, late, visible_of(*late));
      } else if (const auto* const k = std::get_if<config::sink_plan>(&s.plan)) {
        probes_.push_back({name, static_cast<std::uint32_t>(i), !k->order.by.empty()});
      }
    }
    return {std::make_shared<const config::topology>(std::move(probed_)), std::move(probes_)};
  }

private:
  void add(const std::string& of, bool late, const data::schema_ptr& input, const data::schema_ptr& rows) {
    auto name = late ? of + ".late" : of;
    probes_.push_back({name, static_cast<std::uint32_t>(probed_.stages.size()), false});
    config::stage s;
    s.name = mark_of_probes + std::move(name);
    s.kind = config::stage_kind::sink;
    s.from.push_back({of, late});
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

}  // namespace

probed_topology with_probes(const config::topology& t) { return prober(t).run(); }

}  // namespace millrace::dry_run
