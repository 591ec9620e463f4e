// FNV-1a (Fowler, Noll, Vo): the same on every machine, taken up again where it was left.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::simulation {

inline constexpr std::uint64_t empty_hash = 14'695'981'039'346'656'037ULL;

[[nodiscard]] inline std::uint64_t hash_on(std::uint64_t hash, std::string_view bytes) {
  for (const char c : bytes)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
  return hash;
}

}  // namespace millrace::simulation
