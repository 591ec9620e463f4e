#include "actors/stream/source/feed.hpp"

#include <spdlog/spdlog.h>

namespace millrace::source {

bool fullness::is_full(const spool::log& log, const std::string& stage, std::string_view what) {
  const bool full = log.full();
  if (full && !told_)
    spdlog::warn(
        "{}: the spool holds {} MB that are not processed yet; {} until there is room (option `spool`)",
        stage, log.bytes() / 1'000'000, what);
  if (!full && told_)
    spdlog::info("{}: the spool has room again", stage);
  told_ = full;
  return full;
}

expected<std::shared_ptr<feed>> feeds::of(const std::string& stage, const make_feed& make) {
  auto found = of(stage, life{}, make);
  if (found) {
    const std::scoped_lock lock(mutex_);
    feeds_[stage].kept = *found;
  }
  return found;
}

expected<std::shared_ptr<feed>> feeds::of(const std::string& stage, const life& now, const make_feed& make) {
  const std::scoped_lock one_at_a_time(making_);
  {
    const std::scoped_lock lock(mutex_);
    const auto found = feeds_.find(stage);
    if (auto running = found == feeds_.end() ? nullptr : found->second.held.lock()) {
      if (found->second.by == now)
        return running;
      return outside_error(ec::unavailable, "what an earlier life of its reader receives has yet to end");
    }
  }
  auto made = make();
  if (made) {
    const std::scoped_lock lock(mutex_);
    feeds_[stage] = {*made, now};
  }
  return made;
}

std::map<std::string, std::shared_ptr<const feed_gauges>> feeds::gauges() const {
  const std::scoped_lock lock(mutex_);
  std::map<std::string, std::shared_ptr<const feed_gauges>> out;
  for (const auto& [stage, f] : feeds_)
    if (const auto running = f.held.lock()) {
      const auto& g = running->gauges();
      g->spool_bytes = running->log()->bytes();
      g->spool_full = running->log()->full();
      out.emplace(stage, g);
    }
  return out;
}

}  // namespace millrace::source
