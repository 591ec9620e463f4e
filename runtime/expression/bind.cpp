// The contract's bind functions: parse, bind, and what aggregates and `having` add.
#include "runtime/expression/binder.hpp"
#include "runtime/expression/functions.hpp"
#include "runtime/expression/source_text.hpp"

#include <fmt/format.h>

namespace millrace::expression {
namespace {

bound bound_of(node_ptr root) {
  bound out;
  auto t = traits_of(*root);
  out.columns = std::move(t.columns);
  out.can_fail = t.can_fail;
  out.uses_now = t.uses_now;
  const bool whole = root->type == kind::list || root->type == kind::object || root->what == op::column;
  out.type = whole ? root->column_type : column_type_of(root->type).value_or(data::type_id::text);
  out.code = std::make_shared<const program>(std::move(root));
  return out;
}

auto refused(std::size_t offset, std::string message) {
  return tl::unexpected(problems{{offset, std::move(message)}});
}

bound_or<bound> bind_syntax(const syntax& s, const scope& names, bool condition) {
  problems found;
  binder b(names, found);
  auto root = condition ? b.bind_boolean(s, "this") : b.bind(s);
  if (root && !condition)
    root = b.finish(std::move(root));
  if (!root || !found.empty())
    return tl::unexpected(std::move(found));
  return bound_of(std::move(root));
}

struct named_aggregate {
  std::string_view name;
  aggregate_function function;
};
constexpr named_aggregate aggregates[] = {
    {"count", aggregate_function::count}, {"sum", aggregate_function::sum},
    {"min", aggregate_function::min},     {"max", aggregate_function::max},
    {"avg", aggregate_function::avg},     {"first", aggregate_function::first},
    {"last", aggregate_function::last}};

constexpr std::string_view known_aggregates =
    "count(*), count(x), count(distinct x), sum, min, max, avg, first, last, each with filter (where ...)";

bool is_number(data::type_id id) { return id == data::type_id::bigint || id == data::type_id::float64; }

bound_or<data::type> result_of(aggregate_function f, const data::type& argument, std::string_view name,
                               std::size_t offset) {
  switch (f) {
  case aggregate_function::sum:
  case aggregate_function::avg:
    if (!is_number(argument.id()))
      return refused(offset,
                     fmt::format("{} needs a number, and this is {}; cast it, as in {}((...)::bigint)", name,
                                 argument.name(), name));
    return f == aggregate_function::avg ? data::type(data::type_id::float64) : argument;
  case aggregate_function::min:
  case aggregate_function::max:
    if (argument.is_nested() || argument.id() == data::type_id::json)
      return refused(offset, fmt::format("{} cannot compare values of type {}; cast to text first", name,
                                         argument.name()));
    return argument;
  case aggregate_function::count_distinct:
    if (argument.is_nested())
      return refused(offset,
                     fmt::format("count(distinct x) cannot compare values of type {}", argument.name()));
    return data::type(data::type_id::bigint);
  case aggregate_function::first:
  case aggregate_function::last:
    return argument;
  case aggregate_function::count:
  case aggregate_function::count_rows:
    break;
  }
  return data::type(data::type_id::bigint);
}

/// An identifier before its arguments, which names neither a function nor an aggregate.
bool is_unknown_function(const syntax& s) {
  return s.what == form::call && !word_at(s.text, 0).empty() && functions_named(s.text).empty();
}

std::string no_aggregate(const syntax& s) {
  if (is_unknown_function(s))
    return fmt::format("there is no aggregate {}(...); expected {}{}", s.text, known_aggregates,
                       meant_by(s, true));
  const auto hint = s.what == form::column && s.path.size() == 1 && is_aggregate(fold(s.path[0].name))
                        ? fmt::format("; did you mean {}({})?", fold(s.path[0].name),
                                      fold(s.path[0].name) == "count" ? "*" : "...")
                        : std::string();
  return fmt::format("expected one aggregate: {}{}", known_aggregates, hint);
}

bound_or<bound_aggregate> aggregate_of(const syntax& s, const scope& names) {
  if (s.what != form::call || !is_aggregate(s.text))
    return refused(s.offset, no_aggregate(s));
  bound_aggregate out;
  for (const auto& a : aggregates)
    if (a.name == s.text)
      out.function = a.function;
  if (s.star && s.text != "count")
    return refused(s.offset, fmt::format("only count takes *; {} takes a value", s.text));
  if (s.distinct && s.text != "count")
    return refused(s.offset, fmt::format("distinct goes with count alone, not with {}", s.text));
  if (s.star)
    out.function = aggregate_function::count_rows;
  else if (s.args.size() != 1)
    return refused(s.offset, fmt::format("{} takes one value{}", s.text, s.text == "count" ? ", or *" : ""));
  if (s.distinct)
    out.function = aggregate_function::count_distinct;
  problems found;
  out.result = data::type_id::bigint;
  if (!s.star) {
    auto argument = bind_syntax(s.args[0], names, false);
    if (argument) {
      auto result = result_of(out.function, argument->type, s.text, s.args[0].offset);
      if (result)
        out.result = *result;
      else
        found = std::move(result.error());
      out.argument = *std::move(argument);
    } else {
      found = std::move(argument.error());
    }
  }
  if (!s.filter.empty()) {
    auto filter = bind_syntax(s.filter[0], names, true);
    if (filter)
      out.filter = *std::move(filter);
    else
      found.insert(found.end(), filter.error().begin(), filter.error().end());
  }
  if (!found.empty())
    return tl::unexpected(std::move(found));
  return out;
}

/// Equal for aggregates that compute the same.
std::string identity(const bound_aggregate& a) {
  return fmt::format("{} {} {}", static_cast<int>(a.function),
                     a.argument ? fingerprint(a.argument->code->root()) : "",
                     a.filter ? fingerprint(a.filter->code->root()) : "");
}

/// The columns that a condition of `having` sees: the output's, then one for each further aggregate.
class having_columns {
public:
  having_columns(const scope& output, const scope& input, const std::vector<declared_aggregate>& declared)
      : input_(input), width_(output.columns ? output.columns->size() : 0) {
    for (const auto& d : declared)
      if (auto s = parse(d.text, input.columns))
        if (auto a = aggregate_of(*s, input))  // its own problems are reported where it is declared
          known_.push_back({identity(*a), d.output_column});
  }

