#include "runtime/delivery/stalled_input.hpp"

namespace millrace::delivery {

std::shared_ptr<const lane_frame> join_progress(const lane_frame& first, const lane_frame& then) {
  if (first.idle || then.idle || first.content || then.content || first.bytes != 0 || then.bytes != 0 ||
      first.stamp != then.stamp || first.to != then.from)
    return nullptr;
  auto joined = then;
  joined.from = first.from;
  for (const auto& c : first.counts) {
    auto* same = static_cast<counted*>(nullptr);
    for (auto& x : joined.counts)
      if (x.stage == c.stage)
        same = &x;
    if (same != nullptr)
      same->counts += c.counts;
    else
      joined.counts.push_back(c);
  }
  return std::make_shared<const lane_frame>(std::move(joined));
}

}  // namespace millrace::delivery
