#include "runtime/snapshot/merged_snapshots.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::snapshot {
namespace {

bool is_base_due(const chain::weight& w, const base_rule& rule) {
  return w.is_base_due || w.runs > rule.most_files ||
         (w.increments > rule.most_increments && 2 * w.increments_bytes > w.base_bytes) ||
         w.increments_bytes > std::max(2 * w.base_bytes, rule.smallest_base);
}

}  // namespace

expected<void> append_base_if_due(chain::actor_chain& records,
                                  const std::function<std::string()>& make_base) {
  if (!is_base_due(records.size(), small_records))
    return {};
  const auto done = records.append_base(make_base());
  return !done && done.error().code == ec::fenced ? unexpected(done.error()) : expected<void>();
}

expected<std::uint64_t> merged_snapshots::append(std::string_view increment, bool twice) {
  auto done = records_->append(increment, twice);
  if (done)
    newest_ = *done;
  return done;
}

expected<bool> merged_snapshots::compact(const std::function<expected<std::string>(const chain&)>& merge) {
  const auto weight = records_->size();
  if (weight.increments == 0 || !is_base_due(weight, rule_))
    return false;
  ASSIGN_OR_RETURN(const auto all, records_->read());
  if (all.sequence < newest_)
    return fatal_error(ec::corrupt,
                       fmt::format("the snapshot with number {} has been damaged since it was written; "
                                   "the actor has to load its snapshots again",
                                   newest_));
  return merge(all).and_then([this](const std::string& base) { return records_->append_base(base); });
}

}  // namespace millrace::snapshot
