#include "actors/node/stores/kafka/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::kafka_chain {

void view::take(const sighting& s, std::string_view payload) {
  if (s.offset < position_)
    return;
  position_ = s.offset + 1;
  const auto& name = s.key.record;
  const bool is_void = name.by < highest_;  // R1
  highest_ = std::max(highest_, name.by);
  if (s.is_tombstone) {
    const removal one{name.by, name.kind == record_kind::opening ? 0 : name.number, s.offset};
    if (!highest_removed_ ||
        std::pair(one.by, one.number) > std::pair(highest_removed_->by, highest_removed_->number))
      highest_removed_ = one;
    return forget(s.key);
  }
  auto& h = records_[name];
  if (!h.parts.try_emplace(s.key.piece, part{s.offset, s.digest, {}}).second)
    return;
  if (s.digest)
    bytes_ += s.digest->bytes;
  if (!is_void)
    h.parts[s.key.piece].payload = payload;
  judge(name, h, s.offset, is_void);
}

/// A record counts where its last piece stands. One that lacks a piece was never said to be durable.
void view::judge(const record_name& name, held& h, std::uint64_t offset, bool is_void) {
  const auto& last = h.parts.rbegin()->second.digest;
  const bool is_damaged = std::ranges::any_of(h.parts, [](const auto& p) { return !p.second.digest; });
  if (!is_damaged && !(last->checksum && is_complete(h)))
    return;
  h.place = offset;
  h.state = is_void ? standing::is_void : standing::counts;
  if (is_damaged)
    return;
  std::vector<std::uint64_t> hashes;
  for (const auto& [piece, p] : h.parts)
    hashes.push_back(p.digest->hash);
  h.is_whole = *last->checksum == checksum_of_record(prefix_, name, hashes);
  if (h.state != standing::counts)
    return;
  if (name.kind == record_kind::opening && name.number != 0)
    pass_over_above(name.number - 1);
  if (name.kind == record_kind::base && h.is_whole)
    drop_before_previous_base();
}

bool view::is_complete(const held& h) const {
  const auto& [last, p] = *h.parts.rbegin();
  return p.digest && last + 1 == p.digest->pieces && h.parts.size() == p.digest->pieces;
}

void view::pass_over_above(std::uint64_t number) {
  for (auto& [name, h] : records_)
    if (h.state == standing::counts && name.kind != record_kind::opening && name.number > number)
      h.state = standing::passed_over;
}

/// Two generations are kept, as they are in the topic.
void view::drop_before_previous_base() {
  std::vector<std::uint64_t> bases;
  for (const auto& [name, h] : records_)
    if (name.kind == record_kind::base && h.state == standing::counts && h.is_whole)
      bases.push_back(h.place);
  std::ranges::sort(bases);
  if (bases.size() < 2)
    return;
  for (auto& [name, h] : records_)
    if (h.state != standing::incomplete && h.place < bases[bases.size() - 2])
      for (auto& [piece, p] : h.parts)
        p.payload = {};
}

bool view::has_whole(const record_name& name) const {
  const auto found = records_.find(name);
  return found != records_.end() && found->second.state == standing::counts && found->second.is_whole;
}

std::optional<std::uint64_t> view::begin_of(const record_name& name) const {
  const auto found = records_.find(name);
  return found == records_.end() ? std::nullopt : std::optional(found->second.parts.begin()->second.offset);
}

std::vector<view::records::value_type*> view::in_order() {
  std::vector<records::value_type*> all;
  for (auto& r : records_)
    if (r.second.state == standing::counts)
      all.push_back(&r);
  std::ranges::sort(all, {}, [](const auto* r) { return r->second.place; });
  return all;
}

/// Writers send tombstones for what stands before a base that counts alone, or for all of a chain.
bool view::is_needed_record_removed(const std::vector<records::value_type*>& counting) const {
  if (!highest_removed_ || counting.empty())
    return false;
  const auto newest_base = std::find_if(counting.rbegin(), counting.rend(),
                                        [](const auto* r) { return r->first.kind == record_kind::base; });
  const auto needed_above = newest_base == counting.rend()
                                ? std::pair(counting.front()->first.by, std::uint64_t{0})
                                : std::pair((*newest_base)->first.by, (*newest_base)->first.number);
  return std::pair(highest_removed_->by, highest_removed_->number) > needed_above;
}

unexpected view::damaged(std::string_view shown, std::uint64_t number, std::uint64_t offset) const {
  return fatal_error(ec::corrupt,
                     fmt::format("{}: record {} is damaged (partition {}, offset {}); remedy: restore the "
                                 "topic from a backup, or start the topology afresh",
                                 shown, number, partition_of(prefix_), offset));
}

unexpected view::removed(std::string_view shown) const {
  return fatal_error(
      ec::corrupt,
      fmt::format(
          "{}: a record that is needed was removed by a message without a value that is not a node's "
          "(partition {}, offset {}); remedy: let nobody but the nodes write to the topic, and restore it "
          "from a backup, or start the topology afresh",
          shown, partition_of(prefix_), highest_removed_->offset));
}

