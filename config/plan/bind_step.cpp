#include "config/plan/bind_step.hpp"

#include "config/plan/parser_schema.hpp"
#include "runtime/expression/bind/unnest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_set>

namespace millrace::config {
namespace {

constexpr std::array<std::string_view, 2> sides{"l.*", "r.*"};

class step_binder {
public:
  step_binder(const draft& d, const data::schema_ptr& input, step_parts parts, report& out)
      : d_(d), input_(input), parts_(parts), out_(out) {}

  void where(step& result) {
    const auto* const text = d_.member_of("where");
    if (!is_expression(text))
      return;
    const auto path = join(d_.path, "where");
    auto e = expression::bind_condition(text->text, names());
    if (!e)
      return report_problems(e.error(), *text, path, out_);
    report_warnings(expression::warnings_of(*e), *text, path, out_);
    if (parts_.before_window)
      check_timestamps(d_, *e, *input_, *text, path, out_);
    result.where = std::move(*e);
    result.where_text = text->told_text();
  }

  void columns(step& result) {
    const auto* const map = d_.member_of("columns");
    std::vector<data::field> fields;
    if (map == nullptr || !map->is_map()) {
      result.output = input_;
      if (!parts_.others.empty()) {
        keep({}, parts_.others, d_.location_of("columns"), "columns", result, fields);
        result.output = std::make_shared<const data::schema>(std::move(fields));
      }
      return;
    }
    const auto path = join(d_.path, "columns");
    if (map->members.empty())
      out_.error(map->where, path, "the map is empty; expected at least one column");
    auto others = map->find("*") == nullptr ? 0 : std::max(input_->size(), parts_.others.size());
    for (std::size_t i = 0; i < sides.size(); ++i)
      others += map->find(sides[i]) == nullptr ? 0 : parts_.of_sides[i].size();
    if (!check_column_count(map->members.size() + others, map->where, path, out_)) {
      result.output = input_;
      return;
    }
    for (const auto& m : map->members) {
      if (const auto* const given = given_by(m))
        keep(*map, *given, m.value.where, m.name, result, fields);
      else
        add(m, join(path, m.name), result, fields);
    }
    for (const auto& f : *input_)
      if (is_reserved(f.name) && !(d_.leaves_time_out && f.name == computed_event_time))
        fields.push_back(f);
    result.output = std::make_shared<const data::schema>(std::move(fields));
  }

private:
  void add(const member& m, const std::string& path, step& result, std::vector<data::field>& fields) {
    if (m.name.empty() || is_reserved(m.name))
      out_.error(m.where, path,
                 m.name.empty()
                     ? std::string("a column needs a name; expected text")
                     : fmt::format("the name \"{}\" is reserved, as all that begin with _; expected another",
                                   m.name));
    if (!is_expression(&m.value))
      return;
    auto e = parts_.unnest ? expression::bind_unnesting(m.value.text, names(), unnested_)
                           : expression::bind(m.value.text, names());
    if (!e)
      return report_problems(e.error(), m.value, path, out_);
    report_warnings(expression::warnings_of(*e), m.value, path, out_);
    if (parts_.before_window)
      check_timestamps(d_, *e, *input_, m.value, path, out_);
    fields.push_back({m.name, e->type});
    result.columns.push_back({m.name, std::move(*e), m.value.told_text(), m.value.safe_text()});
  }

  /// The columns that the member stands for: those of "*": true, and in a join of "l.*" and "r.*"; null: it is one column.
  const std::vector<given_column>* given_by(const member& m) {
    if (m.value.what != node::kind::boolean)
      return nullptr;
    const auto at = std::ranges::find(sides, m.name);
    if (m.name != "*" && at == sides.end())
      return nullptr;
    given_.clear();
    if (at != sides.end()) {
      const auto of = parts_.of_sides[static_cast<std::size_t>(at - sides.begin())];
      given_.assign(of.begin(), of.end());
    } else if (!parts_.others.empty()) {
      given_.assign(parts_.others.begin(), parts_.others.end());
    } else {
      for (const auto& f : *input_)
        if (!is_reserved(f.name))
          given_.push_back({f.name, quoted_name(f.name), f.name});
    }
    return &given_;
  }

  /// Each stands at its place, but for those that the map defines itself.
  void keep(const node& map, std::span<const given_column> columns, const location& where,
            const std::string& called, step& result, std::vector<data::field>& fields) {
    std::unordered_set<std::string_view> own;
    for (const auto& m : map.members)
      own.insert(m.name);
    for (const auto& c : columns) {
      if (own.contains(c.name))
        continue;
      auto e = expression::bind(c.value, names());
      if (!e) {
        for (const auto& p : e.error())
          out_.error(where, join(join(d_.path, "columns"), called), p.message);
        continue;
      }
      fields.push_back({c.name, e->type});
      result.columns.push_back({c.name, std::move(*e), c.text});
    }
  }

