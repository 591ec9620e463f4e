#include "runtime/window/collection.hpp"

#include <algorithm>
#include <cassert>

namespace millrace::window {
namespace {

// Entries wait to be put in order until they are as many as those that are; so each is moved a few times in
// all.
constexpr std::size_t least_waiting = 64;

}  // namespace

void collection::add(entry e) {
  if (overflowed_)
    return;
  bytes_ += entry_bytes + e.bytes.size();
  entries_.push_back(std::move(e));
  if (entries_.size() - ordered_ > std::max(least_waiting, ordered_))
    settle();
}

void collection::merge(const collection& other) {
  if (other.overflowed_)
    return overflow();
  // The room doubles, for most merges bring a few entries to many.
  if (const auto all = entries_.size() + other.entries_.size(); all > entries_.capacity())
    entries_.reserve(std::max(all, 2 * entries_.capacity()));
  for (std::size_t i = 0, n = other.entries_.size(); i < n && !overflowed_; ++i)
    add(other.entries_[i]);
}

void collection::unmerge(collection& other) {
  settle();
  other.settle();
  auto at = entries_.begin();
  auto first_gone = entries_.end();
  for (const auto& theirs : other.entries_) {
    at = std::lower_bound(at, entries_.end(), theirs.bytes,
                          [](const entry& e, const std::string& bytes) { return e.bytes < bytes; });
    assert(at != entries_.end() && at->bytes == theirs.bytes && at->count >= theirs.count);
    at->count -= theirs.count;
    if (at->count != 0)
      continue;
    bytes_ -= entry_bytes + at->bytes.size();
    if (first_gone == entries_.end())
      first_gone = at;
  }
  entries_.erase(std::remove_if(first_gone, entries_.end(), [](const entry& e) { return e.count == 0; }),
                 entries_.end());
  ordered_ = entries_.size();
}

bool collection::overflowed() {
  settle();
  return overflowed_;
}

void collection::overflow() {
  overflowed_ = true;
  std::vector<entry>().swap(entries_);  // an assignment of {} would keep the memory
  ordered_ = bytes_ = 0;
}

const std::vector<collection::entry>& collection::sorted() {
  settle();
  return entries_;
}

void collection::settle() {
  if (ordered_ == entries_.size())
    return;
  if (entries_.size() == 1 && bytes_ <= most_bytes) {
    ordered_ = 1;
    return;
  }
  const auto before = [](const entry& a, const entry& b) { return a.bytes < b.bytes; };
  const auto waiting = entries_.begin() + static_cast<std::ptrdiff_t>(ordered_);
  std::sort(waiting, entries_.end(), before);
  std::inplace_merge(entries_.begin(), waiting, entries_.end(), before);
  std::size_t kept = 0;
  bytes_ = 0;
  for (auto& e : entries_) {
    if (kept > 0 && entries_[kept - 1].bytes == e.bytes) {
      entries_[kept - 1].count += e.count;
      continue;
    }
    bytes_ += entry_bytes + e.bytes.size();
    if (&entries_[kept] != &e)
      entries_[kept] = std::move(e);
    ++kept;
  }
  entries_.resize(kept);
  ordered_ = kept;
  if (bytes_ > most_bytes)
    overflow();
}

}  // namespace millrace::window
