#include "config/sql/sql_times.hpp"

#include "config/plan/parser_schema.hpp"
#include "config/sql/sql_expressions.hpp"
#include "runtime/expression/formats/interval_fields.hpp"
#include "runtime/expression/formats/time_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::config {
namespace {

using expression::form;
using expression::syntax;

/// A row's event time may stand in it under several names; more than so many are not followed.
constexpr std::size_t most_times = 16;
/// Likewise sums of a time and intervals.
constexpr std::size_t most_intervals = 32;

constexpr micros one_day{86'400'000'000};

syntax column_called(std::string name) {
  syntax out;
  out.what = form::column;
  out.path.push_back({std::move(name), true});
  return out;
}

bool is_interval_constant(const syntax& s) {
  return s.what == form::cast && s.text == "interval" && !s.args.empty() &&
         s.args.front().what == form::string;
}

std::optional<micros> length_of_interval(const syntax& s) {
  // interval '5' minute has the fields that it means behind its text.
  constexpr std::string_view digits = "0123456789";
  auto fields = expression::every_field;
  if (s.args.size() > 1) {
    if (s.args.size() > 2 || s.args[1].text.find_first_not_of(digits) != std::string::npos)
      return std::nullopt;
    fields = std::strtoll(s.args[1].text.c_str(), nullptr, 10);
  }
  expression::interval_value v;
  if (expression::read_interval_of(s.args.front().text, v, fields) != expression::reading::ok ||
      !expression::fit_fields(v, fields, expression::most_precision) || v.months != 0)
    return std::nullopt;
  return one_day * v.days + micros(v.micros);
}

void add_time(std::vector<timed_value>& to, timed_value v) {
  if (to.size() < most_times)
    to.push_back(std::move(v));
}

bool is_bound_of_window(std::string_view name) { return name == "window_start" || name == "window_end"; }

bool is_of_left(const syntax& s) { return s.path.size() == 2 && s.path.front().name == "l"; }

/// Returns what the option `columns` makes of the values.
std::vector<timed_value> times_given_on(const node* columns, const std::vector<timed_value>& in) {
  if (columns == nullptr || !columns->is_map())
    return in;
  std::vector<timed_value> out;
  for (const auto& m : columns->members) {
    if (m.value.what == node::kind::boolean) {
      for (const auto& v : in)
        if (v.value.what == form::column && is_of_left(v.value) == (m.name == "l.*"))
          if (const auto name = folded(v.value.path.back()); columns->find(name) == nullptr)
            add_time(out, {column_called(name), v.later});
    } else if (m.value.is_text()) {
      const auto read = expression::parse(m.value.text, nullptr);
      const auto moved = read ? without_intervals(*read) : std::nullopt;
      if (!moved)
        continue;
      for (const auto& v : in)
        if (same_expression(*moved->value, v.value, {})) {
          add_time(out, {column_called(m.name), v.later + moved->later});
          break;
        }
    }
  }
  return out;
}

std::string text_option(const node& stage, std::string_view option) {
  const auto* const m = stage.find(option);
  return m != nullptr && m->value.is_text() ? m->value.text : std::string();
}

const node* node_option(const node& stage, std::string_view option) {
  const auto* const m = stage.find(option);
  return m == nullptr ? nullptr : &m->value;
}

}  // namespace

std::string shown_time(const timed_value& v, std::string column) {
  if (v.later != micros(0))
    column += fmt::format(" {} interval '{}'", v.later > micros(0) ? "-" : "+",
                          format_duration(v.later > micros(0) ? v.later : -v.later));
  return column;
}

bool has_key(const node& stage, std::string_view name) {
  const auto* const m = stage.find("key");
  if (m == nullptr)
    return false;
  const auto& key = m->value;
  return key.is_map()
             ? key.find(name) != nullptr
             : key.text == name || std::ranges::find(key.items, name, &node::text) != key.items.end();
}

std::optional<moved_value> without_intervals(const syntax& s) {
  moved_value out{&s, micros(0)};
  for (std::size_t i = 0; i < most_intervals; ++i) {
    const auto& at = *out.value;
    if (at.what != form::call || at.args.size() != 2 || (at.text != "+" && at.text != "-"))
      return out;
    const bool first = at.text == "+" && is_interval_constant(at.args[0]);
    if (!first && !is_interval_constant(at.args[1]))
      return out;
    const auto length = length_of_interval(at.args[first ? 0 : 1]);
    if (!length)
      return std::nullopt;
    out.later += at.text == "-" ? -*length : *length;
    out.value = &at.args[first ? 1 : 0];
  }
  return std::nullopt;
}

std::vector<timed_value> sql_times::of(const node& from) const {
  std::vector<node> names = from.what == node::kind::list ? from.items : std::vector<node>{from};
  std::vector<timed_value> out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto known = known_.find(names[i].text);
    if (known == known_.end())
      return {};
    if (i == 0)
      out = known->second;
    else
      std::erase_if(out, [&](const timed_value& v) {
        return std::ranges::none_of(known->second, [&](const timed_value& w) {
          return v.later == w.later && same_expression(v.value, w.value, {});
        });
      });
  }
  return out;
}