  node_ptr column_for(const syntax& s, problems& found) {
    auto a = aggregate_of(s, input_);
    if (!a) {
      found.insert(found.end(), a.error().begin(), a.error().end());
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
    n->column = width_ + extra_.size();
    known_.push_back({std::move(id), n->column});
    extra_.push_back(*std::move(a));
    return n;
  }

  std::vector<bound_aggregate> take_extra() { return std::move(extra_); }

private:
  struct known {
    std::string identity;
    std::size_t column;
  };
  const scope& input_;
  std::size_t width_;
  std::vector<known> known_;
  std::vector<bound_aggregate> extra_;
};

}  // namespace

bound_or<bound> bind(std::string_view text, const scope& names) {
  auto s = parse(text, names.columns);
  if (!s)
    return tl::unexpected(std::move(s.error()));
  return bind_syntax(*s, names, false);
}

bound_or<bound> bind_condition(std::string_view text, const scope& names) {
  auto s = parse(text, names.columns);
  if (!s)
    return tl::unexpected(std::move(s.error()));
  return bind_syntax(*s, names, true);
}

bound_or<bound_aggregate> bind_aggregate(std::string_view text, const scope& names) {
  auto s = parse(text, names.columns);
  if (!s)
    return tl::unexpected(std::move(s.error()));
  return aggregate_of(*s, names);
}

bound_or<bound_having> bind_having(std::string_view text, const scope& output, const scope& input,
                                   const std::vector<declared_aggregate>& declared) {
  auto s = parse(text, output.columns);
  if (!s)
    return tl::unexpected(std::move(s.error()));
  problems found;
  having_columns columns(output, input, declared);
  binder b(output, found, [&](const syntax& call) { return columns.column_for(call, found); });
  auto root = b.bind_boolean(*s, "having");
  if (!root || !found.empty())
    return tl::unexpected(std::move(found));
  return bound_having{bound_of(std::move(root)), columns.take_extra()};
}

}  // namespace millrace::expression
