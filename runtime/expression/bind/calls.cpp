// The binder's calls of functions and operators: overloads, arguments, and what to say where none fits.
#include "runtime/expression/bind/binder.hpp"
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

bool is_instant(const syntax& s) {
  return s.args.empty() &&
         (s.text == "now" || s.text == "transaction_timestamp" || s.text == "statement_timestamp");
}

/// Operators of other languages, and what to write instead.
std::string_view operator_for(std::string_view other) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> others{
      {{"==", "="}, {"&&", "and"}, {"!", "not"}, {"!==", "<>"}}};
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

/// Functions that people reach for, and what to write instead.
std::string_view instead_of(std::string_view function) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 37> others{{
      {"clock_timestamp", "use now(), which is fixed for a batch"},
      {"timeofday", "use now(), which is fixed for a batch"},
      {"random", "a result must depend on the input alone"},
      {"gen_random_uuid", "a result must depend on the input alone"},
      {"nextval", "a result must depend on the input alone"},
      {"row_number", "use a window stage"},
      {"lag", "use a window stage"},
      {"lead", "use a window stage"},
      {"ifnull", "use coalesce(x, y)"},
      {"nvl", "use coalesce(x, y)"},
      {"if", "use case when ... then ... else ... end"},
      {"iif", "use case when ... then ... else ... end"},
      {"date_format", "use to_char(x, 'YYYY-MM-DD')"},
      {"unix_timestamp", "use extract(epoch from x)"},
      {"from_unixtime", "use to_timestamp(x)"},
      {"mean", "use avg(x)"},
      {"count_distinct", "use count(distinct x)"},
      {"countdistinct", "use count(distinct x)"},
      {"approx_count_distinct", "use count(distinct x), which is exact"},
      {"first_value", "use first(x), which goes by event time"},
      {"last_value", "use last(x), which goes by event time"},
      {"len", "use length(x)"},
      {"regexp_matches", "use regexp_match(x, pattern), which gives the groups of the first match as a list"},
      {"regexp_split_to_table", "use unnest(regexp_split_to_array(x, pattern))"},
      {"explode", "use unnest(x)"},
      {"flatten", "use unnest(x)"},
      {"sha256", "use sha256_hex(x)"},
      {"hmac", "use hmac_sha256_hex(key, x)"},
      {"digest", "use sha256_hex(x) or md5(x)"},
      {"encode", "use sha256_hex(x), hmac_sha256_hex(key, x) or base64_encode(x), which take and give text"},
      {"decode", "use base64_decode(x), which gives text"},
      {"convert_to", "functions such as sha256_hex(x) and base64_encode(x) take the text"},
      {"convert_from", "base64_decode(x) gives a text"},
      {"urlencode", "use url_encode(x)"},
      {"urldecode", "use url_decode(x)"},
      {"json_array_elements", "declare the column as a list, such as [\"text\"], and use unnest(x)"},
      {"jsonb_array_elements", "declare the column as a list, such as [\"text\"], and use unnest(x)"},
  }};
  for (const auto& [name, remedy] : others)
    if (name == function)
      return remedy;
  return {};
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
  if (functions_named(s.text).empty()) {
    if (!aggregate_)
      bind_all(s.args);  // else it may be meant as an aggregate, whose arguments name other columns
    return unknown_function(s);
  }
  if (s.star || s.distinct || s.within || !s.filter.empty() || !s.order.empty())
    return problem_at(s.offset, fmt::format("{}(...) is no aggregate: it takes no *, distinct, filter or "
                                            "order by",
                                            s.text));
  auto args = bind_all(s.args);
  return args ? call_named(s, *std::move(args)) : nullptr;
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
  if (is_operator(s.text) && args.size() == 2)
    return problem_at(s.offset, fmt::format("{0} cannot be used between {1} and {2}; cast one of them, as in "
                                            "(...)::{2} {0} ...",
                                            spelled(s.text), called(*args[0]), called(*args[1])));
  if (is_operator(s.text))
    return problem_at(s.offset, fmt::format("{} cannot be used on {}; cast it, as in {}(...)::bigint", s.text,
                                            list_of(args), s.text));
  return problem_at(s.offset,
                    fmt::format("there is no {}({}); there are: {}; cast the arguments, as in (...)::text",
                                s.text, list_of(args), signatures(overloads)));
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
  n->args = std::move(args);
  if (n->type == kind::numeric)
    n->column_type = numeric_type_of_call(*n);
  return fold_constant(std::move(n));
}

std::string meant_by(const syntax& call, bool aggregates_allowed) {
  for (const auto remedy : {instead_of(call.text), instead_of_json(call.text)})
    if (!remedy.empty())
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
