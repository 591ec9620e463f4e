// How options stand in WITH (...), as the reader and the writer of SQL must see it alike.
#pragma once

#include "config/catalog.hpp"
#include "config/core_options.hpp"
#include "config/text/node.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace millrace::config {

/// The declared option of that name; null: there is none.
[[nodiscard]] inline const option* find_declared(const std::vector<option>& declared, std::string_view name) {
  const auto at = std::ranges::find(declared, name, &option::name);
  return at == declared.end() ? nullptr : &*at;
}

/// All options of a stage, by its first key, which says its kind and type; none where that is no kind.
[[nodiscard]] inline std::vector<option> options_of_stage(const node& stage, const catalog& connectors) {
  const auto& first = stage.members.front();
  const auto kind = kind_of_key(first.name);
  return kind ? stage_options(*kind, first.value.text, find_connector(connectors, *kind, first.value.text))
              : std::vector<option>();
}

/// A text with commas is a list of names. `declared`: null where the stage has no such option.
[[nodiscard]] inline bool is_list_of_names(const option* declared) {
  return declared != nullptr &&
         (declared->type == option_type::text_list || declared->type == option_type::key_pairs);
}

[[nodiscard]] inline bool looks_like_json(std::string_view text) {
  return text.starts_with('{') || text.starts_with('[');
}

/// A text that looks like JSON is a map or a list.
[[nodiscard]] inline bool may_be_json(const option* declared) {
  return declared != nullptr &&
         (declared->type == option_type::any || declared->type == option_type::object ||
          declared->type == option_type::text_map || declared->type == option_type::expression_map ||
          declared->type == option_type::key_pairs);
}

}  // namespace millrace::config
