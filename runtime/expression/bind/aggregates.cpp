// Binding of aggregates, alone and within expressions over groups. A call within an expression becomes the
// column of an aggregate that is computed beside the others; equal calls share one.
#include "runtime/base/decimal.hpp"
#include "runtime/expression/bind/binder.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::expression {
namespace {

auto refused(std::size_t offset, std::string message) {
  return tl::unexpected(problems{{offset, std::move(message)}});
}

struct named_aggregate {
  std::string_view name;
  aggregate_function function;
};
constexpr auto aggregates = std::to_array<named_aggregate>({
    {"count", aggregate_function::count},
    {"sum", aggregate_function::sum},
    {"min", aggregate_function::min},
    {"max", aggregate_function::max},
    {"avg", aggregate_function::avg},
    {"first", aggregate_function::first},
    {"last", aggregate_function::last},
    {"bool_and", aggregate_function::bool_and},
    {"every", aggregate_function::bool_and},
    {"bool_or", aggregate_function::bool_or},
    {"variance", aggregate_function::var_samp},
    {"var_samp", aggregate_function::var_samp},
    {"var_pop", aggregate_function::var_pop},
    {"stddev", aggregate_function::stddev_samp},
    {"stddev_samp", aggregate_function::stddev_samp},
    {"stddev_pop", aggregate_function::stddev_pop},
    {"string_agg", aggregate_function::string_agg},
    {"array_agg", aggregate_function::array_agg},
    {"percentile_cont", aggregate_function::percentile_cont},
    {"percentile_disc", aggregate_function::percentile_disc},
    {"bit_and", aggregate_function::bit_and},
    {"bit_or", aggregate_function::bit_or},
    {"bit_xor", aggregate_function::bit_xor},
    {"corr", aggregate_function::corr},
    {"covar_pop", aggregate_function::covar_pop},
    {"covar_samp", aggregate_function::covar_samp},
    {"regr_count", aggregate_function::regr_count},
    {"regr_avgx", aggregate_function::regr_avgx},
    {"regr_avgy", aggregate_function::regr_avgy},
    {"regr_sxx", aggregate_function::regr_sxx},
    {"regr_syy", aggregate_function::regr_syy},
    {"regr_sxy", aggregate_function::regr_sxy},
    {"regr_slope", aggregate_function::regr_slope},
    {"regr_intercept", aggregate_function::regr_intercept},
    {"regr_r2", aggregate_function::regr_r2},
});

const named_aggregate* find(std::string_view name) {
  const auto* const at =
      std::find_if(aggregates.begin(), aggregates.end(), [&](const auto& a) { return a.name == name; });
  return at == aggregates.end() ? nullptr : at;
}

bool is_number(data::type_id id) {
  return id == data::type_id::bigint || id == data::type_id::float64 || id == data::type_id::numeric;
}
/// Sums of numeric(p,s) have its scale and any precision.
data::type type_of_sum(const data::type& t) {
  return t.precision() == 0 ? t : data::type::numeric_of(most_decimal_digits, t.scale());
}
/// Means and variances have scales of their own.
data::type type_of_mean(const data::type& t) {
  return t.id() == data::type_id::numeric ? data::type_id::numeric : data::type_id::float64;
}
bool has_no_order(const data::type& t) { return t.is_nested() || t.id() == data::type_id::json; }
bool is_percentile(aggregate_function f) {
  return f == aggregate_function::percentile_cont || f == aggregate_function::percentile_disc;
}
bool is_collected(aggregate_function f) {
  return f == aggregate_function::string_agg || f == aggregate_function::array_agg;
}
/// Returns whether `distinct` can stand in its call.
bool takes_distinct(aggregate_function f) {
  return f != aggregate_function::first && f != aggregate_function::last && !is_percentile(f) &&
         !takes_pairs(f);
}
/// Returns whether a value that comes again changes nothing.
bool ignores_copies(aggregate_function f) {
  return f == aggregate_function::min || f == aggregate_function::max || f == aggregate_function::bool_and ||
         f == aggregate_function::bool_or || f == aggregate_function::bit_and ||
         f == aggregate_function::bit_or;
}

/// Binds one call of an aggregate; collects every problem.
class aggregate_call {
public:
  aggregate_call(const syntax& s, const scope& names) : s_(s), names_(names) {}

