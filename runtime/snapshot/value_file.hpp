// A small named value in two copies, NAME.1 and NAME.2, each replaced atomically; a generation number says
// which is newer. Used for the format of the state folder.
#pragma once

#include "runtime/snapshot/checksum.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::snapshot {

struct value_header {
  char magic[8];
  std::uint16_t version;
  std::uint16_t reserved;
  std::uint32_t name_length;
  std::uint64_t checksum;  // XXH3-64 of the whole file, this field taken as 0
  std::uint64_t generation;
  std::uint64_t payload_length;
};
static_assert(sizeof(value_header) == 40, "the value file's header is 40 bytes");

struct stored_value {
  std::string payload;
  std::uint64_t generation = 0;
  bool copies_differ = false;  // a crash or damage: write it again
};

[[nodiscard]] std::string encode_value(std::string_view name, std::string_view payload,
                                       std::uint64_t generation);
[[nodiscard]] reading decode_value(std::string_view bytes, std::string_view name, stored_value& out);

/// The newest whole copy. ec::not_found when there is none; ec::corrupt when those that are there are
/// damaged; ec::unsupported when a later version has written it.
[[nodiscard]] expected<stored_value> read_value(file_system& files, const std::string& folder,
                                                std::string_view name);
/// Both copies, durable when it returns. `writer`: of several, so that their temporary files are apart.
[[nodiscard]] expected<void> write_value(file_system& files, const std::string& folder, std::string_view name,
                                         std::string_view payload, std::uint64_t generation,
                                         std::string_view writer = {});

}  // namespace millrace::snapshot
