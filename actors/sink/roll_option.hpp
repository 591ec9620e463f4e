// The option `roll` of sinks that write whole files: the same limits for all of them.
#pragma once

#include "config/catalog.hpp"
#include "runtime/base/time.hpp"

#include <optional>
#include <string>

namespace millrace::sink {

/// When what is being written ends: at the first commit at which one of these is reached.
struct roll_options {
  std::optional<micros> age;  // of the first row
  std::optional<std::uint64_t> size;
  std::optional<std::uint64_t> rows;
};

/// `doc` says what rolling does, `size_doc` of what `size` is the bytes; `default_size` where `roll` is given
/// without one.
[[nodiscard]] config::option roll_option(std::string doc, std::string size_doc,
                                         std::string default_size = {});
/// What `roll` says; without it no limit at all.
[[nodiscard]] roll_options roll_of(const config::values& options);

}  // namespace millrace::sink
