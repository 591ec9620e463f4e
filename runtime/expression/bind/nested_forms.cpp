// The binder's side of lists and objects: elements, members, lists that are written out, any and all, and
// json made of them.
#include "runtime/expression/bind/binder.hpp"
#include "runtime/expression/bind/overload.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::expression {
std::string in_words(const node& n) {
  return n.type == kind::list || n.type == kind::object ? n.column_type.name() : std::string(name_of(n.type));
}

std::optional<std::size_t> find_member(const data::type& object, const name_part& name) {
  const auto& fields = object.fields();
  const auto find = [&](std::string_view wanted) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (fields[i].name == wanted)
        return i;
    return std::nullopt;
  };
  auto at = find(name.name);
  return at || name.quoted ? at : find(fold(name.name));
}

namespace {

/// The nearest ways to a member of a list's elements.
std::string of_elements(const data::type& list, const name_part& name) {
  std::string out = "; take an element first, as in x[1]";
  const auto& element = list.element();
  if (const auto at = find_member(element, name)) {
    const auto& member = element.fields()[*at];
    out += fmt::format(
        "; unnest(x) makes a row of each element, and to_jsonb(x) @> '[{{\"{}\": {}}}]' asks whether any "
        "of them has that value",
        member.name, member.type.is_bytes() ? "\"a\"" : "0");
  }
  return out;
}

}  // namespace

std::string no_member(const data::type& type, const name_part& name, const std::string& of) {
  if (type.id() != data::type_id::object)
    return fmt::format("{} is {} and has no members{}", of, type.name(),
                       type.id() == data::type_id::json   ? "; use -> and ->>"
                       : type.id() == data::type_id::list ? of_elements(type, name)
                                                          : "");
  std::vector<std::string_view> members;
  for (const auto& f : type.fields())
    members.push_back(f.name);
  const auto near = closest(name.name, members);
  return fmt::format("{} has no member \"{}\"{}", of, name.name,
                     near.empty() ? std::string{} : fmt::format("; did you mean \"{}\"?", near));
}

node_ptr binder::element(const syntax& s) {
  auto args = bind_all(s.args);
  if (!args)
    return nullptr;
  auto& list = args->front();
  if (list->type != kind::list)
    return problem_at(s.offset,
                      list->type == kind::json || list->type == kind::jsonb
                          ? "json has no subscripts here; write x -> 0 (its elements count from 0)"
                          : fmt::format("a subscript needs a list, and this is {}", in_words(*list)));
  if (!is_subscript((*args)[1]))
    return nullptr;
  warn_of_index(s);
  auto n = make(op::element, element_of(*list), s.offset);
  n->column_type = data::type(list->column_type.element());
  n->args = *std::move(args);
  return fold_constant(std::move(n));
}

bool binder::is_subscript(node_ptr& index) {
  if (converts_implicitly(index->type, kind::bigint))
    index = coerce(std::move(index), kind::bigint);
  else
    index = problem_at(index->offset,
                       fmt::format("a subscript must be bigint, and this is {}", in_words(*index)));
  return index != nullptr;
}

node_ptr binder::slice(const syntax& s) {
  auto args = bind_all(s.args);
  if (!args)
    return nullptr;
  auto& list = args->front();
  if (list->type != kind::list)
    return problem_at(s.offset, fmt::format("a slice needs a list, and this is {}", in_words(*list)));
  if (!is_subscript((*args)[1]) || !is_subscript((*args)[2]))
    return nullptr;
  const auto type = list->column_type;
  auto n = invoke(s, functions_named("[:]").front(), *std::move(args));
  if (n)
    n->column_type = type;
  return n;
}

node_ptr binder::member(const syntax& s) {
  auto object = bind(s.args[0]);
  if (!object)
    return nullptr;
  if (object->type != kind::object)
    return problem_at(
        s.offset,
        fmt::format("this is {} and has no members{}", in_words(*object),
                    object->type == kind::json || object->type == kind::jsonb ? "; use -> and ->>" : ""));
  // the parser has folded what stands unquoted, so a name in any case is looked for
  auto name = s.path[0];
  for (const auto& f : object->column_type.fields())
    if (!find_member(object->column_type, name) && fold(f.name) == fold(name.name))
      name.name = f.name;
  const auto found = find_member(object->column_type, name);
  if (!found)
    return problem_at(s.offset, no_member(object->column_type, name, "this object"));
  const data::type type = object->column_type.fields()[*found].type;
  auto n = make(op::member, kind_of(type), s.offset);
  n->column_type = type;
  n->path.push_back(*found);
  n->args.push_back(std::move(object));
  return n;
}

