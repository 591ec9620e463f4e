#include "runtime/delivery/failing_records.hpp"

#include "runtime/base/utf8_text.hpp"
#include "runtime/data/text_encoding.hpp"

#include <algorithm>

namespace millrace::delivery {
namespace {

/// A range on which a life has failed is divided into this many parts: two divisions find one record in a
/// frame or chunk of up to a million, and a frame of its own for each part is a message to each receiver.
constexpr std::size_t parts = 1024;
/// Ranges and records that are remembered; the oldest are forgotten. A record that fails again is soon back.
constexpr std::size_t most_remembered = 64;
/// The bytes of an exception's text that are kept.
constexpr std::size_t longest_error = 1000;

/// Fit for a dead letter, which is UTF-8.
std::string printable(std::string_view error) {
  return std::string(data::whole_characters(valid_utf8(error.substr(0, longest_error)), longest_error));
}

}  // namespace

void failing_records::suspect(const attempt& a) {
  const auto is_narrower = [&](const range& r) {
    return r.log == a.log && r.from < a.to && a.from < r.to && r.records < a.records;
  };
  if (std::ranges::none_of(ranges_, is_narrower))
    add_range(a);
}

void failing_records::add_range(const attempt& a) {
  range now_suspected{a.log, a.from, a.to, a.records, a.cutting};
  std::erase_if(ranges_, [&](const range& r) {
    const bool overlaps = r.log == a.log && r.from < a.to && a.from < r.to;
    now_suspected.own_frames |= overlaps && r.own_frames;
    return overlaps;
  });
  ranges_.push_back(std::move(now_suspected));
  if (ranges_.size() > most_remembered)
    ranges_.pop_front();
}

void failing_records::failed(const attempt& a, std::string_view error) {
  add_range(a);
  if (!a.record)
    return;
  const auto known = std::find_if(suspected_.begin(), suspected_.end(), [&](const failing_record& c) {
    return c.log == a.log && c.at == *a.record;
  });
  failing_record now = known == suspected_.end() ? failing_record{a.log, *a.record, {}, 0, false} : *known;
  if (known != suspected_.end())
    suspected_.erase(known);
  now.error = printable(error);
  ++now.failures;
  now.taken_before |= a.taken_before;
  suspected_.push_back(std::move(now));
  if (suspected_.size() > most_remembered)
    suspected_.pop_front();
}

bool failing_records::went_well(const log_id& log, position from) {
  if (in_a_row_ == 0)
    return false;
  const auto last = last_given_up_.find(log);
  if (last == last_given_up_.end() || last->second >= from)
    return false;
  in_a_row_ = 0;
  return true;
}

std::optional<failing_records::suspicion> failing_records::next(const log_id& log, position from,
                                                                position to) const {
  const range* first = nullptr;
  for (const auto& r : ranges_)
    if (r.log == log && r.from < to && from < r.to && (!first || r.from < first->from))
      first = &r;
  if (!first)
    return std::nullopt;
  return suspicion{first->from, first->to, std::max<std::uint64_t>(1, first->records / parts),
                   first->own_frames};
}

std::vector<failing_records::failing_record> failing_records::to_give_up() const {
  std::vector<failing_record> out;
  std::copy_if(suspected_.begin(), suspected_.end(), std::back_inserter(out),
               [](const failing_record& c) { return c.failures >= tries; });
  return out;
}

void failing_records::give_up(const log_id& log, position at) {
  std::erase_if(suspected_, [&](const failing_record& c) { return c.log == log && c.at == at; });
  std::erase_if(ranges_, [&](const range& r) { return r.log == log && r.from <= at && at < r.to; });
  last_given_up_[log] = at;
  ++in_a_row_;
}

void failing_records::settle(const std::map<log_id, position>& below) {
  for (const auto& [log, at] : below) {
    const auto [known, added] = settled_.try_emplace(log, at);
    known->second = std::max(known->second, at);
  }
}

}  // namespace millrace::delivery
