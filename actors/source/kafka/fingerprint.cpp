#include "actors/source/kafka/fingerprint.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace millrace::source {
namespace {

/// Takes a number, and the blank or the end behind it, from the line.
template<class T>
bool take(std::string_view& line, T& value, int base = 10) {
  const auto* const end = line.data() + line.size();
  const auto [at, problem] = std::from_chars(line.data(), end, value, base);
  if (problem != std::errc() || (at != end && *at != ' '))
    return false;
  line.remove_prefix(std::min(static_cast<std::size_t>(at - line.data()) + 1, line.size()));
  return true;
}

}  // namespace

std::uint64_t checksum_of(std::optional<std::string_view> key, std::optional<std::string_view> value) {
  const auto of = [](std::optional<std::string_view> bytes, std::uint64_t seed) {
    return bytes ? XXH3_64bits_withSeed(bytes->data(), bytes->size(), seed) : seed;
  };
  const std::uint64_t which = (key ? 1U : 0U) | (value ? 2U : 0U);
  return of(value, of(key, which));
}

std::string format_fingerprints(const fingerprints& all) {
  std::string out;
  for (const auto& [partition, f] : all)
    fmt::format_to(std::back_inserter(out), "{} {} {} {:016x}\n", partition, f.offset, f.timestamp,
                   f.checksum);
  return out;
}

expected<fingerprints> parse_fingerprints(std::string_view text) {
  fingerprints all;
  while (!text.empty()) {
    const auto line_end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, line_end);
    text.remove_prefix(std::min(line_end + 1, text.size()));
    std::int32_t partition = 0;
    fingerprint f;
    if (!take(line, partition) || !take(line, f.offset) || !take(line, f.timestamp) ||
        !take(line, f.checksum, 16) || !line.empty() || partition < 0 || f.offset < 0)
      return fatal_error(ec::corrupt,
                         "the stored fingerprints of the Kafka topic's partitions are malformed; start over "
                         "with --fresh");
    const auto known = all.find(partition);
    if (known == all.end() || known->second.offset < f.offset)
      all.insert_or_assign(partition, f);
  }
  return all;
}

likeness compare(const fingerprint& kept, const std::optional<fingerprint>& found) {
  if (!found || found->offset != kept.offset)
    return likeness::unknown;
  return *found == kept ? likeness::same : likeness::other;
}

}  // namespace millrace::source