  bound_or<bound_aggregate> bind() {
    out_.function = find(s_.text)->function;
    out_.result = data::type_id::bigint;
    if (check_form()) {
      bind_argument();
      bind_order();
    }
    if (!s_.filter.empty())
      out_.filter = part(s_.filter[0], true);
    if (!found_.empty())
      return tl::unexpected(std::move(found_));
    return std::move(out_);
  }

private:
  void problem_at(std::size_t offset, std::string message) { found_.push_back({offset, std::move(message)}); }

  /// Checks all of the call but its values.
  bool check_form() {
    const auto before = found_.size();
    const auto f = out_.function;
    if (s_.star && s_.text != "count")
      problem_at(s_.offset, fmt::format("only count takes *; {} takes a value", s_.text));
    if (s_.distinct && !takes_distinct(f))
      problem_at(s_.offset, fmt::format("distinct does not go with {}; it goes with aggregates of one value "
                                        "in any order, such as count(distinct x) and sum(distinct x)",
                                        s_.text));
    if (is_percentile(f) != s_.within)
      problem_at(s_.offset,
                 s_.within
                     ? fmt::format("{} takes no within group; it goes with percentile_cont and "
                                   "percentile_disc",
                                   s_.text)
                     : fmt::format("{0} needs its values: {0}(0.5) within group (order by x)", s_.text));
    else if (is_percentile(f) && s_.order.size() != 1)
      problem_at(s_.offset, fmt::format("{} takes one value to order by", s_.text));
    else if (!s_.order.empty() && !is_percentile(f) && !is_collected(f))
      problem_at(s_.order[0].value.offset,
                 f == aggregate_function::first || f == aggregate_function::last
                     ? fmt::format("{} goes by event time; expected no order by", s_.text)
                     : fmt::format("the order does not matter to {}; expected no order by", s_.text));
    const auto arguments = s_.star ? 0U : f == aggregate_function::string_agg || takes_pairs(f) ? 2U : 1U;
    if (found_.size() == before && s_.args.size() != arguments)
      problem_at(s_.offset,
                 takes_pairs(f)   ? fmt::format("{0} takes two numbers, as in {0}(y, x)", s_.text)
                 : arguments == 2 ? std::string("string_agg takes a text and a delimiter, as in "
                                                "string_agg(x, ', ')")
                 : is_percentile(f)
                     ? fmt::format("{} takes one fraction, as in {}(0.5)", s_.text, s_.text)
                     : fmt::format("{} takes one value{}", s_.text, s_.text == "count" ? ", or *" : ""));
    return found_.size() == before;
  }

  void bind_argument() {
    auto& f = out_.function;
    if (s_.star) {
      f = aggregate_function::count_rows;
      return;
    }
    if (s_.distinct && f == aggregate_function::count)
      f = aggregate_function::count_distinct;
    out_.distinct = s_.distinct && f != aggregate_function::count_distinct && !ignores_copies(f);
    if (takes_pairs(f))
      return bind_pair();
    if (is_percentile(f))
      bind_fraction();
    if (f == aggregate_function::string_agg)
      bind_delimiter();
    const auto& value = is_percentile(f) ? s_.order[0].value : s_.args[0];
    out_.argument = part(value, false);
    if (out_.argument)
      bind_result(value.offset);
  }

