#include "runtime/delivery/lane_log.hpp"

#include <algorithm>
#include <cassert>

namespace millrace::delivery {

lane_log::lane_log(std::size_t receivers, start how) : links_(receivers), how_(how) {}

void lane_log::mark_present(std::size_t r, bool up) {
  links_[r].up = up;
  if (!up)
    detach(r);
}

void lane_log::detach(std::size_t r) {
  auto& l = links_[r];
  l.asking = true;
  l.reader.reset();
  l.until.reset();
}

/// A reader that stands where live frames go on is done.
void lane_log::settle(link& l) {
  if (l.until && l.reader && l.reader->at == *l.until) {
    l.reader.reset();
    l.until.reset();
  }
}

void lane_log::answered(std::size_t r, const answer& a) {
  auto& l = links_[r];
  if (a.stamp < l.stamp)
    return;  // an earlier life of the receiver said it, overtaken by its new life's
  l.asking = false;
  l.stamp = a.stamp;
  l.reader = a.have;
  l.until.reset();
  if (!known_ && is_asking())
    return;
  const bool any_live = std::any_of(links_.begin(), links_.end(), is_live);
  if (!any_live) {
    // Nobody is attached, so the lane may stand anywhere; its own position may even be gone from the source.
    const auto earlier = [](const link* x, const link* y) { return x->reader->at < y->reader->at; };
    std::vector<const link*> answers;
    for (const auto& x : links_)
      if (!x.asking)
        answers.push_back(&x);
    const bool first_of_a_process = !known_ && how_ == start::at_lowest;
    at_ = *(*(first_of_a_process ? std::min_element(answers.begin(), answers.end(), earlier)
                                 : std::max_element(answers.begin(), answers.end(), earlier)))
               ->reader;
    known_ = true;
  }
  for (auto& x : links_)
    if (!x.asking && x.reader && x.reader->at == at_.at && !x.until) {
      x.until = at_.at;
      settle(x);
    }
}

std::vector<std::size_t> lane_log::attached() const {
  std::vector<std::size_t> out;
  for (std::size_t r = 0; r < links_.size(); ++r)
    if (is_live(links_[r]))
      out.push_back(r);
  return out;
}

bool lane_log::is_asking() const {
  return std::any_of(links_.begin(), links_.end(), [](const link& l) { return l.up && l.asking; });
}

bool lane_log::all_along() const {
  return std::none_of(links_.begin(), links_.end(), [this](const link& l) {
    return l.asking || (l.reader && (l.until || l.reader->at < at_.at));
  });
}

template<class Choose>
std::optional<position> lane_log::one_of_all(Choose choose) const {
  std::optional<position> out;
  for (const auto& l : links_) {
    if (l.asking)
      continue;
    const auto at = is_live(l) ? at_.at : l.reader->at;
    out = out ? choose(*out, at) : at;
  }
  return out;
}

std::optional<position> lane_log::furthest() const {
  return one_of_all([](position x, position y) { return std::max(x, y); });
}

std::optional<position> lane_log::lowest() const {
  return one_of_all([](position x, position y) { return std::min(x, y); });
}

std::optional<position> lane_log::next_cut() const {
  std::optional<position> least;
  for (const auto& l : links_)
    if (!l.asking && l.reader && !l.until && l.reader->at > at_.at)
      least = least ? std::min(*least, l.reader->at) : l.reader->at;
  return least;
}

void lane_log::advance(const mark& to) {
  at_ = to;
  for (auto& l : links_)
    if (!l.asking && l.reader && !l.until && l.reader->at == at_.at) {
      l.until = at_.at;
      settle(l);
    }
}

std::vector<std::size_t> lane_log::behind() const {
  std::vector<std::size_t> out;
  for (std::size_t r = 0; r < links_.size(); ++r) {
    const auto& l = links_[r];
    if (!l.asking && l.reader && (l.until || l.reader->at < at_.at))
      out.push_back(r);
  }
  return out;
}

position lane_log::reader_limit(std::size_t r) const { return links_[r].until.value_or(at_.at); }

bool lane_log::name_cut(std::size_t r) {
  auto& l = links_[r];
  if (l.asking || !l.reader || l.until || l.reader->at > at_.at)
    return false;
  l.until = at_.at;
  settle(l);
  return true;
}

void lane_log::reader_advance(std::size_t r, const mark& to) {
  auto& l = links_[r];
  if (l.asking || !l.reader)
    return;  // it was detached while its frames were formed
  assert(to.at <= reader_limit(r));
  l.reader = to;
  settle(l);
  if (!l.reader || l.until)
    return;
  if (l.reader->at == at_.at) {
    l.until = at_.at;
    settle(l);
  }
}

}  // namespace millrace::delivery
