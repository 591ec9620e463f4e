// The names of files that are written one after another: out.jsonl, out-000001.jsonl, out-000002.jsonl ...
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace millrace::sink {

[[nodiscard]] std::filesystem::path numbered(const std::filesystem::path& path, std::uint64_t number);
/// The numbers of those that lie beside `path`, ascending.
[[nodiscard]] std::vector<std::uint64_t> numbers_beside(const std::filesystem::path& path);
/// Returns the number after the highest of them, so that none is ever written over.
[[nodiscard]] std::uint64_t first_free(const std::filesystem::path& path);

}  // namespace millrace::sink
