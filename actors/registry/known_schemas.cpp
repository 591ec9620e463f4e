#include "actors/registry/known_schemas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace millrace::registry {
namespace {

constexpr std::uint64_t longest_span = 10'000;

/// The position so many behind this one.
position behind(position at, std::uint64_t span) {
  const auto room = std::numeric_limits<std::int64_t>::max() - std::max<std::int64_t>(at.minor, 0);
  return {at.major, at.minor + std::min(static_cast<std::int64_t>(span), room)};
}

}  // namespace

known_schemas::standing known_schemas::of(std::uint64_t id, const std::string& partition) const {
  const std::scoped_lock lock(mutex_);
  standing out;
  if (const auto at = by_id_.find(id); at != by_id_.end())
    out.schema = at->second.schema;
  if (const auto at = unknown_.find({id, partition}); at != unknown_.end())
    out.without = at->second;
  return out;
}

expected<void> known_schemas::add(std::uint64_t id, text schema) {
  const std::scoped_lock lock(mutex_);
  if (by_id_.contains(id))
    return {};
  if (by_id_.size() >= bounds_.most_ids || bytes_ + schema->size() > bounds_.most_bytes)
    return user_error(
        ec::unsupported,
        fmt::format(
            "the records have schema {} of the registry after {} others with {} bytes; a source reads at "
            "most {} schemas with {} MB in all. Begin anew with --fresh, which forgets them, or read fewer "
            "kinds of records by one source",
            id, by_id_.size(), bytes_, bounds_.most_ids, bounds_.most_bytes / 1'000'000));
  bytes_ += schema->size();
  auto packed = source::format_schema(id, *schema);
  by_id_.emplace(id, entry{std::move(schema), std::move(packed)});
  all_.reset();
  return {};
}

bool known_schemas::is_without(std::uint64_t id, const std::string& partition, position to, std::string why) {
  const std::scoped_lock lock(mutex_);
  const auto at = unknown_.find({id, partition});
  if (at == unknown_.end() && unknown_.size() >= bounds_.most_ids)
    return false;
  const auto before = at == unknown_.end() ? 0 : at->second.span;
  const auto span = at == unknown_.end() ? 0 : std::min(std::max<std::uint64_t>(before * 2, 1), longest_span);
  auto& s = unknown_[{id, partition}];
  s.until = std::max(s.until, behind(to, span));
  s.span = span;
  s.why = std::move(why);
  return true;
}

std::shared_ptr<const source::record_schemas> known_schemas::all() const {
  const std::scoped_lock lock(mutex_);
  if (!all_) {
    auto out = std::make_shared<source::record_schemas>();
    for (const auto& [id, e] : by_id_)
      out->by_id.emplace(id, e.schema);
    all_ = std::move(out);
  }
  return all_;
}

std::string known_schemas::entries() const {
  const std::scoped_lock lock(mutex_);
  std::string out;
  for (const auto& [id, e] : by_id_)
    out += e.packed;
  for (const auto& [key, s] : unknown_)
    out += source::format_schemaless(key.first, key.second, s);
  return out;
}

expected<void> known_schemas::restore(std::string_view identity) {
  ASSIGN_OR_RETURN(auto kept, source::schemas_in(identity));
  const std::scoped_lock lock(mutex_);
  for (auto& [id, schema] : kept.by_id) {
    if (by_id_.contains(id))  // another reader of this life has it, and uses it
      continue;
    bytes_ += schema->size();
    restored_.emplace(id, schema);
    auto packed = source::format_schema(id, *schema);
    by_id_.emplace(id, entry{std::move(schema), std::move(packed)});
  }
  unknown_.merge(kept.unknown);
  all_.reset();
  return {};
}

std::map<std::uint64_t, known_schemas::text> known_schemas::take_restored() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(restored_, {});
}

}  // namespace millrace::registry
