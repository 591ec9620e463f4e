#include "config/text/overlay.hpp"

#include "config/text/reader.hpp"
#include "config/text/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace millrace::config {
namespace {

/// Drops the nulls of a patch that meets nothing: there is nothing for them to remove.
void drop_nulls(node& n) {
  if (!n.is_map())
    return;
  std::erase_if(n.members, [](const member& m) { return m.value.what == node::kind::null; });
  for (auto& m : n.members)
    drop_nulls(m.value);
}

struct assignment {
  std::vector<std::string> keys;
  std::string value;
  int column = 1;  // the value's column, within the argument
};

/// Splits PATH=VALUE; nothing when it is no such thing.
std::optional<assignment> split(const std::string& argument) {
  assignment out;
  std::string key;
  bool quoted = false;
  bool closed = false;  // the key was in quotes that have ended
  for (std::size_t i = 0; i < argument.size(); ++i) {
    const char c = argument[i];
    if (quoted) {
      quoted = c != '"';
      closed = !quoted;
      if (quoted)
        key += c;
    } else if (c == '"' && key.empty() && !closed) {
      quoted = true;
    } else if (c == '.' || c == '=') {
      if (key.empty() && !closed)
        return std::nullopt;
      out.keys.push_back(std::move(key));
      key.clear();
      closed = false;
      if (c == '=') {
        out.value = argument.substr(i + 1);
        out.column = static_cast<int>(i) + 2;
        return out;
      }
    } else if (closed) {
      return std::nullopt;
    } else {
      key += c;
    }
  }
  return std::nullopt;
}

void locate_all(node& n, const location& where) {
  n.where = where;
  for (auto& item : n.items)
    locate_all(item, where);
  for (auto& m : n.members) {
    m.where = where;
    locate_all(m.value, where);
  }
}

node value_of(const assignment& a, const location& where) {
  // Wrapped, because the reader wants a map; a broken value is text, so its findings are dropped.
  report unused;
  auto wrapped = read_json("{\"v\":" + a.value + "\n}", std::string(set_file), unused);
  if (wrapped && unused.errors() == 0 && wrapped->members.size() == 1) {
    node value = std::move(wrapped->members.front().value);
    locate_all(value, where);
    return value;
  }
  node text;
  text.what = node::kind::text;
  text.text = a.value;
  text.where = where;
  --text.where.column;  // there is no quote in front of its first character
  return text;
}

std::vector<std::string> names_in(const node& map) {
  std::vector<std::string> out;
  for (const auto& m : map.members)
    out.push_back(m.name);
  return out;
}

}  // namespace

void merge(node& target, node patch) {
  if (!patch.is_map()) {
    target = std::move(patch);
    return;
  }
  if (!target.is_map()) {
    drop_nulls(patch);
    target = std::move(patch);
    return;
  }
  // A table finds members by their names: a map may have as many of them as a file holds.
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < target.members.size(); ++i)
    places.emplace(target.members[i].name, i);
  std::unordered_set<std::string> removed;
  for (auto& change : patch.members) {
    const auto at = places.find(change.name);
    if (change.value.what == node::kind::null) {
      removed.insert(change.name);
    } else if (at == places.end()) {
      drop_nulls(change.value);
      places.emplace(change.name, target.members.size());
      target.members.push_back(std::move(change));
    } else {
      auto& old = target.members[at->second];
      if (!old.value.is_map() || !change.value.is_map())
        old.where = change.where;
      merge(old.value, std::move(change.value));
    }
  }
  if (!removed.empty())
    std::erase_if(target.members, [&](const member& m) { return removed.contains(m.name); });
}

void apply_set(node& target, const std::string& argument, report& out) {
  const std::string file(set_file);
  const auto a = split(argument);
  if (!a || first_invalid_utf8(argument)) {
    // The value may be a secret: only what stands before the sign is shown.
    const auto shown =
        argument.find('=') == std::string::npos ? argument : argument.substr(0, argument.find('='));
    out.error({file, 1, 1}, {},
              fmt::format("\"{}\" is not PATH=VALUE; expected a form like stages.clicks.rate=10/s",
                          first_invalid_utf8(shown) ? "?" : shown));
    return;
  }
  node* at = &target;
  std::string path;
  int column = 1;
  for (std::size_t i = 0; i + 1 < a->keys.size(); ++i) {
    const auto& key = a->keys[i];
    auto* found = at->find(key);
    path = join(path, key);
    if (found == nullptr && i < 2) {
      out.error({file, 1, column}, path,
                fmt::format("there is no \"{}\" in the topology to set something in; expected one of {}{}",
                            key, one_of(names_in(*at)), did_you_mean(key, names_in(*at))));
      return;
    }
    if (found == nullptr) {
      node empty;
      empty.what = node::kind::map;
      empty.where = {file, 1, column};
      at->members.push_back({key, {file, 1, column}, std::move(empty)});
      found = &at->members.back();
    }
    if (!found->value.is_map()) {
      out.error({file, 1, column}, path,
                fmt::format("this is {}, nothing can be set in it; expected the path of a map",
                            describe(found->value)));
      return;
    }
    at = &found->value;
    column += static_cast<int>(key.size()) + 1;
  }
  node value = value_of(*a, {file, 1, a->column});
  node patch;
  patch.what = node::kind::map;
  patch.members.push_back({a->keys.back(), {file, 1, column}, std::move(value)});
  merge(*at, std::move(patch));
}

}  // namespace millrace::config
