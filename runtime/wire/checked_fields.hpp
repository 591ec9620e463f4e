// Members of which not all bytes are right: kinds, and maps and sets whose keys ascend (runtime/wire/fields.hpp).
#pragma once

#include "runtime/wire/fields.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <type_traits>
#include <utility>

namespace millrace::wire {

/// A varint from 0 to `last`; others fail.
template<class Enum>
void field_of_kind(auto& c, Enum& e, std::remove_const_t<Enum> last) {
  auto number = static_cast<std::uint32_t>(e);
  c.members(number);
  if constexpr (!std::is_const_v<Enum>) {
    if (number > static_cast<std::uint32_t>(last))
      c.in.fail();
    else
      e = static_cast<Enum>(number);
  }
}

/// Keys ascend, so that equal maps have equal bytes; others fail.
template<class Key, class Value>
void field_of_map(encoder& c, const std::map<Key, Value>& all) {
  c.out.varint(all.size());
  for (const auto& [key, value] : all)
    c.members(key, value);
}
template<class Key, class Value>
void field_of_map(decoder& c, std::map<Key, Value>& all) {
  for (auto left = c.in.varint(); left > 0 && c.in.ok(); --left) {
    std::pair<Key, Value> entry;
    c.members(entry.first, entry.second);
    if (!all.empty() && !(all.rbegin()->first < entry.first))
      c.in.fail();
    if (c.in.ok())
      all.emplace_hint(all.end(), std::move(entry));
  }
}

template<class Key>
void field_of_set(encoder& c, const std::set<Key>& all) {
  c.out.varint(all.size());
  for (const auto& key : all)
    c.field(key);
}
template<class Key>
void field_of_set(decoder& c, std::set<Key>& all) {
  for (auto left = c.in.varint(); left > 0 && c.in.ok(); --left) {
    Key key;
    c.field(key);
    if (!all.empty() && !(*all.rbegin() < key))
      c.in.fail();
    if (c.in.ok())
      all.emplace_hint(all.end(), std::move(key));
  }
}

}  // namespace millrace::wire
