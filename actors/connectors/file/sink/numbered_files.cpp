#include "actors/connectors/file/sink/numbered_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::sink {

std::filesystem::path numbered(const std::filesystem::path& path, std::uint64_t number) {
  return path.parent_path() /
         fmt::format("{}-{:06}{}", path.stem().string(), number, path.extension().string());
}

std::vector<std::uint64_t> numbers_beside(const std::filesystem::path& path) {
  std::vector<std::uint64_t> numbers;
  const auto stem = path.stem().string() + '-';
  const auto extension = path.extension().string();
  std::error_code failed;
  for (std::filesystem::directory_iterator i(path.parent_path().empty() ? "." : path.parent_path(), failed),
       end;
       !failed && i != end; i.increment(failed)) {
    const auto name = i->path().filename().string();
    if (name.size() <= stem.size() + extension.size() || !name.starts_with(stem) ||
        !name.ends_with(extension))
      continue;
    const auto* digits = name.data() + stem.size();
    const auto* digits_end = name.data() + name.size() - extension.size();
    std::uint64_t number = 0;
    if (std::from_chars(digits, digits_end, number).ptr == digits_end)
      numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

std::uint64_t first_free(const std::filesystem::path& path) {
  const auto numbers = numbers_beside(path);
  return numbers.empty() ? 1 : numbers.back() + 1;
}

}  // namespace millrace::sink
