// The statements of a chain in PostgreSQL, over the tables `actors`, `records` and `segments` of one
// schema.
#pragma once

#include "runtime/base/error.hpp"

#include <string>
#include <string_view>

namespace millrace::postgresql_chain {

/// The number in `actors.format`: what the columns mean, and how checksums are made.
inline constexpr int stored_format = 1;

struct statements {
  std::string trust;         // -> a row for each finding (actors/connectors/sql/client/trust.hpp)
  std::string tables_there;  // -> one row: 1 where all three tables are there
  std::string make_tables;
  std::string make_actor;  // $1 topology, $2 actor
  std::string find_actor;  // $1 topology, $2 actor -> format, id, life, next
  std::string who_holds;   // $1 id -> life, next
  std::string open;        // the parameters of `append`
  std::string append;      // $1 id, $2 life, $3 number, $4 behind, $5 kind, $6, $7 checksums, $8 payload
  std::string read;        // $1 id, $2 1: all above the mark -> life, floor, a record's columns
  std::string read_one;    // $1 id, $2 number -> a record's columns
  std::string trim;        // $1 id, $2 life, $3 mark, $4 base -> rows updated, bytes removed
  std::string bytes;       // $1 id -> bytes of all payloads
  std::string list;        // $1 topology -> the actors of its chains
  std::string clear;       // $1 topology: all chains of it, and what was spilled beside them
  // These are of spilled output; a change finds no row of `actors` where a life of $2 or above holds the chain.
  std::string write_segment;    // $1 id, $2 life, $3 term, $4 number, $5 checksum, $6 payload
  std::string list_segments;    // $1 id -> term, number
  std::string read_segment;     // $1 id, $2 term, $3 number -> checksum, payload
  std::string remove_segments;  // $1 id, $2 life, $3 terms, $4 numbers -> rows found
  std::string
      keep_segments;  // likewise, $5 term: removes all others of this term and lower ones -> rows found
};

/// A schema's name goes into statements as it is: small letters, digits and _, 40 at most, no digit first.
[[nodiscard]] expected<statements> statements_for(std::string_view schema);

}  // namespace millrace::postgresql_chain
