// Unpacks blocks of Avro containers, each by its library, into at most `longest_block` bytes. `out` is empty before.
#pragma once

#include "runtime/base/error.hpp"

#include <string>
#include <string_view>

namespace millrace::avro {

/// Raw deflate. Behind its end up to four bytes may follow: writers leave zlib's checksum there in part.
[[nodiscard]] expected<void> inflate_block(std::string_view packed, std::string& out);
/// Snappy, behind which the CRC-32 of what was packed follows, its highest byte first.
[[nodiscard]] expected<void> unsnap_block(std::string_view packed, std::string& out);
/// One frame of zstandard or several.
[[nodiscard]] expected<void> unpack_zstandard_block(std::string_view packed, std::string& out);

[[nodiscard]] unexpected too_large_block();

}  // namespace millrace::avro
