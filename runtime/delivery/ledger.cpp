#include "runtime/delivery/ledger.hpp"

#include "runtime/delivery/fields.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>

namespace millrace::delivery {
namespace {

/// Stands where earlier versions have the number of their entries: so many stages no topology has.
constexpr std::uint64_t entries_have_names = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint8_t format_version = 2;

/// Bits that earlier versions add to the number of a stage, for the entries beside its own.
constexpr std::uint32_t unnested_bit = 1U << 29;
constexpr std::uint32_t unformed_bit = 1U << 30;
constexpr std::uint32_t columns_bit = 1U << 31;

/// Begins the key of an entry whose stage is known by its number alone; no stage's name begins so.
constexpr char number_follows = '#';

std::optional<std::uint32_t> number_of(std::string_view key) {
  std::uint32_t n = 0;
  if (key.empty() || key.front() != number_follows)
    return std::nullopt;
  const auto* const end = key.data() + key.size();
  const auto [at, failed] = std::from_chars(key.data() + 1, end, n);
  return failed == std::errc() && at == end ? std::optional(n) : std::nullopt;
}

std::optional<std::string> entry_of(std::uint32_t number, const std::vector<std::string>& stages) {
  const auto stage = number & ~(unnested_bit | unformed_bit | columns_bit);
  if (stage >= stages.size())
    return std::nullopt;
  const auto& name = stages[stage];
  return (number & columns_bit) != 0    ? output_columns_of(name)
         : (number & unformed_bit) != 0 ? unformed_rows_of(name)
         : (number & unnested_bit) != 0 ? unnested_rows_of(name)
                                        : name;
}

unexpected cut_off() { return fatal_error(ec::corrupt, "the counters of the ledger are cut off"); }

}  // namespace

void ledger::encode(wire::writer& out) const {
  out.varint(entries_have_names);
  out.fixed(format_version);
  out.varint(by_stage_.size());
  for (const auto& [stage, c] : by_stage_)
    wire::encoder{out}.members(stage, c);
}

expected<void> ledger::decode(wire::reader& in) {
  by_stage_.clear();
  const auto n = in.varint();
  if (n != entries_have_names)
    return decode_numbered(in, n);
  if (const auto version = in.fixed<std::uint8_t>(); in.ok() && version != format_version)
    return fatal_error(ec::unsupported, fmt::format("the counters of the ledger were written by another "
                                                    "version of millrace (format {}, this one reads {})",
                                                    version, format_version));
  for (auto left = in.varint(); left > 0 && in.ok(); --left) {
    const std::string stage(in.string());
    wire::decoder{in}.field(by_stage_[stage]);
  }
  return in.ok() ? expected<void>() : cut_off();
}

expected<void> ledger::decode_numbered(wire::reader& in, std::uint64_t entries) {
  for (; entries > 0 && in.ok(); --entries) {
    const auto stage = static_cast<std::uint32_t>(in.varint());
    wire::decoder{in}.field(by_stage_[number_follows + std::to_string(stage)]);
  }
  return in.ok() ? expected<void>() : cut_off();
}

void ledger::name_numbered(const std::vector<std::string>& stages) {
  for (auto at = by_stage_.begin(); at != by_stage_.end();) {
    const auto number = number_of(at->first);
    const auto name = number ? entry_of(*number, stages) : std::nullopt;
    if (!name) {
      ++at;
      continue;
    }
    by_stage_[*name] += at->second;
    at = by_stage_.erase(at);
  }
}

}  // namespace millrace::delivery
