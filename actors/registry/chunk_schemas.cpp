#include "actors/registry/chunk_schemas.hpp"

#include <fmt/format.h>

#include <limits>
#include <unordered_map>
#include <utility>

namespace millrace::registry {

std::uint64_t greatest_id(parser::prefix_form form) {
  return form == parser::prefix_form::confluent ? std::numeric_limits<std::int32_t>::max()
                                                : std::numeric_limits<std::int64_t>::max();
}

std::string why_no_id(std::uint64_t id, parser::prefix_form form) {
  if (form == parser::prefix_form::confluent && id == 0)
    return "the record names schema 0, and registries count from 1: are these the first bytes of an id of 8, "
           "\"prefix\": \"apicurio\"?";
  return id <= greatest_id(form)
             ? std::string()
             : fmt::format("the record names schema {}, and a registry gives ids up to {}; it was written "
                           "otherwise, or \"prefix\" is another one",
                           id, greatest_id(form));
}

std::string_view other_prefix(std::uint64_t id, parser::prefix_form form) {
  // Four bytes of an id, and what follows it.
  constexpr std::uint64_t least = std::uint64_t{1} << 32;
  return form == parser::prefix_form::apicurio && id >= least
             ? "; is it an id of 4 bytes and a part of the record, \"prefix\": \"confluent\"?"
             : "";
}

std::vector<id_in_chunk> ids_of(const source::chunk& c, parser::prefix_form form, named_by parts) {
  std::vector<id_in_chunk> out;
  std::unordered_map<std::uint64_t, std::size_t> places;
  std::string why;
  // `last`: where the id of the record before stands, since records of one id mostly follow each other.
  const auto note = [&](std::string_view bytes, position at, std::size_t& last) {
    const auto taken = parser::take_prefix(form, bytes, why);
    if (!taken || !taken->id)
      return;
    if (out.empty() || out[last].id != *taken->id) {
      const auto [place, is_new] = places.emplace(*taken->id, out.size());
      last = place->second;
      if (is_new)
        out.push_back({*taken->id, at, at});
    }
    out[last].last = at;
  };
  std::size_t last_of_keys = 0;
  std::size_t last_of_values = 0;
  for (std::size_t i = 0; i < c.records(); ++i) {
    if (c.is_cut(i))
      continue;
    if (parts.keys && i < c.keys.size() && c.keys[i])
      note(*c.keys[i], c.positions[i], last_of_keys);
    if (parts.values && c.lengths[i] != source::no_value)
      note(c.record(i), c.positions[i], last_of_values);
  }
  return out;
}

bool is_asked_for(const id_in_chunk& i, const known_schemas::standing& s) {
  return !s.schema && (!s.without || !(i.last < s.without->until));
}

}  // namespace millrace::registry
