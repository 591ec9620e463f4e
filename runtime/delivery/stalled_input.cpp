#include "runtime/delivery/stalled_input.hpp"

#include "runtime/delivery/ledger.hpp"

namespace millrace::delivery {

std::shared_ptr<const lane_frame> join_progress(const lane_frame& first, const lane_frame& then) {
  if (first.idle || then.idle || first.has_content() || then.has_content() || first.bytes != 0 ||
      then.bytes != 0 || first.stamp != then.stamp || first.to != then.from || then.watermark == end_of_time)
    return nullptr;
  auto joined = then;
  joined.from = first.from;
  ledger counts;
  counts.add(first.counts);
  counts.add(then.counts);
  joined.counts.clear();
  for (const auto& [stage, sum] : counts.stages())
    joined.counts.push_back({stage, sum});
  return std::make_shared<const lane_frame>(std::move(joined));
}

void stalled_output::push(const output_ptr& f) {
  auto& q = queues_[f->log];
  if (q.empty() || q.back()->has_content() || f->has_content()) {
    q.push_back(f);
    return;
  }
  auto joined = *f;
  joined.since = q.back()->since;
  q.back() = std::make_shared<const output_frame>(std::move(joined));
}

}  // namespace millrace::delivery
