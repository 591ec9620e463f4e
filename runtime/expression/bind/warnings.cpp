// The binder's warnings: what is no mistake of grammar or types, and hardly what is meant.
#include "runtime/expression/bind/warnings.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/bind/binder.hpp"
#include "runtime/expression/formats/foreign_templates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace millrace::expression {
namespace {

bool is_null_literal(const syntax& s) {
  return s.what == form::null || (s.what == form::cast && s.args[0].what == form::null);
}

/// The name of a plain column, else `x`.
std::string called(const syntax& s) {
  return s.what == form::column && s.path.size() == 1 && !s.path[0].quoted ? s.path[0].name
                                                                           : std::string("x");
}

std::optional<std::int64_t> number_of(const syntax& s) {
  std::int64_t n = 0;
  if (s.what != form::integer ||
      std::from_chars(s.text.data(), s.text.data() + s.text.size(), n).ec != std::errc{})
    return std::nullopt;
  return n;
}

}  // namespace

problems binder::take_warnings() {
  std::ranges::stable_sort(warnings_, {}, &problem::offset);
  return std::move(warnings_);
}

void binder::warn_at(std::size_t offset, std::string message) {
  if (std::ranges::find(warnings_, offset, &problem::offset) == warnings_.end())
    warnings_.push_back({offset, std::move(message)});
}

void binder::warn_of_null(const syntax& s) {
  static constexpr std::array<std::string_view, 6> comparisons{"=", "<>", "<", "<=", ">", ">="};
  if (s.args.size() != 2 || std::ranges::find(comparisons, s.text) == comparisons.end())
    return;
  const bool right = is_null_literal(s.args[1]);
  if (!right && !is_null_literal(s.args[0]))
    return;
  const auto value = called(s.args[right ? 0 : 1]);
  warn_at(s.offset,
          s.text == "="    ? fmt::format("a comparison with null is never true; write {} is null", value)
          : s.text == "<>" ? fmt::format("a comparison with null is never true; write {} is not null, or "
                                         "x is distinct from y to compare values that may be null",
                                         value)
                           : std::string("a comparison with null is never true; leave it out"));
}

void binder::warn_of_nulls_in(const syntax& in) {
  for (std::size_t i = 1; i < in.args.size(); ++i)
    if (is_null_literal(in.args[i]))
      return warn_at(
          in.args[i].what == form::null ? in.args[i].offset : in.offset,
          in.flag ? std::string("not in (...) with a null in the list is never true; leave the null out")
                  : fmt::format("the null in the list matches no row; write {} is null beside in (...)",
                                called(in.args[0])));
}

void binder::warn_of_index(const syntax& element) {
  const auto n = number_of(element.args[1]);
  if (!n || *n > 0)
    return;
  const auto list = called(element.args[0]);
  warn_at(element.args[1].offset,
          *n == 0 ? fmt::format(
                        "elements are counted from 1, and element 0 is always null; the first is {}[1]", list)
                  : fmt::format("elements are counted from 1, and element {0} is always null; the last is "
                                "{1}[cardinality({1})]",
                                *n, list));
}

void binder::warn_of_call(const syntax& s, const function* f, const std::vector<node_ptr>& args) {
  const bool is_template = s.text == "to_char" || s.text == "to_timestamp" || s.text == "to_date";
  if (is_template && args.size() == 2 && category(f->takes[0]) != category(kind::bigint) &&
      args[1]->what == op::constant && !args[1]->value.null) {
    const auto& text = args[1]->value.text;
    if (auto why = mistaken_template(text))
      warn_at(args[1]->offset, *std::move(why));
    else if (s.text != "to_char" && lacks_year(text))
      warn_at(args[1]->offset,
              fmt::format("the template reads no year, and the year is 1 BC then; put one in front: "
                          "{0}('2026 ' || {1}, 'YYYY {2}')",
                          s.text, called(s.args[0]), data::excerpt(text)));
    return;
  }
  if (s.text == "format" && s.args.size() == 2 && args[0]->what != op::constant && number_of(s.args[1]))
    warn_at(s.offset,
            fmt::format("format fills in a template with %s; a number with digits behind the point is "
                        "to_char({}, 'FM999,999,990.00')",
                        called(s.args[0])));
  else if ((s.text == "substr" || s.text == "substring") && s.args.size() == 3 && number_of(s.args[1]) == 0)
    warn_at(s.args[1].offset, "characters are counted from 1; from 0 the part has one character less");
  else if (s.text == "concat" && s.args.size() > 1 &&
           std::ranges::all_of(args, [](const node_ptr& a) { return a->type == kind::list; }))
    warn_at(s.offset, fmt::format("concat makes a text of its arguments; lists are joined by {} || {}",
                                  called(s.args[0]), called(s.args[1])));
}

const problems& warnings_of(const bound& e) {
  static const problems none;
  return e.code ? e.code->warnings() : none;
}

problems warnings_of(const bound_aggregate& a) {
  problems out;
  const auto add = [&](const bound& e) {
    const auto& more = warnings_of(e);
    out.insert(out.end(), more.begin(), more.end());
  };
  if (a.argument)
    add(*a.argument);
  if (a.filter)
    add(*a.filter);
  for (const auto& o : a.order)
    add(o.value);
  return out;
}

}  // namespace millrace::expression
