#include "runtime/expression/functions/functions.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_map>

namespace millrace::expression {
namespace {

using table = std::unordered_map<std::string_view, std::vector<const function*>>;

const table& all_functions() {
  static const table functions = [] {
    table out;
    for (const auto family : {arithmetic_functions(),     comparison_functions(),
                              number_functions(),         text_functions(),
                              text_part_functions(),      pattern_functions(),
                              temporal_functions(),       date_functions(),
                              interval_functions(),       format_functions(),
                              json_functions(),           jsonb_functions(),
                              jsonb_change_functions(),   list_functions(),
                              list_element_functions(),   regular_expression_functions(),
                              further_number_functions(), composed_time_functions(),
                              text_template_functions(),  encoding_functions(),
                              null_count_functions(),     time_of_day_functions()})
      for (const auto& f : family)
        out[f.name].push_back(&f);
    return out;
  }();
  return functions;
}

}  // namespace

const std::vector<const function*>& functions_named(std::string_view name) {
  static const std::vector<const function*> none;
  const auto found = all_functions().find(name);
  return found == all_functions().end() ? none : found->second;
}

std::vector<std::string_view> function_names() {
  std::vector<std::string_view> out;
  for (const auto& [name, overloads] : all_functions())
    if ((name[0] >= 'a' && name[0] <= 'z') && name.find(' ') == std::string_view::npos)
      out.push_back(name);
  std::sort(out.begin(), out.end());  // the order of suggestions must not depend on hashing
  return out;
}

std::vector<const function*> every_function() {
  std::vector<const function*> out;
  for (const auto& [name, overloads] : all_functions())
    out.insert(out.end(), overloads.begin(), overloads.end());
  std::stable_sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  return out;
}

const function* cast_function(kind from, kind to, int bits) {
  const auto name = bits == 32 ? "int4" : bits == 16 ? "int2" : "cast";
  for (const auto& f : cast_functions())
    if (f.name == name && f.takes[0] == from && f.gives == to)
      return &f;
  return nullptr;
}

const function* numeric_cast_to_scale() {
  for (const auto& f : cast_functions())
    if (f.name == "scale")
      return &f;
  return nullptr;
}

const function* type_modifier(std::string_view name, kind of) {
  for (const auto& f : type_modifiers())
    if (f.name == name && f.takes[0] == of)
      return &f;
  return nullptr;
}

const function* output_function(kind from) {
  for (const auto& f : cast_functions())
    if (f.name == "output" && f.takes[0] == from)
      return &f;
  return cast_function(from, kind::text);
}

const function* comparison(std::string_view op, kind k) {
  for (const auto* f : functions_named(op))
    if (f->arity == 2 && f->takes[0] == k && f->takes[1] == k)
      return f;
  return nullptr;
}

void failed_rows::add(std::size_t row, std::string message) { rows_.push_back({row, std::move(message)}); }

std::vector<failed_rows::failed>& failed_rows::sorted() {
  std::stable_sort(rows_.begin(), rows_.end(),
                   [](const failed& a, const failed& b) { return a.row < b.row; });
  rows_.erase(std::unique(rows_.begin(), rows_.end(),
                          [](const failed& a, const failed& b) { return a.row == b.row; }),
              rows_.end());
  return rows_;
}

void call::set_null(std::size_t row) {
  if (!own_valid) {
    own_valid = allocate<std::uint8_t>(*memory, rows);
    if (valid)
      std::memcpy(own_valid, valid, rows);
    else
      std::memset(own_valid, 1, rows);
  }
  own_valid[row] = 0;
}

}  // namespace millrace::expression
