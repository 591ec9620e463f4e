// Evaluates a tree over one chunk of rows. Branches that a row does not take are not evaluated for it: a
// division in the untaken branch of a case fails nothing.
#pragma once

#include "runtime/data/batch.hpp"
#include "runtime/expression/bind/node.hpp"

namespace millrace::expression {

/// Rows evaluated at a time: arrays of a chunk stay in the first-level cache.
inline constexpr std::size_t chunk_rows = 1024;

class evaluator {
public:
  /// `rows` of `input` from `first`; `input` may be null where the tree reads no column.
  evaluator(arena& memory, const data::batch* input, std::size_t first, std::size_t rows, event_micros now,
            failed_rows& failures)
      : memory_(memory), input_(input), first_(first), rows_(rows), now_(now), failures_(failures) {}

  /// `active`: rows whose value is wanted; null pointer: all. The result lives as long as the arena.
  [[nodiscard]] values run(const node& n, const std::uint8_t* active);

private:
  [[nodiscard]] values column(const node& n);
  [[nodiscard]] values invoke(const node& n, std::span<const values> args, const std::uint8_t* active);
  [[nodiscard]] values logic(const node& n, const std::uint8_t* active);
  [[nodiscard]] values case_when(const node& n, const std::uint8_t* active);
  [[nodiscard]] values coalesce(const node& n, const std::uint8_t* active);
  [[nodiscard]] values extremum(const node& n, const std::uint8_t* active);
  [[nodiscard]] values nullif(const node& n, const std::uint8_t* active);
  [[nodiscard]] values is_null(const node& n, const std::uint8_t* active);
  [[nodiscard]] values is_boolean(const node& n, const std::uint8_t* active);
  [[nodiscard]] values in_list(const node& n, const std::uint8_t* active);
  [[nodiscard]] values between(const node& n, const std::uint8_t* active);
  [[nodiscard]] values distinct_from(const node& n, const std::uint8_t* active);
  [[nodiscard]] values element(const node& n, const std::uint8_t* active);
  [[nodiscard]] values member(const node& n, const std::uint8_t* active);
  [[nodiscard]] values make_list(const node& n, const std::uint8_t* active);
  [[nodiscard]] values cast_elements(const node& n, const std::uint8_t* active);
  [[nodiscard]] values quantified(const node& n, const std::uint8_t* active);

  /// The result is null where an argument is.
  [[nodiscard]] const std::uint8_t* all_present(std::span<const values> args, std::size_t rows);
  /// Copies the elements of `from` in the rows where `where` is set into `to`, an array of kind k.
  void copy_where(kind k, const values& from, const std::uint8_t* where, void* to, std::uint8_t* valid) const;
  [[nodiscard]] void* allocate_array(kind k);
  [[nodiscard]] std::uint8_t* mask(const std::uint8_t* active);

  arena& memory_;
  const data::batch* input_;
  std::size_t first_;
  std::size_t rows_;
  event_micros now_;
  failed_rows& failures_;
};

}  // namespace millrace::expression
