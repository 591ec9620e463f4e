// The binder's calls of functions and operators: overloads, arguments, and what to say where none fits.
#include "runtime/expression/bind/binder.hpp"
#include "runtime/expression/bind/foreign_calls.hpp"
#include "runtime/expression/bind/lambdas.hpp"
#include "runtime/expression/bind/numeric_scales.hpp"
#include "runtime/expression/bind/overload.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::expression {
namespace {

std::vector<kind> kinds_of(const std::vector<node_ptr>& args) {
  std::vector<kind> out;
  out.reserve(args.size());
  for (const auto& a : args)
    out.push_back(a->type);
  return out;
}

std::string list_of(const std::vector<node_ptr>& args) {
  std::string out;
  for (const auto& a : args)
    out.append(out.empty() ? "" : ", ").append(name_of(a->type));
  return out;
}

bool is_operator(std::string_view name) {
  return name.find_first_not_of("+-*/<>=~!@#%^&|`?") == std::string_view::npos;
}

bool names_instant(std::string_view name) {
  return name == "now" || name == "transaction_timestamp" || name == "statement_timestamp";
}

bool is_instant(const syntax& s) { return s.args.empty() && names_instant(s.text); }

/// The arguments of a function that has no overloads, being bound by itself; empty for others.
std::string_view own_arguments(std::string_view name) {
  return names_instant(name) ? "no argument: now()" : name == "date" ? "one argument: date(at)" : "";
}

/// Operators of other languages, and what to write instead.
std::string_view operator_for(std::string_view other) {
  static constexpr auto others =
      std::to_array<std::pair<std::string_view, std::string_view>>({{"==", "="},
                                                                    {"===", "="},
                                                                    {"&&", "and"},
                                                                    {"!", "not"},
                                                                    {"!==", "<>"},
                                                                    {"<=>", "is not distinct from"},
                                                                    {"=~", "~"},
                                                                    {"**", "^"},
                                                                    {"??", "coalesce(x, y)"}});
  for (const auto& [theirs, ours] : others)
    if (theirs == other)
      return ours;
  return {};
}

/// The operator as people write it: the syntax tree has PostgreSQL's signs for `like` and its kin.
std::string_view spelled(std::string_view op) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> words{
      {{"~~", "like"}, {"!~~", "not like"}, {"~~*", "ilike"}, {"!~~*", "not ilike"}}};
  const auto* const found =
      std::ranges::find(words, op, &std::pair<std::string_view, std::string_view>::first);
  return found == words.end() ? op : found->second;
}

/// A literal in quotes whose type is still open is a text to people.
std::string called(const node& value) { return value.type == kind::unknown ? "text" : in_words(value); }

/// The first list of anything but texts; a null pointer where there is none.
const node* list_of_no_texts(const std::vector<node_ptr>& args) {
  const auto found = std::ranges::find_if(args, [](const node_ptr& a) {
    return a->type == kind::list && a->column_type.element().id() != data::type_id::text;
  });
  return found == args.end() ? nullptr : found->get();
}

bool unites_lists(const function* f) { return f->elements != element_types::any; }

/// Says what to write where an operator does not fit lists.
std::string remedy_of_lists(std::string_view op, const std::vector<node_ptr>& args) {
  const auto is_list = [](const node_ptr& a) { return a->type == kind::list; };
  if (const auto other = operator_for(op); !other.empty() && std::ranges::none_of(args, is_list))
    return fmt::format("did you mean {}?", other);
  if (std::ranges::all_of(args, is_list) && args[0]->column_type == args[1]->column_type)
    return "lists have no such operator; compare their elements, as in x[1]";
  return "cast one of them, as in (...)::text[]";
}

/// Says what is meant by a sum of a text.
std::string remedy_of_joining(const std::vector<node_ptr>& args) {
  auto out = fmt::format("+ cannot be used between {} and {}; texts are joined by ||", called(*args[0]),
                         called(*args[1]));
  const auto other = std::ranges::find_if(
      args, [](const node_ptr& a) { return a->type != kind::text && a->type != kind::unknown; });
  const bool is_number = other != args.end() && category((*other)->type) == category(kind::bigint);
  if (other != args.end())
    out += fmt::format(", and a {} in a text is cast, as in (...)::{}", is_number ? "number" : "duration",
                       is_number ? name_of((*other)->type) : "interval");
  return out;
}

