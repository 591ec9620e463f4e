#include "config/sql/written_columns.hpp"

#include "config/core_options.hpp"
#include "runtime/data/type.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace millrace::config {
namespace {

using expression::quoted_identifier;

/// PostgreSQL cuts longer names.
constexpr std::size_t longest_type_name = 63;

/// A member `type`, and none but those that go with it.
bool is_long_column(const node& n) {
  return n.is_map() && n.find("type") != nullptr && std::ranges::all_of(n.members, [](const member& m) {
           return std::ranges::any_of(column_options(), [&](const option& o) { return o.name == m.name; });
         });
}

class column_writer {
public:
  column_writer(written_types& types, report& out) : types_(types), out_(out) {}

  written_items columns(const node& map, const std::string& name, const std::string& path, bool nested) {
    written_items out;
    for (const auto& m : map.members)
      out.push_back(column(m, fmt::format("{}_{}", name, m.name), join(path, m.name), nested));
    return out;
  }

  written_schema_columns result;

private:
  written_text column(const member& m, const std::string& name, const std::string& path, bool nested) {
    auto text = quoted_identifier(m.name) + " ";
    const node* type = &m.value;
    if (is_long_column(m.value)) {
      type = &m.value.find("type")->value;
      // A map in the long form is nested, whatever its members are called.
      text += type->is_map() ? nested_type(*type, name, join(path, "type")) : type_of(*type, name, path);
      text += formats(m.value, nested);
    } else {
      text += type_of(*type, name, path);
    }
    return {std::move(text), m.value, path, false};
  }

  std::string formats(const node& column, bool nested) {
    std::string out;
    for (const auto& m : column.members) {
      if (m.name == "type")
        continue;
      if (nested || !m.value.is_text())
        result.as_json = true;
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", m.name, text_literal(m.value.text));
    }
    return out.empty() ? out : fmt::format(" OPTIONS ({})", out);
  }

  std::string type_of(const node& n, const std::string& name, const std::string& path) {
    if (n.is_text() && n.text.find("${") != std::string::npos) {
      result.as_json = true;  // a variable stands in texts alone
      return {};
    }
    if (n.is_text())
      if (const auto type = data::type_of_name(n.text))
        return type->id() == data::type_id::float64 ? "double precision" : type->name();
    if (is_long_column(n)) {  // an element's
      const auto& type = n.find("type")->value;
      result.as_json = result.as_json || n.members.size() > 1;
      return type.is_map() ? nested_type(type, name, join(path, "type")) : type_of(type, name, path);
    }
    if (n.is_map())
      return nested_type(n, name, path);
    if (n.what == node::kind::list && n.items.size() == 1)
      return type_of(n.items.front(), name, path + "[0]") + "[]";
    out_.error(
        n.where, path,
        fmt::format("{} is not a type of a column; expected one, such as \"text\", a map, or a list with "
                    "the type of its elements",
                    describe(n)));
    return "text";
  }

  std::string nested_type(const node& map, const std::string& name, const std::string& path) {
    if (map.members.empty()) {
      out_.error(map.where, path, "the map is empty; expected at least one column");
      return "text";
    }
    const auto inner = columns(map, name, path, true);
    return types_.name_of(inner, name, result.types);
  }

  written_types& types_;
  report& out_;
};

}  // namespace

std::string written_types::name_of(const written_items& columns, const std::string& wish,
                                   written_items& fresh) {
  std::string key;
  for (const auto& c : columns)
    key += c.text() + ",\n";
  const auto [at, is_new] = by_columns_.emplace(std::move(key), std::string());
  if (!is_new)
    return quoted_identifier(at->second);
  auto name = wish;
  for (std::size_t n = 2; name.size() > longest_type_name || !taken_.insert(name).second; ++n)
    name = fmt::format("type_{}", n);
  at->second = name;
  written_text statement{fmt::format("CREATE TYPE {} AS ", quoted_identifier(name))};
  statement += listed(columns, statement.text().size(), 2, "(", ")");
  fresh.push_back(std::move(statement));
  return quoted_identifier(name);
}

written_schema_columns write_columns(const node& schema, const std::string& table, const std::string& path,
                                     written_types& types, report& out) {
  auto tried = types;
  column_writer w(tried, out);
  if (schema.is_map())
    w.result.columns = w.columns(schema, table, path, false);
  else
    out.error(schema.where, path,
              fmt::format("found {}; expected a map of column names to types", describe(schema)));
  if (w.result.as_json)
    return {{}, {}, true};
  types = std::move(tried);
  return std::move(w.result);
}

}  // namespace millrace::config
