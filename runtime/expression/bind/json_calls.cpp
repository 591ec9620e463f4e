// The binder's side of jsonb: any value made jsonb, paths as arguments, and what to write where PostgreSQL has more, or other types.
#include "runtime/expression/bind/binder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::expression {
namespace {

bool takes(std::string_view name, kind wanted) {
  return std::ranges::any_of(functions_named(name), [&](const function* f) {
    return std::find(f->takes.begin(), f->takes.begin() + f->arity, wanted) != f->takes.begin() + f->arity;
  });
}

}  // namespace

node_ptr binder::as_jsonb(node_ptr n) {
  if (n->type == kind::jsonb)
    return n;
  auto json = as_json(std::move(n));
  return json ? coerce(std::move(json), kind::jsonb) : nullptr;
}

node_ptr binder::extract_path(const syntax& s, const function* f, std::vector<node_ptr> args) {
  const auto from = s.text.starts_with("jsonb") ? kind::jsonb : kind::json;
  const auto is_step = [](const node_ptr& a) { return a->type == kind::text || a->type == kind::unknown; };
  if (args.size() < 2)
    return problem_at(s.offset, fmt::format("{0} takes a {1} and the steps of a path, as in {0}(x, 'a', '0')",
                                            s.text, name_of(from)));
  if (from == kind::json && (args[0]->type == kind::object || args[0]->type == kind::list))
    if (args[0] = as_json(std::move(args[0])); !args[0])
      return nullptr;
  if (!converts_implicitly(args[0]->type, from))
    return problem_at(args[0]->offset,
                      fmt::format("{0} takes a {1}, and this is {2}; cast it, as in (...)::{1}", s.text,
                                  name_of(from), in_words(*args[0])));
  if (const auto other = std::find_if_not(args.begin() + 1, args.end(), is_step); other != args.end())
    return problem_at((*other)->offset,
                      fmt::format("the steps of a path are texts, and this is {}; cast it, as in (...)::text",
                                  in_words(**other)));
  for (auto& a : args)
    if (a = coerce(std::move(a), &a == args.data() ? from : kind::text); !a)
      return nullptr;
  return invoke(s, f, std::move(args));
}

std::string_view instead_of_json(std::string_view name) {
  constexpr std::string_view no_path = "there are no JSON paths here; use x -> 'name', x #>> '{name,0}' and "
                                       "comparisons of what they give, or, of the elements of a list, "
                                       "x @> '[{\"name\": 1}]'";
  constexpr std::string_view no_set =
      "a call that gives many rows has no place here; declare the column as a list, such as [\"text\"], and "
      "use unnest(x); a record that is a list itself is wrapped into an object first (docs/limits.md)";
  constexpr std::string_view no_record = "take the members one by one, as in (x ->> 'name')::bigint";
  static constexpr auto others = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"@?", no_path},
      {"@@", no_path},
      {"jsonb_path_exists", no_path},
      {"jsonb_path_match", no_path},
      {"jsonb_path_query", no_path},
      {"jsonb_path_query_array", no_path},
      {"jsonb_path_query_first", no_path},
      {"json_each", no_set},
      {"json_each_text", no_set},
      {"json_object_keys", no_set},
      {"json_array_elements_text", no_set},
      {"jsonb_each", no_set},
      {"jsonb_each_text", no_set},
      {"jsonb_object_keys", no_set},
      {"jsonb_array_elements_text", no_set},
      {"json_populate_record", no_record},
      {"json_to_record", no_record},
      {"jsonb_populate_record", no_record},
      {"jsonb_to_record", no_record},
      {"json_object", "use json_build_object(name, value, ...)"},
      {"jsonb_object", "use jsonb_build_object(name, value, ...)"},
      {"jsonb_set_lax", "use jsonb_set(x, path, coalesce(value, 'null'))"},
      {"jsonb_exists", "use x ? 'name'"},
      {"json_agg", "use jsonb_agg(x) or to_json(array_agg(x))"},
      {"json_object_agg", "use jsonb_agg(jsonb_build_object('name', x, 'value', y))"},
      {"jsonb_object_agg", "use jsonb_agg(jsonb_build_object('name', x, 'value', y))"},
  });
  const auto found = std::ranges::find(others, name, &std::pair<std::string_view, std::string_view>::first);
  return found == others.end() ? std::string_view{} : found->second;
}

std::string json_remedy(std::string_view name, const std::vector<node_ptr>& args) {
  const auto is = [&](kind k) {
    return std::ranges::any_of(args, [&](const node_ptr& a) { return a->type == k; });
  };
  const bool open = std::ranges::all_of(args, [](const node_ptr& a) {
    return a->type == kind::unknown || a->type == kind::text || a->type == kind::json;
  });
  if (takes(name, kind::jsonb) && !takes(name, kind::json) && is(kind::json))
    return "json has no such operator or function; cast it, as in (...)::jsonb";
  if (takes(name, kind::json) && !takes(name, kind::jsonb) && is(kind::jsonb))
    return "cast the jsonb, as in (...)::json";
  const bool alone = !takes(name, kind::text) || name.starts_with('?') || name == "#-";
  if (takes(name, kind::jsonb) && alone && open)
    return "cast the first of them, as in (...)::jsonb";
  return {};
}

}  // namespace millrace::expression
