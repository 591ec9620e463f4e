#include "actors/connectors/kafka/source/fingerprint.hpp"

#include "runtime/base/scan.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <iterator>

namespace millrace::source {

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
    auto line = take_line(text);
    std::int32_t partition = 0;
    fingerprint f;
    if (!take_field(line, partition) || !take_field(line, f.offset) || !take_field(line, f.timestamp) ||
        !take_field(line, f.checksum, 16) || !line.empty() || partition < 0 || f.offset < 0)
      return fatal_error(ec::corrupt,
                         "the stored fingerprints of the Kafka topic's partitions are malformed; start over "
                         "with --fresh");
    const auto known = all.find(partition);
    if (known == all.end() || known->second.offset < f.offset)
      all.insert_or_assign(partition, f);
  }
  return all;
}

same_log is_same_log(const fingerprint& kept, const std::optional<fingerprint>& found) {
  if (!found || found->offset != kept.offset)
    return same_log::unknown;
  return *found == kept ? same_log::yes : same_log::no;
}

}  // namespace millrace::source
