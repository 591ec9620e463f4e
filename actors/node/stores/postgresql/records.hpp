// Says what the records of one actor mean once they have been read from PostgreSQL: which of them count, and
// what is damaged. Plain functions without I/O.
#pragma once

#include "runtime/chain/chain.hpp"
#include "runtime/chain/life.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace millrace::postgresql_chain {

/// The values are part of the stored format.
enum class record_kind : std::uint8_t { opening = 1, increment = 2, base = 3 };

/// Holds one row of the table `records`. Numbers begin with 1 and have no gap.
struct record {
  std::uint64_t number = 0;
  std::uint64_t behind = 0;  // the number of the record that it goes on from; 0: it is the first
  chain::life by;
  record_kind kind = record_kind::opening;
  std::uint64_t payload_checksum = 0;
  std::uint64_t checksum = 0;  // over all the above, the topology and the actor
  std::string payload;
};

/// Names whose records they are; they are part of every checksum.
struct owner {
  std::string topology;
  std::string actor;
};

/// Fills in both checksums of `r`, whose payload is `payload`.
void seal(record& r, const owner& of, std::string_view payload);
/// A record whose columns are whole has a link that can be trusted, also where its payload is damaged.
[[nodiscard]] bool are_columns_whole(const record& r, const owner& of);
[[nodiscard]] bool is_whole(const record& r, const owner& of);

struct restored {
  chain::contents contents;
  chain::weight weight;
  std::uint64_t base_number = 0;  // the base that counts; 0: there is none
  bool needs_older = false;       // records below the given ones are needed, and nothing else is filled in
};

/// Walks from the record `tail` back to the newest base that is whole, by the links; what no link leads to
/// belongs to an append that failed (R4). A damaged base is passed over in favour of the records that it
/// stands for. `all` holds every record above `floor`, and loses its payloads. ec::corrupt, with the remedy,
/// where a record that is needed is damaged or missing; `shown` says where that is.
[[nodiscard]] expected<restored> restore(std::map<std::uint64_t, record> all, std::uint64_t tail,
                                         std::uint64_t floor, const owner& of, std::string_view shown);

}  // namespace millrace::postgresql_chain
