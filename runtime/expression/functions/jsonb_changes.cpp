// jsonb made of jsonb: ||, -, #-, jsonb_set, jsonb_insert and jsonb_pretty.
#include "runtime/expression/formats/json_text.hpp"
#include "runtime/expression/formats/jsonb_edits.hpp"
#include "runtime/expression/formats/jsonb_order.hpp"
#include "runtime/expression/formats/jsonb_text.hpp"
#include "runtime/expression/functions/kernel.hpp"

#include <fmt/format.h>

namespace millrace::expression {
namespace {

/// Keeps a value that others have made longer, or deeper.
std::string_view grown(row& r, const std::string& jsonb) {
  if (jsonb.size() > longest_result)
    return r.fail(
        fmt::format("this makes a jsonb that is too long; at most {} bytes are allowed", longest_result));
  if (levels_of(jsonb) > deepest_json)
    return r.fail(fmt::format("this makes a jsonb of more than {} levels", deepest_json));
  return r.keep(jsonb);
}

values concatenated_jsonb(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view a, std::string_view b) -> std::string_view {
    auto& out = r.text();
    append_concatenated(out, a, b);
    return grown(r, out);
  })>(c, args);
}

values without_text(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view jsonb, std::string_view name) -> std::string_view {
    if (is_jsonb_scalar(jsonb))
      return r.fail("nothing can be removed from a jsonb that is neither an object nor an array");
    auto& out = r.text();
    append_without(out, jsonb, text_set({&name, nullptr, 1, kind::text}));
    return r.keep(out);
  })>(c, args);
}

values without_texts(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view jsonb, list_value names) -> std::string_view {
    if (is_jsonb_scalar(jsonb))
      return r.fail("nothing can be removed from a jsonb that is neither an object nor an array");
    auto& out = r.text();
    append_without(out, jsonb, text_set(names));
    return r.keep(out);
  })>(c, args);
}

values without_index(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view jsonb, std::int64_t index) -> std::string_view {
    if (jsonb[0] != '[')
      return r.fail("an element can be removed by its index from a jsonb that is an array alone");
    auto& out = r.text();
    append_without_element(out, jsonb, index);
    return r.keep(out);
  })>(c, args);
}

std::string_view edited(row& r, std::string_view jsonb, const list_value& path, std::string_view changed,
                        path_edit how) {
  if (is_jsonb_scalar(jsonb))
    return r.fail("a path leads into a jsonb that is an object or an array alone, and this one is neither");
  if (jsonb.size() == 2 && (how == path_edit::remove || how == path_edit::replace))
    return jsonb;  // nothing is in it, and the path is not looked at
  auto& out = r.text();
  if (auto problem = append_edited(out, jsonb, path, changed, how))
    return r.fail(*std::move(problem));
  return grown(r, out);
}

values without_path(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view jsonb, list_value path) {
    return edited(r, jsonb, path, {}, path_edit::remove);
  })>(c, args);
}

template<path_edit Otherwise, path_edit Where>
values changed_where(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view jsonb, list_value path, std::string_view changed, bool where) {
    return edited(r, jsonb, path, changed, where ? Where : Otherwise);
  })>(c, args);
}
template<path_edit How>
values changed(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view jsonb, list_value path, std::string_view changed) {
    return edited(r, jsonb, path, changed, How);
  })>(c, args);
}

values pretty(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view jsonb) -> std::string_view {
    auto& out = r.text();
    if (!append_pretty(out, jsonb, longest_result))
      return r.fail(fmt::format("jsonb_pretty makes a text that is too long; at most {} bytes are allowed",
                                longest_result));
    return r.keep(out);
  })>(c, args);
}

constexpr auto change_entries = std::to_array<function>({
    entry("||", {kind::jsonb, kind::jsonb}, kind::jsonb, concatenated_jsonb, true),
    entry("-", {kind::jsonb, kind::text}, kind::jsonb, without_text, true),
    entry("-", {kind::jsonb, kind::bigint}, kind::jsonb, without_index, true),
    entry("-", {kind::jsonb, kind::list}, kind::jsonb, without_texts, true),
    entry("#-", {kind::jsonb, kind::list}, kind::jsonb, without_path, true),
    entry("jsonb_set", {kind::jsonb, kind::list, kind::jsonb}, kind::jsonb, changed<path_edit::set>, true),
    entry("jsonb_set", {kind::jsonb, kind::list, kind::jsonb, kind::boolean}, kind::jsonb,
          changed_where<path_edit::replace, path_edit::set>, true),
    entry("jsonb_insert", {kind::jsonb, kind::list, kind::jsonb}, kind::jsonb,
          changed<path_edit::insert_before>, true),
    entry("jsonb_insert", {kind::jsonb, kind::list, kind::jsonb, kind::boolean}, kind::jsonb,
          changed_where<path_edit::insert_before, path_edit::insert_after>, true),
    entry("jsonb_pretty", {kind::jsonb}, kind::text, pretty, true),
});

}  // namespace

std::span<const function> jsonb_change_functions() { return change_entries; }

}  // namespace millrace::expression