/// Finds the casts of one operand, else of both, that make the operator fit.
class fitting_cast {
public:
  fitting_cast(const syntax& s, const std::vector<const function*>& overloads,
               const std::vector<node_ptr>& args)
      : op_(s.text), overloads_(overloads) {
    for (std::size_t i = 0; i < 2; ++i)
      from_[i] = args[i]->type == kind::unknown ? kind::text : args[i]->type;
  }

  /// A text is cast first, to the type beside it or to a number. Empty where no cast helps.
  [[nodiscard]] std::string remedy() const {
    const auto first = static_cast<std::size_t>(from_[1] == kind::text);
    for (const auto of : {first, 1 - first})
      for (const auto to : targets(from_[1 - of]))
        if (of == 0 ? fits(to, from_[1]) : fits(from_[0], to))
          return "cast one of them, as in " + (of == 0 ? fmt::format("{} {} ...", cast(0, to), spelled(op_))
                                                       : fmt::format("... {} {}", spelled(op_), cast(1, to)));
    for (const auto to : targets(from_[0]))
      if (fits(to, to))
        return fmt::format("cast both, as in {} {} {}", cast(0, to), spelled(op_), cast(1, to));
    return {};
  }

  /// The pairs that the operator has for the left operand, or for the right one.
  [[nodiscard]] std::string expected() const {
    for (const std::size_t of : {0, 1}) {
      std::vector<std::string> pairs;
      for (const auto* f : overloads_)
        if (f->arity == 2 && f->takes[of] == from_[of])
          pairs.push_back(fmt::format("{} {} {}", name_of(f->takes[0]), spelled(op_), name_of(f->takes[1])));
      if (!pairs.empty())
        return fmt::format("expected {}", fmt::join(pairs, " or "));
    }
    return {};
  }

private:
  static std::vector<kind> targets(kind other) {
    return {other, kind::numeric, kind::bigint, kind::float64, kind::text, kind::timestamptz, kind::interval};
  }

  /// A json has few casts of its own: it goes by its text.
  [[nodiscard]] static bool goes_by_text(kind from, kind to) {
    return from == kind::json && cast_function(from, to) == nullptr;
  }

  [[nodiscard]] static bool becomes(kind from, kind to) {
    return from == to || cast_function(goes_by_text(from, to) ? kind::text : from, to) != nullptr;
  }

  [[nodiscard]] std::string cast(std::size_t operand, kind to) const {
    return fmt::format("(...)::{}{}", goes_by_text(from_[operand], to) ? "text::" : "", name_of(to));
  }

  [[nodiscard]] bool fits(kind left, kind right) const {
    if (!becomes(from_[0], left) || !becomes(from_[1], right))
      return false;
    const std::array kinds{left, right};
    return (op_ == "||" && std::ranges::find(kinds, kind::text) != kinds.end()) ||
           choose(overloads_, kinds) != nullptr;
  }

  const std::string& op_;
  const std::vector<const function*>& overloads_;
  std::array<kind, 2> from_{};
};

/// The arguments as the text has them.
std::vector<std::string> written_of(const syntax& call) {
  std::vector<std::string> out;
  for (const auto& part : call.path)
    out.push_back(part.name);
  return out;
}

/// Whether it is a word such as HOUR in a call of other languages, and no column.
bool is_foreign_unit(const syntax& s, const scope& names) {
  return s.what == form::column && s.path.size() == 1 && !s.path[0].quoted &&
         is_unit_of_time(s.path[0].name) &&
         (names.columns == nullptr || !names.columns->find(fold(s.path[0].name)));
}

}  // namespace