node_ptr binder::list(const syntax& s) {
  if (s.args.empty())
    return problem_at(s.offset, "array[] does not say of what; write '{}'::text[]");
  auto args = bind_alike(s.args, "array[...]", s.offset);
  if (!args)
    return nullptr;
  auto& first = args->front();
  if (first->type == kind::interval)
    return problem_at(s.offset, "intervals cannot stand in a list; cast them to text");
  if (first->type == kind::time)
    return problem_at(s.offset, "times of day cannot stand in a list; cast them to text");
  for (auto& a : *args)
    if (a->type == kind::timestamp)
      if (a = coerce(std::move(a), kind::timestamptz); !a)
        return nullptr;
  const bool has_column_type =
      first->type == kind::list || first->type == kind::object || first->type == kind::numeric;
  const auto element = has_column_type ? first->column_type : *column_type_of(first->type);
  auto n = make(op::make_list, kind::list, s.offset);
  n->column_type = data::type::list_of(element);
  n->args = *std::move(args);
  return fold_constant(std::move(n));
}

node_ptr binder::cast_list(const syntax& s, kind element) {
  auto n = bind(s.args[0]);
  return n ? cast_elements(std::move(n), element, s.offset) : nullptr;
}

node_ptr binder::cast_elements(node_ptr n, kind element, std::size_t offset) {
  if (n->type == kind::unknown || n->type == kind::text)
    n = cast_to(std::move(n), kind::list, 64, offset);
  if (!n)
    return nullptr;
  if (n->type != kind::list)
    return problem_at(offset, fmt::format("{} cannot be cast to a list", in_words(*n)));
  if (element == kind::timestamp)
    element = kind::timestamptz;
  const auto type = column_type_of(element);
  if (n->column_type.element().id() == data::type_id::list)
    return problem_at(
        offset,
        fmt::format(
            "{0} cannot be cast to a list of {1}: the lists in it would become its elements; cast one of "
            "them, as in (x[1])::{1}[]",
            in_words(*n), name_of(element)));
  const auto from = n->value.null && n->what == op::constant ? element : element_of(*n);
  const auto* f = from == element ? nullptr : cast_function(from, element);
  if (!type || (!f && from != element))
    return problem_at(offset,
                      fmt::format("{} cannot be cast to a list of {}", in_words(*n), name_of(element)));
  if (!f) {
    n->column_type = data::type::list_of(*type);
    return n;
  }
  auto out = make(op::cast_elements, kind::list, offset);
  out->column_type = data::type::list_of(*type);
  out->fn = f;
  out->args.push_back(std::move(n));
  return fold_constant(std::move(out));
}

node_ptr binder::list_literal(node_ptr n, kind element) {
  const auto at = n->offset;
  auto out = cast_elements(std::move(n), element, at);
  return !out || out->what == op::constant ? std::move(out) : read_literal(std::move(out));
}

node_ptr binder::quantified(const syntax& s) {
  auto args = bind_all(s.args);
  if (!args)
    return nullptr;
  auto& value = args->front();
  auto& list = (*args)[1];
  if (list->type == kind::unknown && (list = cast_to(std::move(list), kind::list, 64, s.offset), !list))
    return nullptr;
  if (list->type != kind::list)
    return problem_at(list->offset, fmt::format("{} (...) takes a list, and this is {}; use in (...)",
                                                s.flag ? "all" : "any", in_words(*list)));
  // an array literal takes the type of what it is compared with
  const bool literal = s.args[1].what == form::string;
  const auto element = element_of(*list);
  const auto common = literal && value->type != kind::unknown ? std::optional(value->type)
                                                              : common_kind(std::array{value->type, element});
  const auto* f =
      common && *common != kind::list ? comparison(s.text == "!=" ? "<>" : s.text, *common) : nullptr;
  if (!f)
    return problem_at(s.offset, fmt::format("{} cannot be used between {} and the elements of {}", s.text,
                                            in_words(*value), in_words(*list)));
  if (f->gives != kind::boolean)
    return problem_at(s.offset,
                      fmt::format("{0} (...) takes an operator that is true or false, such as =, < or ~, and "
                                  "{1} gives {2}",
                                  s.flag ? "all" : "any", s.text, name_of(f->gives)));
  if (value = coerce(std::move(value), *common); !value)
    return nullptr;
  if (element != *common && (list = cast_elements(std::move(list), *common, s.offset), !list))
    return nullptr;
  auto n = make(op::quantified, kind::boolean, s.offset);
  n->fn = f;
  n->flag = s.flag;
  n->args = *std::move(args);
  return fold_constant(std::move(n));
}

bool binder::refuse_dimensions(const syntax& s, const std::vector<node_ptr>& args) {
  if (args.empty() || args[0]->type != kind::list ||
      args[0]->column_type.element().id() != data::type_id::list)
    return false;
  const bool counts = s.text == "array_length" || s.text == "array_upper" || s.text == "array_lower";
  const auto first = [](const node& n) { return n.what == op::constant && !n.value.null && n.value.i == 1; };
  if (s.text == "cardinality")
    problem_at(
        s.offset,
        "cardinality(...) of lists in a list would count the elements of all of them; array_length(x, 1) "
        "counts the lists");
  else if (s.text == "array_to_string")
    problem_at(s.offset, "array_to_string(...) cannot write lists in a list; use to_json(x)::text");
  else if (s.text == "array_ndims")
    problem_at(s.offset, "array_ndims(...) of lists in a list has no answer: they may differ in length, so "
                         "they are not dimensions");
  else if (counts && !first(*args[1]))
    problem_at(args[1]->offset,
               "lists in a list may differ in length, so they have no second dimension; ask for 1, or for "
               "the length of one of them, as in array_length(x[1], 1)");
  else
    return false;
  return true;
}