std::vector<timed_value> sql_times::given_by(const node& stage) const {
  const auto& kind = stage.members.front();
  const auto* const columns = node_option(stage, "columns");
  const auto* const from = node_option(stage, kind.name == "join" ? "left" : "from");
  if (kind.name == "parser") {
    const auto time = text_option(stage, "event_time");
    std::vector<timed_value> out;
    if (time.empty())
      return out;
    // A column by its very name, else an expression, whose value is a hidden column, too.
    const auto* const schema = node_option(stage, "schema");
    auto read = expression::parse(time, nullptr);
    const bool is_name = read && read->what == form::column && read->path.size() == 1;
    if ((schema != nullptr && schema->find(time) != nullptr) || is_name || !read) {
      add_time(out, {column_called(time), micros(0)});
    } else {
      if (const auto moved = without_intervals(*read); moved && moved->value != &*read)
        add_time(out, {*moved->value, -moved->later});
      add_time(out, {*std::move(read), micros(0)});
      add_time(out, {column_called(std::string(computed_event_time)), micros(0)});
    }
    return out;
  }
  if (from == nullptr || kind.name == "sink")
    return {};
  auto in = of(*from);
  if (kind.name == "transform") {
    if (const auto time = text_option(stage, "event_time"); !time.empty())
      return {{column_called(time), micros(0)}};
    return times_given_on(columns, in);
  }
  const timed_value end{column_called("window_end"), micros(1)};
  if (kind.name == "window") {
    if (kind.value.text == "global")
      return {};
    if (kind.value.text != "dedup")
      in.clear();
    // Those of the rows that it takes are the same moments where they are called so.
    std::erase_if(in, [](const timed_value& v) {
      return v.value.path.size() == 1 && is_bound_of_window(v.value.path.front().name);
    });
    if (kind.value.text == "dedup")
      add_time(in, {column_called("window_start"), micros(0)});
    add_time(in, end);
    return times_given_on(columns, in);
  }
  // The left row has its columns under l.NAME; alone they are those of the key, and the bounds are the join's.
  std::vector<timed_value> out;
  if (kind.value.text == "window" || !has_key(stage, "window_end"))
    add_time(out, end);
  if (kind.value.text != "window") {
    if (!has_key(stage, "window_start"))
      add_time(out, {column_called("window_start"), micros(0)});
    for (auto& v : in) {
      if (v.value.what != form::column || v.value.path.size() != 1)
        continue;
      auto of_left = v;
      of_left.value.path.insert(of_left.value.path.begin(), {"l", true});
      const auto name = folded(v.value.path.front());
      if (!is_bound_of_window(name))
        add_time(out, std::move(v));
      add_time(out, std::move(of_left));
    }
  }
  out = times_given_on(columns, out);
  std::erase_if(out, [](const timed_value& v) { return is_of_left(v.value); });
  return out;
}

/// Only of stages whose columns are those of one input, by its names.
void sql_times::note_lost(const std::string& name, const node& stage) {
  lost_.erase(name);
  if (!known_.at(name).empty())
    return;
  const auto& kind = stage.members.front();
  const auto* const from = node_option(stage, "from");
  if (kind.name == "window" && kind.value.text != "global") {
    lost_.insert_or_assign(
        name, lost_time{kind.value.text == "dedup" ? "window_start" : "window_end - interval '1 us'", name});
  } else if (kind.name == "transform" && from != nullptr && from->is_text()) {
    if (auto before = lost_by(from->text))
      lost_.insert_or_assign(name, *std::move(before));
    else
      for (const auto& v : of(*from))
        if (v.value.what == form::column && v.value.path.size() == 1)
          lost_.try_emplace(name, lost_time{shown_time(v, v.value.path.front().name), name});
  }
}

std::optional<lost_time> sql_times::lost_by(const std::string& stage) const {
  const auto at = lost_.find(stage);
  return at == lost_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<timed_value> sql_times::of(const std::vector<node>& from, const std::vector<member>& all) {
  for (; read_ < all.size(); ++read_) {
    known_.insert_or_assign(all[read_].name, given_by(all[read_].value));
    note_lost(all[read_].name, all[read_].value);
  }
  return of(one_or_list(from));
}

}  // namespace millrace::config
