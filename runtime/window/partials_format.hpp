// Partial aggregates as bytes, for edges between processes; drawn in docs/development/formats.md. States without side
// storage travel as they lie in memory.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/window/partials.hpp"
#include "runtime/wire/bytes.hpp"

namespace millrace::window {

void encode_partials(wire::writer& out, const partials& p);

/// Reads what encode_partials() has written for the same window. One object an edge; one thread at a time.
class partials_reader {
public:
  explicit partials_reader(definition d);
  /// Never trusts the bytes: keys, slices, counts and states are checked before use. A key's tag cannot be
  /// checked cheaply: a wrong one groups wrongly, and does no other harm. Errors: ec::corrupt;
  /// ec::unsupported for another version.
  [[nodiscard]] expected<partials_ptr> read(wire::reader& in) const;

private:
  definition window_;
  layout_ptr layout_;
};

}  // namespace millrace::window
