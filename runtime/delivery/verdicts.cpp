#include "runtime/delivery/verdicts.hpp"

namespace millrace::delivery {
void verdicts::add(const verdict& v) { by_log_[v.log].emplace(v.at, v.error); }

const std::string* verdicts::find(const log_id& log, position at) const {
  const auto l = by_log_.find(log);
  if (l == by_log_.end())
    return nullptr;
  const auto found = l->second.find(at);
  return found == l->second.end() ? nullptr : &found->second;
}

std::optional<position> verdicts::next(const log_id& log, position from, position to) const {
  const auto l = by_log_.find(log);
  if (l == by_log_.end())
    return std::nullopt;
  const auto found = l->second.lower_bound(from);
  if (found == l->second.end() || found->first >= to)
    return std::nullopt;
  return found->first;
}

void verdicts::trim(const log_id& log, position below) {
  const auto l = by_log_.find(log);
  if (l == by_log_.end())
    return;
  l->second.erase(l->second.begin(), l->second.lower_bound(below));
  if (l->second.empty())
    by_log_.erase(l);
}

std::size_t verdicts::size() const {
  std::size_t n = 0;
  for (const auto& [log, records] : by_log_)
    n += records.size();
  return n;
}

std::vector<verdict> verdicts::all() const {
  std::vector<verdict> out;
  for (const auto& [log, records] : by_log_)
    for (const auto& [at, error] : records)
      out.push_back({log, at, error});
  return out;
}

}  // namespace millrace::delivery
