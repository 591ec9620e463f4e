#include "runtime/snapshot/file_names.hpp"

#include "runtime/base/percent.hpp"
#include "runtime/snapshot/checksum.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace millrace::snapshot {

std::string state_folder_of(std::string_view folder, std::string_view state_id) {
  return fmt::format("{}/{}{}", folder, state_begin, state_id);
}

std::string file_name_of(std::string_view name) {
  // File names end at 255 bytes; suffixes of ours are short.
  constexpr std::size_t longest = 200;
  std::string out;
  for (const char c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (plain)
      out.push_back(c);
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  if (out.size() > longest)
    // "%%" occurs in no escaped name, so the long ones are apart from all others.
    out = fmt::format("{}%%{:016x}", out.substr(0, longest), checksum_of({name}));
  return out;
}

std::optional<std::string> name_of_file(std::string_view file) {
  auto out = strictly_percent_decoded(file);
  return out && file_name_of(*out) == file ? std::move(out) : std::nullopt;
}

}  // namespace millrace::snapshot
