// What the records of a chunk need of a registry, and the chunk in two parts where a schema has come amid it. Pure.
#pragma once

#include "actors/parsers/record_prefix.hpp"
#include "actors/registry/known_schemas.hpp"
#include "actors/stream/source/source.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace millrace::registry {

/// The greatest id that a registry gives: a greater one is nobody's, and no registry has to be asked.
[[nodiscard]] std::uint64_t greatest_id(parser::prefix_form form);
/// Says why no registry gives such an id, and what the prefix may be instead; empty where one may.
[[nodiscard]] std::string why_no_id(std::uint64_t id, parser::prefix_form form);
/// Returns what follows the reason why a registry has no such schema, where the prefix seems to be another one; else nothing.
[[nodiscard]] std::string_view other_prefix(std::uint64_t id, parser::prefix_form form);

/// An id in a chunk, with the positions of its first and last record there.
struct id_in_chunk {
  std::uint64_t id = 0;
  position first{};
  position last{};
  friend bool operator==(const id_in_chunk&, const id_in_chunk&) = default;
};
/// Which parts of records name schemas of a registry.
struct named_by {
  bool values = true;
  bool keys = false;  // those that the chunk has, as bytes
};
/// The ids of the records that have one, each once, in the order of their first records.
[[nodiscard]] std::vector<id_in_chunk> ids_of(const source::chunk& c, parser::prefix_form form,
                                              named_by parts = {});

/// Tells whether the registry is to be asked for this id: some record of it has neither a schema nor the word that it has none.
[[nodiscard]] bool is_asked_for(const id_in_chunk& i, const known_schemas::standing& s);

}  // namespace millrace::registry
