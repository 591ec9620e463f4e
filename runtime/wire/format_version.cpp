#include "runtime/wire/format_version.hpp"

#include "runtime/base/earlier_format.hpp"

#include <fmt/format.h>

namespace millrace::wire {

expected<void> read_format_version(reader& in, std::string_view what, std::uint8_t reads) {
  const auto found = in.fixed<std::uint8_t>();
  if (!in.ok() || found == reads)
    return {};
  if (found != 0 && found < reads)
    return earlier_format(what, found, reads, "or start over with --fresh");
  return fatal_error(ec::unsupported,
                     fmt::format("{} has format {}, this version of millrace reads format {}; run the "
                                 "version that wrote it",
                                 what, found, reads));
}

}  // namespace millrace::wire
