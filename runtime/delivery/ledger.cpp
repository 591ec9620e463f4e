#include "runtime/delivery/ledger.hpp"

#include "runtime/base/earlier_format.hpp"
#include "runtime/delivery/fields.hpp"

#include <fmt/format.h>

#include <limits>

namespace millrace::delivery {
namespace {

/// Begins the counters: no number of entries is as large.
constexpr std::uint64_t entries_have_names = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint8_t format_version = 2;

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
  if (const auto n = in.varint(); in.ok() && n != entries_have_names)
    return earlier_format("a record of the counters", 1, format_version, "or start over with --fresh");
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

}  // namespace millrace::delivery