  void bind_result(std::size_t offset) {
    const auto& type = out_.argument->type;
    const auto wrong = [&](std::string message) { problem_at(offset, std::move(message)); };
    switch (out_.function) {
    case aggregate_function::sum:
    case aggregate_function::avg:
    case aggregate_function::var_samp:
    case aggregate_function::var_pop:
    case aggregate_function::stddev_samp:
    case aggregate_function::stddev_pop:
      if (!is_number(type.id()))
        return wrong(type.is_int()
                         ? fmt::format("{} needs a number, and this is {}; use min or max, or a number of "
                                       "it, as in {}(extract(epoch from ...))",
                                       s_.text, type.name(), s_.text)
                         : fmt::format("{} needs a number, and this is {}; cast it, as in {}((...)::bigint)",
                                       s_.text, type.name(), s_.text));
      out_.result = out_.function == aggregate_function::sum ? type_of_sum(type) : type_of_mean(type);
      return;
    case aggregate_function::percentile_cont:
      if (!is_number(type.id()))
        return wrong(fmt::format("percentile_cont lies between numbers, and this is {}; use percentile_disc, "
                                 "which gives one of the values",
                                 type.name()));
      out_.result = data::type_id::float64;
      return;
    case aggregate_function::percentile_disc:
    case aggregate_function::min:
    case aggregate_function::max:
      if (has_no_order(type))
        return wrong(
            fmt::format("{} cannot compare values of type {}; cast to text first", s_.text, type.name()));
      out_.result = type;
      return;
    case aggregate_function::bool_and:
    case aggregate_function::bool_or:
      if (type.id() != data::type_id::boolean)
        return wrong(fmt::format("{} needs a condition (boolean), and this is {}; compare it with something",
                                 s_.text, type.name()));
      out_.result = data::type_id::boolean;
      return;
    case aggregate_function::count_distinct:
      if (type.is_nested())
        wrong(fmt::format("count(distinct x) cannot compare values of type {}", type.name()));
      return;
    case aggregate_function::string_agg:
      if (type.id() != data::type_id::text)
        return wrong(fmt::format("string_agg needs text, and this is {}; cast it, as in "
                                 "string_agg((...)::text, ', ')",
                                 type.name()));
      out_.result = type;
      return;
    case aggregate_function::array_agg:
      if (type.is_nested())
        return wrong(fmt::format("array_agg takes no {}; take a member of it, or to_json(x)", type.name()));
      out_.result = data::type::list_of(type);
      return;
    case aggregate_function::bit_and:
    case aggregate_function::bit_or:
    case aggregate_function::bit_xor:
      if (type.id() != data::type_id::bigint)
        return wrong(fmt::format("{0} needs whole numbers (bigint), and this is {1}; cast it, as in "
                                 "{0}((...)::bigint)",
                                 s_.text, type.name()));
      return;
    case aggregate_function::first:
    case aggregate_function::last:
      out_.result = type;
      return;
    case aggregate_function::count:
    case aggregate_function::count_rows:
    default:  // bind_pair() has those of pairs
      return;
    }
  }

  /// y is the argument, x the column beside it.
  void bind_pair() {
    out_.result =
        out_.function == aggregate_function::regr_count ? data::type_id::bigint : data::type_id::float64;
    out_.argument = number_part(s_.args[0]);
    if (auto x = number_part(s_.args[1]))
      out_.order.push_back({*std::move(x)});
  }

  void bind_order() {
    if (out_.distinct && is_collected(out_.function))
      return bind_distinct_order();
    for (const auto& o : s_.order) {
      auto value = is_percentile(out_.function) ? out_.argument : part(o.value, false);
      if (!value)
        continue;
      if (has_no_order(value->type) && !is_percentile(out_.function))
        problem_at(o.value.offset,
                   fmt::format("values of type {} have no order; cast to text first", value->type.name()));
      out_.order.push_back({*std::move(value), o.descending, o.nulls_first});
    }
  }

  /// Values that are kept once have no order but their own.
  void bind_distinct_order() {
    if (out_.argument && has_no_order(out_.argument->type))
      return problem_at(s_.args[0].offset,
                        fmt::format("distinct cannot compare values of type {}; cast to text "
                                    "first",
                                    out_.argument->type.name()));
    for (const auto& o : s_.order) {
      const auto value = part(o.value, false);
      if (value && out_.argument &&
          (s_.order.size() > 1 ||
           fingerprint(value->code->root()) != fingerprint(out_.argument->code->root())))
        return problem_at(o.value.offset,
                          "with distinct the values can be ordered by themselves only; expected "
                          "the same expression");
    }
    if (out_.argument)
      out_.order.push_back({*out_.argument, !s_.order.empty() && s_.order[0].descending,
                            !s_.order.empty() && s_.order[0].nulls_first});
  }

