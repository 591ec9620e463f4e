// Cuts a fuzz input into texts at the byte 0xFE, which no UTF-8 holds: newlines can stand in them, and inputs
// stay readable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::fuzz {

inline constexpr char section_end = '\xFE';

/// Splits the input into sections: at least one; the last may be empty.
[[nodiscard]] inline std::vector<std::string> sections(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> out;
  for (auto end = rest.find(section_end); end != std::string_view::npos; end = rest.find(section_end)) {
    out.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  out.emplace_back(rest);
  return out;
}

}  // namespace millrace::fuzz