node_ptr binder::call(const syntax& s) {
  if (is_operator(s.text) && s.args.size() == 2 && std::ranges::any_of(s.args, is_row))
    return compared_rows(s);
  if (is_aggregate(s.text)) {
    if (aggregate_)
      return aggregate_(s);
    return problem_at(s.offset, fmt::format("the aggregate {}(...) cannot stand here; aggregates belong to a "
                                            "window's \"aggregates\" or \"having\"",
                                            s.text));
  }
  if (is_instant(s))
    return instant(s);
  if (s.text == "date" && s.args.size() == 1) {
    auto n = bind(s.args[0]);
    return n ? cast_to(std::move(n), kind::date, 64, s.offset) : nullptr;
  }
  if (s.text == "unnest")
    return unnest(s);
  const bool has_unit = !s.path.empty() && std::ranges::any_of(s.args, [&](const auto& a) {
    return is_foreign_unit(a, names_);
  });
  const bool is_unknown = functions_named(s.text).empty();
  // The arguments of an aggregate name other columns.
  const auto* const lambda = aggregate_             ? nullptr
                             : is_unknown           ? lambda_in(s, names_)
                             : is_lambda(s, names_) ? &s
                                                    : nullptr;
  if (lambda != nullptr)
    return problem_at(lambda->args[0].offset, std::string(no_lambdas));
  if (is_unknown) {
    if (!aggregate_)  // else it may be meant as an aggregate, whose arguments name other columns
      for (const auto& a : s.args)
        if (s.path.empty() || (s.text != "convert" && !is_foreign_unit(a, names_)))
          static_cast<void>(bind(a));
    return unknown_function(s);
  }
  if (const auto remedy = has_unit ? remedy_of_same_call(s.text, written_of(s)) : std::string();
      !remedy.empty())
    return problem_at(s.offset, fmt::format("{} takes other arguments here; {}", s.text, remedy));
  if (s.star || s.distinct || s.within || !s.filter.empty() || !s.order.empty())
    return problem_at(s.offset, fmt::format("{}(...) is not an aggregate: it takes no *, distinct, filter or "
                                            "order by",
                                            s.text));
  auto args = bind_all(s.args);
  warn_of_null(s);
  const auto before = found_.size();
  auto out = args ? call_named(s, *std::move(args)) : nullptr;
  if (!out && s.text == "+" && found_.size() == before + 1 &&
      found_.back().message.ends_with(" is not a bigint"))
    found_.back().message += "; texts are joined by ||";
  else if (!out && !s.path.empty() && found_.size() == before + 1 &&
           found_.back().message.find("write ") == std::string::npos)
    if (const auto remedy = remedy_of_same_call(s.text, written_of(s)); !remedy.empty())
      found_.back().message += fmt::format("; {}", remedy);
  return out;
}

node_ptr binder::call_named(const syntax& s, std::vector<node_ptr> args) {
  const auto& overloads = functions_named(s.text);
  if (args.size() == 1 && s.text == "to_json")
    return as_json(std::move(args[0]));
  if (args.size() == 1 && s.text == "to_jsonb")
    return as_jsonb(std::move(args[0]));
  if (args.size() == 2 && (s.text == "->" || s.text == "->>" || s.text == "#>" || s.text == "#>>")) {
    const auto before = found_.size();
    if (auto n = json_member(s, args); n || found_.size() != before)
      return n;
    if (s.text[0] == '#' && args[1]->type == kind::list &&
        args[1]->column_type.element().id() != data::type_id::text)
      return problem_at(args[1]->offset,
                        fmt::format("a path is a list of texts, and this is {}; cast it, as in (...)::text[]",
                                    args[1]->column_type.name()));
  }
  const auto to_text = [&](node_ptr n) -> node_ptr {
    const auto at = n->offset;
    return cast_to(std::move(n), kind::text, 64, at);
  };
  if (overloads.front()->any_types &&
      (s.text.starts_with("json_extract_") || s.text.starts_with("jsonb_extract_")))
    return extract_path(s, overloads.front(), std::move(args));
  if (overloads.front()->any_types &&
      (overloads.front()->gives == kind::json || overloads.front()->gives == kind::jsonb))
    return build_json(s, overloads.front(), std::move(args));
  if (overloads.front()->any_types) {
    warn_of_call(s, overloads.front(), args);
    if (overloads.front()->gives != kind::bigint)
      for (auto& a : args)
        if (a = written(std::move(a)); !a)
          return nullptr;
    if (args.size() < (s.text == "concat_ws" ? 2U : 1U))
      return problem_at(s.offset, fmt::format("{} takes more arguments", s.text));
    return invoke(s, overloads.front(), std::move(args));
  }
  if (std::ranges::all_of(overloads, unites_lists) ||
      (std::ranges::any_of(overloads, unites_lists) &&
       std::ranges::any_of(args, [](const node_ptr& a) { return a->type == kind::list; })))
    return list_call(s, std::move(args));
  if (s.text == "||" && args.size() == 2) {  // text beside anything makes text of it
    const auto open = [](const node_ptr& n) { return n->type == kind::text || n->type == kind::unknown; };
    const bool beside_jsonb = args[0]->type == kind::jsonb || args[1]->type == kind::jsonb;
    const auto is_text = [](const node_ptr& n) { return n->type == kind::text; };
    if (beside_jsonb ? is_text(args[0]) || is_text(args[1]) : open(args[0]) || open(args[1]))
      for (auto& a : args)
        if (a = to_text(std::move(a)); !a)
          return nullptr;
  }
  if (args.size() == 1 && (s.text == "quote_literal" || s.text == "quote_nullable"))  // they take anything
    if (args[0] = to_text(std::move(args[0])); !args[0])
      return nullptr;
  const auto* f = choose(overloads, kinds_of(args));
  if (!f)
    return no_overload(s, args);
  if (refuse_dimensions(s, args))
    return nullptr;
  if (const auto* other = f->takes[0] == kind::jsonb ? list_of_no_texts(args) : nullptr)
    return problem_at(other->offset,
                      fmt::format("{} takes a list of texts, and this is {}; cast it, as in (...)::text[]",
                                  s.text, other->column_type.name()));
  return invoke(s, f, std::move(args));
}

