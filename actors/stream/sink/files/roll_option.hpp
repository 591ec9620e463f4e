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
};

/// `doc` says what rolling does, `size_doc` of what `size` is the bytes; `default_size` applies where `roll`
/// is given without a size.
[[nodiscard]] config::option roll_option(std::string doc, std::string size_doc,
                                         std::string default_size = {});
/// Reads what `roll` says; without it there is no limit at all.
[[nodiscard]] roll_options roll_of(const config::values& options);

}  // namespace millrace::sink
