// Declares the option `roll` of sinks that write whole files, with the same limits for all of them.
#pragma once

#include "config/catalog.hpp"
#include "runtime/base/time.hpp"

#include <optional>
#include <string>

namespace millrace::sink {

/// The files being written end at the first commit at which one of these is reached.
struct roll_options {
  std::optional<micros> age;  // age of the first row
  std::optional<std::uint64_t> size;
  std::optional<std::uint64_t> rows;

  [[nodiscard]] bool is_full(std::uint64_t row_count, std::uint64_t bytes) const;
  /// Returns how long the files may still grow older, 0 if they are old enough; no value where no age ends them. `since`: the
  /// commit of their first row, 0 before it.
  [[nodiscard]] std::optional<micros> left(event_micros since, event_micros now) const;
  [[nodiscard]] bool is_due(std::uint64_t row_count, std::uint64_t bytes, event_micros since,
                            event_micros now) const;
};

/// The moments at which a file, or what stands for one, becomes a part.
struct part_options {
  roll_options roll;
  std::optional<std::uint64_t> keep;  // whole parts to keep; the oldest ones beyond that go. None: all
};

/// `doc` says what rolling does, `size_doc` of what `size` is the bytes; `default_size` applies where `roll`
/// is given without a size.
[[nodiscard]] config::option roll_option(std::string doc, std::string size_doc,
                                         std::string default_size = {});
/// Reads what `roll` says; without it there is no limit at all.
[[nodiscard]] roll_options roll_of(const config::values& options);
/// Reads `keep` as well.
[[nodiscard]] part_options parts_of(const config::values& options);

}  // namespace millrace::sink