node_ptr binder::written(node_ptr n) {
  const auto at = n->offset;
  const auto* f = output_function(n->type);
  if (n->type != kind::boolean || !f)
    return cast_to(std::move(n), kind::text, 64, at);
  auto out = make(op::call, kind::text, at);
  out->fn = f;
  out->args.push_back(std::move(n));
  return fold_constant(std::move(out));
}

node_ptr binder::build_json(const syntax& s, const function* f, std::vector<node_ptr> args) {
  const bool object = f->name.ends_with("object");
  if (object && args.size() % 2 != 0)
    return problem_at(
        s.offset, fmt::format("{} takes names and values by turns, and the last name has no value", s.text));
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto is = args[i]->type;
    if (object && i % 2 == 0 && (category(is) == category(kind::json) || is == kind::list))
      return problem_at(args[i]->offset,
                        fmt::format("a member's name cannot be {}; use a text", name_of(is)));
    if (args[i] = as_json(std::move(args[i])); !args[i])
      return nullptr;
  }
  return invoke(s, f, std::move(args));
}

node_ptr binder::unknown_function(const syntax& s) {
  if (is_operator(s.text) && !instead_of_json(s.text).empty())
    return problem_at(s.offset, fmt::format("there is no operator {}; {}", s.text, instead_of_json(s.text)));
  if (is_operator(s.text))
    return problem_at(s.offset, operator_for(s.text).empty()
                                    ? fmt::format("there is no operator {}", s.text)
                                    : fmt::format("there is no operator {}; did you mean {}?", s.text,
                                                  operator_for(s.text)));
  if (const auto own = own_arguments(s.text); !own.empty()) {
    const auto remedy = remedy_of_same_call(s.text, written_of(s));
    return problem_at(s.offset,
                      fmt::format("{} takes {}{}{}", s.text, own, remedy.empty() ? "" : "; ", remedy));
  }
  return problem_at(s.offset, fmt::format("there is no function {}(...){}", s.text,
                                          meant_by(s, static_cast<bool>(aggregate_))));
}

node_ptr binder::no_overload(const syntax& s, const std::vector<node_ptr>& args) {
  const auto& overloads = functions_named(s.text);
  const auto is_list = [](const node_ptr& a) { return a->type == kind::list; };
  if (const auto remedy = json_remedy(s.text, args); !remedy.empty())
    return problem_at(s.offset, is_operator(s.text) && args.size() == 2
                                    ? fmt::format("{} cannot be used between {} and {}; {}", spelled(s.text),
                                                  called(*args[0]), called(*args[1]), remedy)
                                    : fmt::format("there is no {}({}); there are: {}; {}", s.text,
                                                  list_of(args), signatures(overloads), remedy));
  if (is_operator(s.text) && args.size() == 2 &&
      (std::ranges::any_of(args, is_list) || std::ranges::all_of(overloads, unites_lists)))
    return problem_at(s.offset,
                      fmt::format("{} cannot be used between {} and {}; {}", spelled(s.text),
                                  called(*args[0]), called(*args[1]), remedy_of_lists(s.text, args)));
  if (args.size() == 1 && is_list(args[0]) && s.path.empty() && s.text.ends_with("length"))
    return problem_at(s.offset,
                      fmt::format("{} takes a text, and this is {}; cardinality(x) is how many elements "
                                  "a list has",
                                  s.text, args[0]->column_type.name()));
  const auto is_text = [](const node_ptr& a) { return a->type == kind::text || a->type == kind::unknown; };
  if (s.text == "+" && args.size() == 2 && std::ranges::any_of(args, is_text))
    return problem_at(s.offset, remedy_of_joining(args));
  if (is_operator(s.text) && args.size() == 2) {
    const fitting_cast casts(s, overloads, args);
    const auto remedy = casts.remedy();
    const auto says = remedy.empty() ? casts.expected() : remedy;
    return problem_at(s.offset,
                      fmt::format("{} cannot be used between {} and {}{}{}", spelled(s.text),
                                  called(*args[0]), called(*args[1]), says.empty() ? "" : "; ", says));
  }
  if (is_operator(s.text))
    return problem_at(s.offset, fmt::format("{} cannot be used on {}; cast it, as in {}(...)::bigint", s.text,
                                            list_of(args), s.text));
  if (const auto remedy = s.path.empty() ? std::string() : remedy_of_same_call(s.text, written_of(s));
      !remedy.empty())
    return problem_at(s.offset, fmt::format("there is no {}({}); {}", s.text, list_of(args), remedy));
  const bool fits =
      std::ranges::any_of(overloads, [&](const function* f) { return f->arity == args.size(); });
  return problem_at(s.offset, fmt::format("there is no {}({}); there are: {}{}", s.text, list_of(args),
                                          signatures(overloads),
                                          fits ? "; cast the arguments, as in (...)::text" : ""));
}

