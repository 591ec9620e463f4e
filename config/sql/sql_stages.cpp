#include "config/sql/sql_stages.hpp"

#include "runtime/expression/statements/foreign_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::config {

const sql::option* find_option(const std::vector<sql::option>& options, std::string_view name) {
  const auto at = std::ranges::find_if(
      options, [&](const sql::option& o) { return o.space.empty() && o.key.text == name; });
  return at == options.end() ? nullptr : &*at;
}

node sql_stages::stage(std::string_view kind, node type, std::size_t at) const {
  auto out = text.empty(node::kind::map, at);
  auto where = type.where;
  add_member(out, std::string(kind), std::move(where), std::move(type));
  return out;
}

node sql_stages::stage(std::string_view kind, std::string type, std::size_t at) const {
  return stage(kind, text.made(std::move(type), at), at);
}

void sql_stages::add(const std::string& name, std::size_t at, node stage) {
  const auto [known, fresh] = taken.emplace(name, at);
  if (!fresh) {
    const auto first = text.at(known->second);
    return say(at, fmt::format("there is a table or view \"{}\" already (at {}:{}); expected another name",
                               name, first.line, first.column));
  }
  all.push_back({name, text.at(at), std::move(stage)});
}

void sql_stages::add_options(node& stage, const std::vector<sql::option>& options,
                             const std::vector<option>& declared) const {
  std::set<std::pair<std::string, std::string>> given;
  for (const auto& o : options) {
    const auto* const whole = find_declared(declared, o.space.empty() ? o.key.text : o.space);
    const auto where = text.at(o.key.at);
    if (const auto here = whole == nullptr ? sql::option_here(o.key.text) : std::nullopt) {
      out.error(where, {}, fmt::format("there is no option \"{}\" here; write {}", o.key.text, *here));
      continue;
    }
    if (!given.emplace(o.space, o.key.text).second ||
        (o.space.empty() && stage.find(o.key.text) != nullptr)) {
      out.error(where, {}, fmt::format("the option \"{}\" is given a second time", o.key.text));
    } else if (o.space.empty()) {
      add_member(stage, o.key.text, where, text.value_of(o, whole, out));
    } else {
      auto* map = stage.find(o.space);
      auto& members = map != nullptr
                          ? map->value
                          : add_member(stage, o.space, where, text.empty(node::kind::map, o.key.at));
      const auto* const declared_member =
          whole == nullptr ? nullptr : find_declared(whole->members, o.key.text);
      if (!members.is_map() || members.find(o.key.text) != nullptr)
        out.error(
            where, {},
            fmt::format("the option \"{}\" is given as a whole, too; expected one of the two", o.space));
      else
        add_member(members, o.key.text, where, text.value_of(o, declared_member, out));
    }
  }
}

std::vector<option> sql_stages::declared_for(const node& stage) const {
  return options_of_stage(stage, connectors);
}

}  // namespace millrace::config