unexpected view::missing(std::string_view shown, std::uint64_t number, bool has_damaged_base) const {
  return fatal_error(
      ec::corrupt, fmt::format("{}: record {} is missing in partition {}{}; remedy: restore the topic from a "
                               "backup, or start the topology afresh",
                               shown, number, partition_of(prefix_),
                               has_damaged_base ? ", and neither of its two bases is whole" : ""));
}

expected<restored> view::restore(std::string_view shown) {
  restored out;
  std::optional<std::uint64_t> wanted;  // the number of the record that comes next, on the way back
  const auto all = in_order();
  if (is_needed_record_removed(all))
    return removed(shown);
  for (auto at = all.rbegin(); at != all.rend() && !out.base_at; ++at) {
    auto& [name, h] = **at;
    const bool is_opening = name.kind == record_kind::opening;
    if (!is_opening || name.number != 0) {
      const auto number = is_opening ? name.number - 1 : name.number;
      if (!wanted)
        wanted = out.contents.sequence = number;
      if (number != *wanted)
        return missing(shown, *wanted, out.contents.passed_over != 0);
    }
    if (is_opening) {
      ++out.weight.increments;
      continue;
    }
    if (name.kind == record_kind::base && !h.is_whole) {
      ++out.contents.passed_over;
    } else if (!h.is_whole) {
      return damaged(shown, name.number, h.place);
    }
    std::string payload;
    for (auto& [piece, p] : h.parts)
      payload += std::exchange(p.payload, {});
    if (name.kind == record_kind::base && h.is_whole) {
      out.base_at = h.parts.begin()->second.offset;
      out.weight.base_bytes = payload.size();
      out.contents.base = std::move(payload);
      break;
    }
    ++out.weight.increments;
    if (name.kind == record_kind::increment) {
      out.weight.increments_bytes += payload.size();
      out.contents.increments.push_back(std::move(payload));
    }
    --*wanted;
  }
  if (!out.base_at && wanted && *wanted != 0)
    return missing(shown, *wanted, out.contents.passed_over != 0);
  std::ranges::reverse(out.contents.increments);
  out.weight.is_base_due = out.contents.passed_over != 0;
  return out;
}

void view::drop_payloads() {
  for (auto& [name, h] : records_)
    for (auto& [piece, p] : h.parts)
      p.payload = {};
}

void view::settle(const record_name& name) {
  const auto found = records_.find(name);
  if (name.kind != record_kind::increment || !has_whole(name) || found->second.parts.size() != 1)
    return;
  const auto& only = found->second.parts.begin()->second;
  if (settled_.empty() || settled_.back().by != name.by || settled_.back().last + 1 != name.number)
    settled_.push_back({.by = name.by, .first = name.number, .begin = only.offset});
  auto& s = settled_.back();
  s.last = name.number;
  s.end = only.offset;
  s.bytes += only.digest->bytes;
  records_.erase(found);
}

/// Tombstones come in the order of the keys. A key amid a stretch stays until those before it are gone.
void view::forget_settled(const piece_key& key) {
  const auto at = std::ranges::find_if(settled_, [&](const auto& s) { return s.has(key); });
  if (at == settled_.end() || at->first != key.record.number)
    return;
  if (at->first++ < at->last)
    return;
  bytes_ -= at->bytes;
  settled_.erase(at);
}

bool view::stretch::has(const piece_key& key) const {
  const auto& [record, piece] = key;
  return record.kind == record_kind::increment && piece == 0 && record.by == by && record.number >= first &&
         record.number <= last;
}

/// A base lies between two stretches, so each lies on one side of it.
std::vector<piece_key> view::keys_before(std::uint64_t offset) const {
  std::vector<piece_key> keys;
  for (const auto& s : settled_)
    for (auto number = s.first; s.end < offset && number <= s.last; ++number)
      keys.push_back({{s.by, number, record_kind::increment}, 0});
  for (const auto& [name, h] : records_)
    for (const auto& [piece, p] : h.parts)
      if (p.offset < offset)
        keys.push_back({name, piece});
  return keys;
}

void view::forget(const piece_key& key) {
  const auto found = records_.find(key.record);
  if (found == records_.end())
    return forget_settled(key);
  const auto at = found->second.parts.find(key.piece);
  if (at == found->second.parts.end())
    return;
  if (at->second.digest)
    bytes_ -= at->second.digest->bytes;
  found->second.state = standing::incomplete;  // the sender of the tombstone had a base that stands for it
  found->second.parts.erase(at);
  if (found->second.parts.empty())
    records_.erase(found);
}

std::uint64_t view::begin() const {
  auto least = settled_.empty() ? position_ : settled_.front().begin;
  for (const auto& [name, h] : records_)
    for (const auto& [piece, p] : h.parts)
      least = std::min(least, p.offset);
  return least;
}

}  // namespace millrace::kafka_chain