node_ptr binder::invoke(const syntax& s, const function* f, std::vector<node_ptr> args) {
  auto n = make(op::call, f->gives, s.offset);
  n->fn = f;
  if (f->gives == kind::list)  // a list of texts, where the caller does not know better
    n->column_type = data::type::list_of(data::type_id::text);
  std::vector<std::optional<std::string_view>> texts;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (!f->any_types)
      args[i] = coerce(std::move(args[i]), f->takes[i]);
    if (!args[i])
      return nullptr;
    const auto is = args[i]->type;
    const bool is_a_text = is == kind::text || is == kind::json || is == kind::jsonb;
    const bool known = args[i]->what == op::constant && is_a_text && !args[i]->value.null;
    texts.push_back(known ? std::optional(args[i]->value.text) : std::nullopt);
  }
  if (f->prepare) {
    auto prepared = f->prepare(texts);
    if (!prepared)
      return problem_at(args[prepared.error().index]->offset, std::move(prepared.error().message));
    n->prepared = *std::move(prepared);
  }
  warn_of_call(s, f, args);
  n->args = std::move(args);
  if (n->type == kind::numeric)
    n->column_type = numeric_type_of_call(*n);
  return fold_constant(std::move(n));
}

/// Whether what a remedy tells to write begins with an aggregate.
static bool writes_aggregate(std::string_view remedy) {
  constexpr std::string_view write = "write ";
  if (!remedy.starts_with(write))
    return false;
  const auto call = remedy.substr(remedy.find_first_not_of('(', write.size()));
  return is_aggregate(call.substr(0, call.find('(')));
}

std::string meant_by(const syntax& call, bool aggregates_allowed) {
  if (const auto remedy = remedy_of_foreign_call(call.text, written_of(call)); !remedy.empty())
    return fmt::format("; {}{}", remedy,
                       !aggregates_allowed && writes_aggregate(remedy)
                           ? "; it is an aggregate, which belongs to a window's \"aggregates\" or \"having\""
                           : "");
  if (const auto remedy = instead_of_json(call.text); !remedy.empty())
    return fmt::format("; {}", remedy);
  const auto aggregate = closest(call.text, aggregate_names());
  const bool as_aggregate =
      call.star || call.distinct || call.within || !call.filter.empty() || !call.order.empty();
  // The nearest name that may stand here is suggested; an aggregate that may not only if no such name is
  // near.
  auto names = aggregates_allowed ? aggregate_names() : std::vector<std::string_view>{};
  if (!as_aggregate)
    for (const auto f : function_names())
      names.push_back(f);
  if (!as_aggregate)
    names.push_back("unnest");
  if (const auto near = closest(call.text, names); !near.empty())
    return fmt::format("; did you mean {}({})?", near, call.star ? "*" : "...");
  if (!aggregate.empty())
    return fmt::format("; did you mean the aggregate {}(...)? Aggregates belong to a window's \"aggregates\" "
                       "or \"having\"",
                       aggregate);
  return {};
}

}  // namespace millrace::expression
