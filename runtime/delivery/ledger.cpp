#include "runtime/delivery/ledger.hpp"

#include "runtime/delivery/fields.hpp"

namespace millrace::delivery {

void ledger::encode(wire::writer& out) const {
  out.varint(by_stage_.size());
  for (const auto& [stage, c] : by_stage_) {
    out.varint(stage);
    wire::encoder{out}.field(c);
  }
}

expected<void> ledger::decode(wire::reader& in) {
  by_stage_.clear();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto stage = static_cast<std::uint32_t>(in.varint());
    wire::decoder{in}.field(by_stage_[stage]);
  }
  if (!in.ok())
    return fatal_error(ec::corrupt, "the counters of the ledger are cut off");
  return {};
}

}  // namespace millrace::delivery