namespace {

/// It is made of a column of type text, as line::json is.
bool is_of_text(const node& n) {
  return n.what == op::column ? n.type == kind::text : !n.args.empty() && is_of_text(*n.args.front());
}

}  // namespace

node_ptr binder::unnest(const syntax& s) {
  if (!unnest_)
    return problem_at(s.offset, "unnest(...) cannot stand here; it belongs to the \"columns\" of a select "
                                "upstream of windows, where it gives a row for each element");
  if (s.args.size() != 1 || s.star || s.distinct || s.within || !s.filter.empty() || !s.order.empty())
    return problem_at(s.offset, "unnest(...) takes one list and nothing else");
  auto args = bind_all(s.args);
  if (!args || refuse_unnest(*args, "unnest(...)"))
    return nullptr;
  auto& list = args->front();
  if (list->type != kind::list)
    return problem_at(
        s.offset, fmt::format("unnest(...) takes a list, and this is {}{}", in_words(*list),
                              list->type != kind::json ? ""
                              : is_of_text(*list)
                                  ? "; no list is made of a text: let the parser json read it, with the "
                                    "list in its schema; a record that is a list itself is wrapped into an "
                                    "object first (docs/limits.md)"
                                  : "; declare the column as a list in the parser's schema, such as "
                                    "[\"text\"] or [{\"name\": \"text\"}]"));
  auto identity = fingerprint(*list);
  if (unnest_->list && unnest_->identity != identity)
    return problem_at(s.offset, "this select unnests another list already; unnest one of the two in a select "
                                "of its own, downstream of this one");
  auto n = make(op::column, element_of(*list), s.offset);
  n->column = names_.columns->size();
  n->column_type = data::type(list->column_type.element());
  if (!unnest_->list)
    *unnest_ = {std::make_shared<const bound>(bound_of(std::move(list))), std::move(identity)};
  n->prepared = unnest_->list;
  return n;
}

bool binder::refuse_unnest(const std::vector<node_ptr>& args, std::string_view within) {
  const std::function<bool(const node_ptr&)> reads_elements = [&](const node_ptr& n) {
    return is_element_of_unnest(*n) || std::any_of(n->args.begin(), n->args.end(), reads_elements);
  };
  const auto at = unnest_ ? std::find_if(args.begin(), args.end(), reads_elements) : args.end();
  if (at == args.end())
    return false;
  problem_at((*at)->offset, fmt::format("unnest(...) cannot stand within {}; name the element a column here, "
                                        "and go on with it in a select downstream of this one",
                                        within));
  return true;
}

node_ptr binder::as_json(node_ptr n) {
  if (n->type == kind::json)
    return n;
  if (n->type == kind::jsonb)
    return coerce(std::move(n), kind::json);
  if (n->type == kind::unknown && (n = coerce(std::move(n), kind::text), !n))
    return nullptr;
  const auto& all = functions_named("to_json");
  const auto f =
      std::find_if(all.begin(), all.end(), [&](const function* o) { return o->takes[0] == n->type; });
  const auto offset = n->offset;
  if (f == all.end())
    return problem_at(offset, fmt::format("{} cannot become json; cast it to text", in_words(*n)));
  auto out = make(op::call, kind::json, offset);
  out->fn = *f;
  out->args.push_back(std::move(n));
  return fold_constant(std::move(out));
}

node_ptr binder::json_member(const syntax& s, std::vector<node_ptr>& args) {
  auto& from = args[0];
  // The result of `->` on an object still counts as one.
  if (from->what == op::call && from->fn->name == "to_json" && from->args[0]->type == kind::object)
    from = std::move(from->args[0]);
  const auto& key = *args[1];
  const bool one_step = s.text == "->" || s.text == "->>";
  const bool text_key = one_step && key.what == op::constant && !key.value.null &&
                        (key.type == kind::unknown || key.type == kind::text);
  if (from->type == kind::object && text_key) {
    const data::type type = from->column_type;
    const auto found = find_member(type, {std::string(key.value.text), true});
    if (!found)
      return problem_at(key.offset, no_member(type, {std::string(key.value.text), true}, "this object"));
    const data::type member_type = type.fields()[*found].type;
    node_ptr n;
    if (from->what == op::column) {
      n = std::move(from);
    } else {
      n = make(op::member, kind::object, s.offset);
      n->args.push_back(std::move(from));
    }
    n->path.push_back(*found);
    n->type = kind_of(member_type);
    n->column_type = member_type;
    if (s.text == "->>" && n->type == kind::text)
      return n;
    n = as_json(std::move(n));
    if (!n || s.text == "->")
      return n;
    auto text = make(op::call, kind::text, s.offset);
    text->fn = functions_named("json_as_text").front();
    text->args.push_back(std::move(n));
    return text;
  }
  if (from->type == kind::object || from->type == kind::list)
    from = as_json(std::move(from));
  return nullptr;
}

}  // namespace millrace::expression
