// The checksum of everything in a state folder: XXH3-64 over the parts as if they were one. Part of the disk
// formats.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace millrace::snapshot {

[[nodiscard]] std::uint64_t checksum_of(std::initializer_list<std::string_view> parts);

/// The bytes of a header as they lie in memory and on disk.
template<class Header>
[[nodiscard]] std::string_view bytes_of(const Header& header) {
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

/// The state that a file turned out to be in.
enum class reading : std::uint8_t {
  whole,
  damaged,
  later,  // whole, but of a format that a later version writes
};

}  // namespace millrace::snapshot