  [[nodiscard]] expression::scope names() const {
    auto out = scope_of(*input_, parts_.before_window);
    out.sides = parts_.sides;
    return out;
  }

  const draft& d_;
  const data::schema_ptr& input_;
  step_parts parts_;
  expression::unnested_list unnested_;  // the list of the columns so far
  std::vector<given_column> given_;     // what given_by() gives
  report& out_;
};

}  // namespace

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name)
    out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

bool check_column_count(std::size_t count, const location& where, const std::string& path, report& out) {
  if (count <= most_columns)
    return true;
  out.error(
      where, path,
      fmt::format("there are {} columns; expected at most {} in a stage (a column of type json holds any "
                  "number of members)",
                  count, most_columns));
  return false;
}

void report_problems(const expression::problems& found, const node& text, const std::string& path,
                     report& out) {
  for (const auto& p : found) {
    // SELECT a # the column: SQL takes the sign for an operator.
    const auto before = std::string_view(text.text).substr(0, std::min(p.offset, text.text.size()));
    const auto last = before.find_last_not_of(' ');
    const bool comment =
        last != std::string_view::npos && before[last] == '#' && p.message.starts_with("there is no column");
    out.error(location_in_text(text, p.offset), path,
              comment ? p.message + "; a comment begins with --" : p.message);
  }
}

void report_warnings(const expression::problems& found, const node& text, const std::string& path,
                     report& out) {
  for (const auto& p : found)
    out.warning(location_in_text(text, p.offset), path, p.message);
}

expression::scope scope_of(const data::schema& columns, bool before_window) {
  return {&columns, before_window ? std::string(now_before_window) : std::string{}};
}

void check_timestamps(const draft& d, const expression::bound& e, const data::schema& columns,
                      const node& text, const std::string& path, report& out) {
  constexpr std::string_view name = "_timestamp";
  if (d.timestamps_stored)
    return;
  const auto column = columns.find(name);
  if (!column || std::find(e.columns.begin(), e.columns.end(), *column) == e.columns.end())
    return;
  const auto at = text.text.find(name);
  out.error(location_in_text(text, at == std::string::npos ? 0 : at), path,
            "_timestamp cannot stand upstream of a window here: the source stores no timestamps, so it would "
            "differ when the records are read again; expected a column of the record");
}

bool bind_step(draft& d, const data::schema_ptr& input, step_parts parts, step& result, report& out) {
  const auto before = out.errors();
  result.stage = d.built.name;
  result.input = input;
  result.output = input;
  step_binder b(d, input, parts, out);
  if (parts.where) {
    d.checked.insert("where");
    b.where(result);
  }
  if (parts.columns) {
    d.checked.insert("columns");
    b.columns(result);
  }
  d.broken = d.broken || out.errors() != before;
  return out.errors() == before;
}

bool offers(const draft& d, std::string_view option) {
  return d.own != nullptr && std::any_of(d.own->options.begin(), d.own->options.end(),
                                         [&](const auto& o) { return o.name == option; });
}

std::vector<bool> columns_read(const step& s) {
  std::vector<bool> out(s.input->size(), s.columns.empty());
  for (const auto& c : s.columns)
    for (const auto i : c.value.columns)
      out[i] = true;
  return out;
}

bool bind_deletion(draft& d, step& result, report& out) {
  const auto* const text = d.member_of("delete");
  if (!offers(d, "delete") || !is_expression(text))
    return true;
  d.checked.insert("delete");
  auto deletes = expression::bind_condition(text->text, scope_of(*result.input, false));
  if (!deletes) {
    report_problems(deletes.error(), *text, join(d.path, "delete"), out);
    d.broken = true;
    return false;
  }
  report_warnings(expression::warnings_of(*deletes), *text, join(d.path, "delete"), out);
  std::vector<data::field> given;
  std::vector<data::field> hidden;
  for (const auto& f : *result.output)
    (is_reserved(f.name) ? hidden : given).push_back(f);
  if (result.columns.empty())  // all as they are: now by their names
    for (const auto& f : given)
      result.columns.push_back(
          {f.name, *expression::bind(quoted_name(f.name), scope_of(*result.input, false)), f.name});
  given.push_back({std::string(deletion_column), deletes->type});
  result.columns.push_back(
      {std::string(deletion_column), std::move(*deletes), text->told_text(), text->safe_text()});
  given.insert(given.end(), hidden.begin(), hidden.end());
  result.output = std::make_shared<const data::schema>(std::move(given));
  return true;
}

}  // namespace millrace::config
