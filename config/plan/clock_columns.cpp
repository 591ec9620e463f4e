#include "config/plan/clock_columns.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/bind/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace millrace::config {
namespace {

/// `ts at time zone zone` of a moment, with any zone but UTC.
bool shows_clocks(const expression::node& n) {
  if (n.what != expression::op::call || n.fn == nullptr || n.fn->name != "timezone" ||
      n.type != expression::kind::timestamp)
    return false;
  const auto& zone = *n.args.front();
  return zone.what != expression::op::constant || (zone.value.text != "UTC" && zone.value.text != "Etc/UTC");
}

class clock_finder {
public:
  clock_finder(const drafts& all, report& out) : all_(all), out_(out) {}

  void look_at(const draft& sink) {
    const auto* const plan = std::get_if<sink_plan>(&sink.built.plan);
    if (plan == nullptr || plan->rows == nullptr)
      return;
    sink_ = &sink;
    for (const auto& f : *plan->rows)
      if (f.type.id() == data::type_id::timestamp)
        if (const auto above = look_in(sink, plan->input, f.name))
          go_up(sink, *above);
  }

private:
  /// The column upstream that this one of the step's output is; none: it is computed here.
  std::optional<std::string> look_in(const draft& d, const step& s, const std::string& name) {
    auto& named = named_[&s];
    if (named.empty())
      for (const auto& p : s.columns)
        named.emplace(p.name, &p);
    const auto found = named.find(name);
    if (found == named.end())
      return name;  // without columns, and hidden ones, rows go through as they are
    const auto* const at = found->second;
    if (at->value.code == nullptr)
      return std::nullopt;
    const auto& root = at->value.code->root();
    if (root.what == expression::op::column && root.path.empty())
      return (*s.input)[root.column].name;
    if (shows_clocks(root))
      warn(d, *at);
    return std::nullopt;
  }

  void go_up(const draft& d, const std::string& name) {
    for (std::size_t i = 0; i < d.reads.size(); ++i)
      if (seen_.emplace(d.reads[i], name).second)
        visit(all_[d.reads[i]], name);
  }

  void visit(const draft& d, const std::string& name) {
    if (const auto* const t = std::get_if<transform_plan>(&d.built.plan)) {
      if (const auto above = look_in(d, t->select, name))
        go_up(d, *above);
      return;
    }
    const auto* const w = std::get_if<window_plan>(&d.built.plan);
    if (w == nullptr || w->is_join())
      return;
    const auto row = look_in(d, w->output, name);
    const auto& input = w->of(side::left);
    const auto key = row && input.input.output ? input.input.output->find(*row) : std::nullopt;
    if (key && std::ranges::find(input.key_columns, *key) != input.key_columns.end())
      go_up(d, *row);
  }

  void warn(const draft& d, const projection& p) {
    const auto* const columns = d.member_of("columns");
    const auto* const m = columns == nullptr ? nullptr : columns->find(p.name);
    const auto& where = m == nullptr ? d.built.where : m->value.where;
    const auto path = join(join(d.path, "columns"), p.name);
    if (!told_.emplace(d.path, p.name).second)
      return;
    out_.warning(where, path,
                 fmt::format("the sink \"{}\" writes this local time of a zone as a moment of UTC, hours off "
                             "for every reader; expected the timestamp itself, or the local time as text: "
                             "to_char({}, 'YYYY-MM-DD HH24:MI:SS')",
                             sink_->built.name, data::excerpt(p.text, 100)));
  }

  const drafts& all_;
  report& out_;
  const draft* sink_ = nullptr;
  std::set<std::pair<std::size_t, std::string>> seen_;  // each column of a stage goes up once
  std::set<std::pair<std::string, std::string>> told_;
  std::map<const step*, std::map<std::string_view, const projection*>> named_;  // each step's columns by name
};

}  // namespace

void warn_of_clocks(const drafts& all, report& out) {
  clock_finder finder(all, out);
  for (const auto& d : all)
    if (d.built.kind == stage_kind::sink)
      finder.look_at(d);
}

}  // namespace millrace::config
