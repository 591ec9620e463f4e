#include "actors/registry/chunk_schemas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <unordered_map>
#include <utility>

namespace millrace::registry {
namespace {

template<class T>
std::vector<T> tail(std::vector<T>& of, std::size_t from) {
  if (of.size() <= from)
    return {};
  std::vector<T> out(std::make_move_iterator(of.begin() + static_cast<std::ptrdiff_t>(from)),
                     std::make_move_iterator(of.end()));
  of.resize(from);
  return out;
}

}  // namespace

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

std::vector<id_in_chunk> ids_of(const source::chunk& c, parser::prefix_form form) {
  std::vector<id_in_chunk> out;
  std::unordered_map<std::uint64_t, std::size_t> places;
  std::size_t last = 0;
  std::string why;
  for (std::size_t i = 0; i < c.records(); ++i) {
    if (c.lengths[i] == source::no_value || c.is_cut(i))
      continue;
    const auto taken = parser::take_prefix(form, c.record(i), why);
    if (!taken || !taken->id)
      continue;
    const auto at = c.positions[i];
    if (out.empty() || out[last].id != *taken->id) {  // records of one id mostly follow each other
      const auto [place, is_new] = places.emplace(*taken->id, out.size());
      last = place->second;
      if (is_new)
        out.push_back({*taken->id, at, at});
    }
    out[last].last = at;
  }
  return out;
}

bool is_asked_for(const id_in_chunk& i, const known_schemas::standing& s) {
  return !s.schema && (!s.without || !(i.last < s.without->until));
}

source::chunk cut_off(source::chunk& c, position at) {
  const auto k = static_cast<std::size_t>(std::lower_bound(c.positions.begin(), c.positions.end(), at) -
                                          c.positions.begin());
  const auto from = c.begins[k];
  source::chunk out;
  out.partition = c.partition;
  out.header = c.header;
  out.schemas = c.schemas;
  out.topic = c.topic;
  out.part = c.part;
  out.lines = c.lines;
  out.from = c.positions[k];
  out.to = c.to;
  out.at_end = std::exchange(c.at_end, false);
  out.caught_up = std::exchange(c.caught_up, false);
  out.drained = std::exchange(c.drained, false);
  c.to = out.from;
  out.bytes = c.bytes.substr(from);
  c.bytes.resize(from);
  c.bytes.append(source::padding, '\0');
  out.begins = tail(c.begins, k);
  for (auto& b : out.begins)
    b -= from;
  out.lengths = tail(c.lengths, k);
  out.positions = tail(c.positions, k);
  out.timestamps = tail(c.timestamps, k);
  out.timestamp_types = tail(c.timestamp_types, k);
  out.keys = tail(c.keys, k);
  out.headers = tail(c.headers, k);
  const auto cut = std::lower_bound(c.cut.begin(), c.cut.end(), k) - c.cut.begin();
  out.cut = tail(c.cut, static_cast<std::size_t>(cut));
  for (auto& i : out.cut)
    i -= static_cast<std::uint32_t>(k);
  return out;
}

}  // namespace millrace::registry