  void bind_fraction() {
    const auto value = constant_part(s_.args[0], kind::float64);
    if (value && !value->null && value->d >= 0 && value->d <= 1)
      out_.fraction = value->d;
    else
      problem_at(s_.args[0].offset, fmt::format("the fraction of {} is one number from 0 to 1 that does not "
                                                "depend on rows, such as 0.5",
                                                s_.text));
  }

  void bind_delimiter() {
    const auto value = constant_part(s_.args[1], kind::text);
    if (value && !value->null)
      out_.delimiter = value->text;
    else
      problem_at(s_.args[1].offset,
                 "the delimiter of string_agg is a text that does not depend on rows, such as ', '");
  }

  /// Returns no value for a part that is no constant, which is no problem yet.
  std::optional<constant_value> constant_part(const syntax& s, kind wanted) {
    problems ignored;
    const scope nothing{};
    binder b(nothing, ignored);
    auto n = b.bind(s);
    if (n && n->type != wanted && converts_implicitly(n->type, wanted))
      n = b.coerce(std::move(n), wanted);
    if (!n || n->type != wanted || n->what != op::constant)
      return std::nullopt;
    return n->value;
  }

  binder part_binder() {
    return {names_, found_, [&](const syntax& inner) {
              problem_at(inner.offset,
                         fmt::format("the aggregate {}(...) stands within {}(...), and aggregates do not "
                                     "nest; a window that reads this one can aggregate its rows",
                                     inner.text, s_.text));
              return nullptr;
            }};
  }

  /// A double, as PostgreSQL makes one of any number.
  std::optional<bound> number_part(const syntax& s) {
    auto b = part_binder();
    const auto before = found_.size();
    auto root = b.bind(s);
    if (root && root->type != kind::unknown && !converts_implicitly(root->type, kind::float64)) {
      problem_at(s.offset, fmt::format("{0} needs two numbers, y and x, and this is {1}; cast it, as in "
                                       "(...)::double precision",
                                       s_.text, name_of(root->type)));
      return std::nullopt;
    }
    if (root)
      root = b.coerce(std::move(root), kind::float64);
    if (!root || found_.size() != before)
      return std::nullopt;
    return bound_of(std::move(root), b.take_warnings());
  }

  std::optional<bound> part(const syntax& s, bool condition) {
    auto b = part_binder();
    const auto before = found_.size();
    auto root = condition ? b.bind_boolean(s, "this") : b.bind(s);
    if (root && !condition)
      root = b.finish(std::move(root));
    if (!root || found_.size() != before)
      return std::nullopt;
    return bound_of(std::move(root), b.take_warnings());
  }

  const syntax& s_;
  const scope& names_;
  problems found_;
  bound_aggregate out_;
};

/// The columns that an expression over groups sees: the group's, then one for each further aggregate.
class group_columns {
public:
  group_columns(const group_scope& names, problems& found)
      : names_(names), found_(found), known_(names.aggregates) {}

  node_ptr column_for(const syntax& s) {
    auto a = aggregate_call(s, names_.input).bind();
    if (!a) {
      found_.insert(found_.end(), a.error().begin(), a.error().end());
      return nullptr;
    }
    auto id = identity(*a);
    auto n = std::make_unique<node>();
    n->what = op::column;
    n->type = kind_of(a->result);
    n->column_type = a->result;
    n->offset = s.offset;
    for (const auto& k : known_)
      if (k.identity == id) {
        n->column = k.column;
        return n;
      }
    n->column = names_.next_column + extra_.size();
    known_.push_back({std::move(id), n->column});
    extra_.push_back(*std::move(a));
    return n;
  }

  /// Puts the expressions in the place of names that stand for one, and finds columns of the input that are
  /// in no aggregate.
  void prepare(syntax& s) {
    if (s.what == form::call && (is_aggregate(s.text) || functions_named(s.text).empty()))
      return;  // the records' columns stand there, or nobody knows what
    if (s.what == form::column && !s.flag)
      return prepare_column(s);
    for (auto& a : s.args)
      prepare(a);
  }

