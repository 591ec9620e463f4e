#include "actors/stream/source/replaying_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::source {

expected<std::vector<partition_info>> replaying_reader::look(const std::set<std::string>& known) {
  if (batches_.are_told())
    return std::vector<partition_info>();
  ASSIGN_OR_RETURN(const auto numbers, batches_.numbers());
  const bool more = std::any_of(numbers.begin(), numbers.end(), [&](auto n) { return !names_.contains(n); });
  if (more)
    RETURN_IF_ERROR(batches_.settle());
  std::vector<partition_info> found;
  for (const auto n : numbers) {
    if (!names_.contains(n)) {
      ASSIGN_OR_RETURN(const auto batch, batches_.read(n));
      names_[n] = replay::partition_name(batch.stage, n);
    }
    if (!known.contains(names_[n]))
      found.push_back({names_[n], {}, {}});
  }
  return found;
}

expected<std::vector<partition_info>> replaying_reader::discover(std::chrono::milliseconds timeout) {
  auto own = own_->discover(timeout);
  if (!own)
    return own;
  auto replayed = look({});
  if (!replayed)
    return replayed;
  own->insert(own->end(), replayed->begin(), replayed->end());
  return own;
}

expected<std::vector<partition_info>> replaying_reader::discover_beside(const std::set<std::string>& known,
                                                                        std::chrono::milliseconds timeout) {
  auto replayed = look(known);
  std::set<std::string> of_source;
  for (const auto& name : known)
    if (!replay::parse_partition_name(name))
      of_source.insert(name);
  auto own = own_->discover_beside(of_source, timeout);
  // A source that does not answer keeps nobody from what lies here.
  if (!own && (!replayed || replayed->empty()))
    return own;
  if (!replayed)
    return own;
  if (own)
    replayed->insert(replayed->end(), own->begin(), own->end());
  return replayed;
}

expected<void> replaying_reader::assign(const std::string& partition, position from) {
  if (!replay::parse_partition_name(partition))
    return own_->assign(partition, from);
  if (std::none_of(names_.begin(), names_.end(), [&](const auto& n) { return n.second == partition; }))
    RETURN_IF_ERROR(look({}));
  places_[partition] = {static_cast<std::size_t>(std::max<std::int64_t>(from.minor, 0)), std::nullopt, false};
  return {};
}

void replaying_reader::unassign(const std::string& partition) {
  if (places_.erase(partition) == 0)
    own_->unassign(partition);
}

void replaying_reader::acknowledge(const std::string& partition, position durable) {
  if (!replay::parse_partition_name(partition))
    own_->acknowledge(partition, durable);
}

expected<std::optional<chunk>> replaying_reader::read(std::span<const std::string> wanted,
                                                      std::size_t max_bytes,
                                                      std::chrono::milliseconds timeout) {
  if (places_.empty())
    return own_->read(wanted, max_bytes, timeout);
  std::vector<std::string> of_source;
  for (const auto& partition : wanted) {
    const auto at = places_.find(partition);
    if (at == places_.end())
      of_source.push_back(partition);
    else if (!at->second.ended)
      return next_chunk(partition, at->second, max_bytes);
  }
  if (of_source.empty() && !wanted.empty())
    return std::optional<chunk>();
  return own_->read(of_source, max_bytes, timeout);
}

expected<std::optional<chunk>> replaying_reader::next_chunk(const std::string& partition, place& p,
                                                            std::size_t max_bytes) {
  if (!p.batch) {
    ASSIGN_OR_RETURN(p.batch, batches_.read(replay::parse_partition_name(partition)->number));
  }
  const auto& all = p.batch->records;
  p.next = std::min(p.next, all.size());
  chunk out;
  out.partition = partition;
  out.topic = p.batch->topic;
  if (wanted_.header)  // it stands at no position of its own
    out.header = header_line{p.batch->header, {-1, -1}};
  if (std::holds_alternative<by_container>(wanted_.frame) && !p.batch->header.empty())
    out.schemas = std::make_shared<const record_schemas>(
        record_schemas{.of_all = std::make_shared<const std::string>(p.batch->header)});
  const auto at = [](std::size_t i) { return position{0, static_cast<std::int64_t>(i)}; };
  out.from = at(p.next);
  const bool timed = p.next < all.size() && all[p.next].timestamp;
  for (; p.next < all.size(); ++p.next) {
    const auto& r = all[p.next];
    // A chunk has timestamps of all its records or of none.
    if (r.timestamp.has_value() != timed ||
        (out.records() > 0 && out.bytes.size() + r.bytes.size() > max_bytes))
      break;
    out.begins.push_back(static_cast<std::uint32_t>(out.bytes.size()));
    out.lengths.push_back(r.is_null ? no_value : static_cast<std::uint32_t>(r.bytes.size()));
    out.bytes += r.bytes;
    out.positions.push_back(at(p.next));
    if (timed) {
      out.timestamps.push_back(*r.timestamp);
      out.timestamp_types.push_back(r.timestamp_type);
    }
    if (wanted_.key)
      out.keys.push_back(r.key);
    if (wanted_.headers)
      out.headers.push_back(r.headers.empty() ? "{}" : r.headers);
  }
  out.to = at(p.next);
  out.bytes.append(padding, '\0');
  if (p.next == all.size()) {
    out.at_end = out.caught_up = p.ended = true;
    p.batch.reset();
  }
  return std::optional(std::move(out));
}

}  // namespace millrace::source
