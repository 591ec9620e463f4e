#include "tests/property/chain/memory_chain.hpp"

#include <algorithm>

namespace millrace::chain::trial {
namespace {

error fenced_error() { return fatal_error(ec::fenced, "a higher life is there").value(); }
error io_error() { return outside_error(ec::io, "no answer").value(); }

}  // namespace

life memory_chain::view::highest() const {
  life highest;
  for (const auto& [place, r] : records)
    highest = std::max(highest, r.by);
  return highest;
}

/// Names, then each record: what goes in between leaves a hole, and is looked for again.
memory_chain::view memory_chain::scan() {
  for (;;) {
    stop_();
    std::set<std::uint64_t> first, names;
    for (const auto& [place, r] : all_->records)
      first.insert(place);
    stop_();
    for (const auto& [place, r] : all_->records)
      if (first.erase(place) != 0 || trouble_.random() % 2 == 0)
        names.insert(place);
    for (const auto gone : first)
      if (trouble_.random() % 2 == 0)
        names.insert(gone);
    stop_();
    view v{*all_->marks.rbegin(), {}};
    std::vector<std::uint64_t> places;
    for (const auto place : names) {
      if (place <= v.mark)
        continue;
      if (trouble_.random() % 4 == 0)
        stop_();
      if (const auto at = all_->records.find(place); at != all_->records.end()) {
        v.records.insert(*at);
        places.push_back(place);
      }
    }
    if (!has_hole(v.mark, places))
      return v;
  }
}

/// Walks from the newest record back, as each names the one that it builds upon.
contents memory_chain::restore(const view& v) const {
  contents out;
  out.sequence = v.last();
  std::map<std::uint64_t, const memory_record*> valid;
  life highest;
  for (const auto& [place, r] : v.records) {
    if (!is_void(r.by, highest))
      valid[place] = &r;
    highest = std::max(highest, r.by);
  }
  for (auto at = valid.empty() ? valid.end() : std::prev(valid.end()); at != valid.end();
       at = valid.find(at->second->behind)) {
    if (at->second->is_base) {
      out.base = at->second->payload;
      break;
    }
    if (!at->second->is_opening)
      out.increments.insert(out.increments.begin(), at->second->payload);
  }
  return out;
}

expected<bool> memory_chain::create(std::uint64_t place, memory_record r) {
  stop_();
  if (trouble_.strikes(2 * trouble_.one_in)) {
    trouble_.late.push_back([all = all_, place, r] { all->records.emplace(place, r); });
    return tl::unexpected(io_error());
  }
  const bool is_new = all_->records.emplace(place, std::move(r)).second;
  if (trouble_.strikes(2 * trouble_.one_in))
    return tl::unexpected(io_error());
  return is_new;
}

expected<std::unique_ptr<memory_chain>> memory_chain::open(std::shared_ptr<memory_places> all, trouble& t,
                                                           std::function<void()> stop, incarnation term) {
  std::unique_ptr<memory_chain> opened(new memory_chain(std::move(all), t, std::move(stop), term));
  for (;;) {
    const auto v = opened->scan();
    opened->life_ = above_earlier(opened->life_, v.highest());
    if (must_give_up(opened->life_, v.highest()))
      return tl::unexpected(fenced_error());
    opened->tail_ = v.last();
    const auto place = next_place({v.mark, v.last()});
    const auto made = opened->create(place, {opened->life_, v.last(), false, true, {}});
    if (!made)
      return tl::unexpected(made.error());
    if (!*made)
      continue;
    opened->stop_();
    if (*opened->all_->marks.rbegin() >= place)
      continue;
    opened->tail_ = opened->last_ = place;
    return opened;
  }
}

expected<contents> memory_chain::read() {
  const auto v = scan();
  if (must_give_up(life_, v.highest()))
    return tl::unexpected(fenced_error());
  return restore(v);
}

expected<void> memory_chain::not_known(error why) {
  is_unsure_ = true;
  return tl::unexpected(must_give_up(life_, scan().highest()) ? fenced_error() : std::move(why));
}

expected<void> memory_chain::store(memory_record r) {
  auto place = last_ + 1;
  if (is_unsure_) {
    ++life_.count;
    const auto v = scan();
    if (must_give_up(life_, v.highest()))
      return tl::unexpected(fenced_error());
    place = next_place({v.mark, v.last()});
  }
  r.by = life_;
  r.behind = tail_;
  const bool is_base = r.is_base;
  const auto made = create(place, std::move(r));
  if (!made || !*made)
    return not_known(made ? io_error() : made.error());
  stop_();
  const sight look{*all_->marks.rbegin(), all_->records.empty() ? 0 : all_->records.rbegin()->first};
  if (!counts(look, place))
    return not_known(io_error());
  tail_ = last_ = place;
  is_unsure_ = false;
  increments_ = is_base ? 0 : increments_ + 1;
  return {};
}

expected<std::uint64_t> memory_chain::append(std::string_view increment, bool) {
  return store({{}, 0, false, false, std::string(increment)}).map([this] { return tail_; });
}

expected<bool> memory_chain::append_base(std::string_view base) {
  if (is_unsure_)
    return false;
  if (auto done = store({{}, 0, true, false, std::string(base)}); !done)
    return tl::unexpected(done.error());
  trim(mark_before(std::exchange(base_, tail_)));
  return true;
}

void memory_chain::trim(std::uint64_t mark) {
  stop_();
  all_->marks.insert(mark);
  while (!all_->records.empty() && all_->records.begin()->first <= mark) {
    stop_();
    if (!all_->records.empty() && all_->records.begin()->first <= mark)
      all_->records.erase(all_->records.begin());
  }
}

}  // namespace millrace::chain::trial
