#include "runtime/delivery/ledger.hpp"

namespace millrace::delivery {

void ledger::encode(wire::writer& out) const {
  out.varint(by_stage_.size());
  for (const auto& [stage, c] : by_stage_) {
    out.varint(stage);
    out.varint(c.in);
    out.varint(c.out);
    out.varint(c.filtered);
    out.varint(c.late);
    out.varint(c.dead);
  }
}

expected<void> ledger::decode(wire::reader& in) {
  by_stage_.clear();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto stage = static_cast<std::uint32_t>(in.varint());
    auto& c = by_stage_[stage];
    c.in = in.varint();
    c.out = in.varint();
    c.filtered = in.varint();
    c.late = in.varint();
    c.dead = in.varint();
  }
  if (!in.ok())
    return fatal_error(ec::corrupt, "the counters of the ledger are cut off");
  return {};
}

}  // namespace millrace::delivery
