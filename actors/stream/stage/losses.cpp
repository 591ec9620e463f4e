#include "actors/stream/stage/losses.hpp"

namespace millrace::stage {

void losses::note(loss what, const std::string& stage, std::uint64_t count, const lost_record& example,
                  clock::time_point now) {
  if (count == 0)
    return;
  const std::lock_guard lock(mutex_);
  const auto [at, added] = kept_.try_emplace({stage, what});
  auto& k = at->second;
  k.count += count;
  k.example = example;
  say_if_due(at->first, k, now);
}

void losses::note_gap(const std::string& source) {
  const std::lock_guard lock(mutex_);
  ++gaps_[source];
}

void losses::look(clock::time_point now) {
  const std::lock_guard lock(mutex_);
  for (auto& [of, k] : kept_)
    say_if_due(of, k, now);
}

void losses::say_if_due(const std::pair<std::string, loss>& of, kept& k, clock::time_point now) {
  const bool first = k.said == 0;
  if (k.count == k.said || (!first && now - k.said_at < said_again_after))
    return;
  say_({of.second, of.first, first, k.count - k.said, k.example});
  k.said = k.count;
  k.said_at = now;
}

std::map<std::string, losses::counts> losses::all() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, counts> out;
  for (const auto& [of, k] : kept_)
    (of.second == loss::dead_letter ? out[of.first].dead_letters : out[of.first].late) += k.count;
  for (const auto& [source, gaps] : gaps_)
    out[source].gaps = gaps;
  return out;
}

}  // namespace millrace::stage
