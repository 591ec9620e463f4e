#include "tests/property/delivery/capture_store.hpp"

#include <utility>

namespace millrace::delivery::trial {

void capture_store::append(capture c) {
  chain_.push_back(std::exchange(unwritten_, {}) + c.bytes);
  newest_ = std::move(c.vector);
  if (std::exchange(unwritten_twice_, false) || c.twice)
    safe_ = chain_.size();
}

std::optional<capture_store::written> capture_store::write(chance& c) {
  if (under_way_.empty())
    return std::nullopt;
  auto next = std::move(under_way_.front());
  under_way_.pop_front();
  const bool twice = next.twice || unwritten_twice_;
  if (one_in(c, 12)) {
    unwritten_ += next.bytes;
    unwritten_twice_ = twice;
    return written{true, twice};
  }
  append(std::move(next));
  return written{false, twice};
}

void capture_store::owner_died(chance& c) {
  for (; !under_way_.empty() && one_in(c, 3); under_way_.pop_front())
    append(std::move(under_way_.front()));
  under_way_.clear();
  unwritten_.clear();
  unwritten_twice_ = false;
  if (chain_.size() > safe_ && one_in(c, 4))
    chain_.pop_back();
  // The one before is good: it was verified. Only one generation is ever fallen back.
  safe_ = chain_.size();
}

void capture_store::compact(const std::function<std::string(const std::vector<std::string>&)>& merge) {
  if (chain_.size() < 4)
    return;
  auto newest = std::move(chain_.back());
  const bool newest_is_safe = safe_ == chain_.size();
  chain_.pop_back();
  chain_ = {merge(chain_), std::move(newest)};
  safe_ = newest_is_safe ? 2 : 1;
}

}  // namespace millrace::delivery::trial
