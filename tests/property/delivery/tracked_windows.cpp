#include "tests/property/delivery/tracked_windows.hpp"

#include "runtime/window/shard_windows.hpp"
#include "tests/property/delivery/scene.hpp"

#include <algorithm>

namespace millrace::delivery::trial {

tracked_windows::tracked_windows(const window::definition& d, const std::vector<source_log>& logs,
                                 const std::vector<std::uint32_t>& shard_of_key, std::uint32_t shard)
    : definition_(d), logs_(logs), shard_of_key_(shard_of_key), shard_(shard),
      inner_(window::make_shard_windows(d)) {}

std::uint64_t tracked_windows::absorb(const lane_frame& frame, event_micros fired_mark) {
  const auto& log =
      *std::find_if(logs_.begin(), logs_.end(), [&](const auto& l) { return l.name == frame.log; });
  const auto to = std::min(static_cast<std::size_t>(frame.to.minor), log.records.size());
  for (auto i = static_cast<std::size_t>(frame.from.minor); fired_mark != no_watermark && i < to; ++i) {
    const auto& r = log.records[i];
    const auto before = log.watermark_before[i];
    if (shard_of_key_[static_cast<std::size_t>(r.key)] != shard_ || before >= fired_mark)
      continue;
    const auto ends = ends_of(definition_, r, before);
    bool all = !ends.empty();
    for (const auto end : ends) {
      if (end + definition_.allowed_lateness.count() > fired_mark) {
        all = false;
        continue;
      }
      if (!log.may_miss)
        throw fault("an accepted record came after its window had fired");
      auto& row = missed_[{end, r.key}];
      ++row.count;
      row.sum += r.value;
    }
    missed_all_ += all;
  }
  return inner_->absorb(frame, fired_mark);
}

void tracked_windows::write_missed(wire::writer& out) const {
  out.varint(missed_all_);
  out.varint(missed_.size());
  for (const auto& [at, row] : missed_) {
    out.svarint(at.first);
    out.svarint(at.second);
    out.svarint(row.count);
    out.svarint(row.sum);
  }
}

void tracked_windows::capture_all(wire::writer& out) {
  write_missed(out);
  inner_->capture_all(out);
}

void tracked_windows::capture_changes(wire::writer& out) {
  write_missed(out);
  inner_->capture_changes(out);
}

expected<void> tracked_windows::apply(wire::reader& in) {
  missed_.clear();
  missed_all_ = in.varint();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto end = in.svarint();
    const auto key = in.svarint();
    auto& row = missed_[{end, key}];
    row.count = in.svarint();
    row.sum = in.svarint();
  }
  if (!in.ok())
    return fatal_error(ec::corrupt, "what was missed is cut off");
  return inner_->apply(in);
}

}  // namespace millrace::delivery::trial
