// The schemas of a registry that a source's records were read with, as the state keeps them: entries in the text of the log's
// identity, so that the same records are read alike when the registry is away or has another schema under an id. Pure; the
// format is drawn in docs/development/formats.md.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::source {

/// Records of one partition with one id, below a position, have no schema.
struct schemaless {
  position until{};
  std::uint64_t span =
      0;  // positions behind the last record that was looked at, for which the registry is not asked again
  std::string why{};
  friend bool operator==(const schemaless&, const schemaless&) = default;
};

struct kept_schemas {
  std::map<std::uint64_t, std::shared_ptr<const std::string>> by_id{};
  std::map<std::pair<std::uint64_t, std::string>, schemaless> unknown{};  // keyed by id and partition
};

/// One entry each.
[[nodiscard]] std::string format_schema(std::uint64_t id, std::string_view text);
[[nodiscard]] std::string format_schemaless(std::uint64_t id, std::string_view partition,
                                            const schemaless& s);

/// The text of an identity without such entries, whatever texts were put one after the other.
[[nodiscard]] std::string without_schemas(std::string_view identity);
/// The entries alone, as they stand there.
[[nodiscard]] std::string only_schemas(std::string_view identity);
/// The entries of such a text; of two about the same thing the later one counts. ec::corrupt for damaged ones, ec::unsupported
/// for those of a later version.
[[nodiscard]] expected<kept_schemas> schemas_in(std::string_view identity);

}  // namespace millrace::source