  std::vector<bound_aggregate> take_extra() { return std::move(extra_); }

private:
  static bool means(const name_part& name, std::string_view column) {
    return name.name == column || (!name.quoted && fold(name.name) == column);
  }
  static bool has(const data::schema* columns, const name_part& name) {
    return columns != nullptr &&
           (columns->find(name.name) || (!name.quoted && columns->find(fold(name.name))));
  }

  void prepare_column(syntax& s) {
    const auto& name = s.path[0];
    for (const auto& f : names_.formulas)
      if (means(name, f.name))
        if (auto formula = parse(f.text, names_.input.columns)) {  // its problems stand where it is declared
          formula->offset = s.offset;
          s = *std::move(formula);
          return;
        }
    if (has(names_.group.columns, name) || !has(names_.input.columns, name))
      return;
    found_.push_back({s.offset, fmt::format("\"{0}\" differs within a group; put it into an aggregate, as in "
                                            "max({0}), or name it in \"key\"",
                                            name.name)});
    const auto offset = s.offset;
    s = {};  // a null has every type: nothing more is said of it
    s.what = form::null;
    s.offset = offset;
  }

  const group_scope& names_;
  problems& found_;
  std::vector<group_scope::known> known_;
  std::vector<bound_aggregate> extra_;
};

bound_or<bound_over_groups> bind_groups(std::string_view text, const group_scope& names, bool condition) {
  auto s = parse(text, names.group.columns);
  if (!s)
    return tl::unexpected(std::move(s.error()));
  problems found;
  group_columns columns(names, found);
  columns.prepare(*s);
  binder b(names.group, found, [&](const syntax& call) { return columns.column_for(call); });
  auto root = condition ? b.bind_boolean(*s, "having") : b.bind(*s);
  if (root && !condition)
    root = b.finish(std::move(root));
  if (!root || !found.empty())
    return tl::unexpected(std::move(found));
  return bound_over_groups{bound_of(std::move(root), b.take_warnings()), columns.take_extra()};
}

}  // namespace

bool is_aggregate(std::string_view function) { return find(function) != nullptr; }

const std::vector<std::string_view>& aggregate_names() {
  static const auto names = [] {
    std::vector<std::string_view> out;
    for (const auto& a : aggregates)
      out.push_back(a.name);
    return out;
  }();
  return names;
}

std::string identity(const bound_aggregate& a) {
  const auto of = [](const std::optional<bound>& b) {
    return b ? fingerprint(b->code->root()) : std::string();
  };
  auto out = fmt::format("{} {} {} {} {:a} {}:{}", static_cast<int>(a.function), of(a.argument), of(a.filter),
                         a.distinct, a.fraction, a.delimiter.size(), a.delimiter);
  for (const auto& o : a.order)
    out += fmt::format(" {}{}{}", fingerprint(o.value.code->root()), o.descending ? " desc" : "",
                       o.nulls_first ? " nulls first" : "");
  return out;
}

bool is_one_aggregate(std::string_view text, const scope& names) {
  const auto s = parse(text, names.columns);
  return s && s->what == form::call && is_aggregate(s->text);
}

bound_or<bound_aggregate> bind_aggregate(std::string_view text, const scope& names) {
  auto s = parse(text, names.columns);
  if (!s)
    return tl::unexpected(std::move(s.error()));
  if (s->what != form::call || !is_aggregate(s->text))
    return refused(s->offset, fmt::format("expected one aggregate: {}, each with filter (where ...)",
                                          fmt::join(aggregate_names(), ", ")));
  return aggregate_call(*s, names).bind();
}

bound_or<bound_over_groups> bind_over_groups(std::string_view text, const group_scope& names) {
  return bind_groups(text, names, false);
}

bound_or<bound_over_groups> bind_having(std::string_view text, const group_scope& names) {
  return bind_groups(text, names, true);
}

}  // namespace millrace::expression
