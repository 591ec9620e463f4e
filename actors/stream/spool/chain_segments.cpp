#include "actors/stream/spool/chain_segments.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace millrace::spool {
namespace {

/// An opening reads all groups: beyond this number they become one record, once they are as many bytes as the last one.
constexpr std::uint64_t many_groups = 200;

}  // namespace

expected<std::vector<stored_segment>> chain_segments::read_all() {
  ASSIGN_OR_RETURN(auto found, chain_->read());
  return segments_of(std::move(found));
}

expected<std::vector<std::uint64_t>> chain_segments::open() {
  ASSIGN_OR_RETURN(chain_, chains_->open_chain(name_of_spool(source_), now_));
  ASSIGN_OR_RETURN(const auto found, read_all());
  std::vector<std::uint64_t> bases;
  const std::scoped_lock lock(mutex_);
  for (const auto& s : found) {
    slots_[s.base] = s.slot;
    if (s.slot != 0)
      taken_.insert(s.slot);
    bases.push_back(s.base);
  }
  return bases;
}

/// A segment that is moved meanwhile is found at the second look.
expected<std::string> chain_segments::read(std::uint64_t base) const {
  for (int look = 0; look < 2; ++look) {
    std::uint64_t slot = 0;
    {
      const std::scoped_lock lock(mutex_);
      const auto at = slots_.find(base);
      if (at == slots_.end())
        break;
      slot = at->second;
    }
    ASSIGN_OR_RETURN(auto found,
                     chains_->look(slot != 0 ? name_of_slot(source_, slot) : name_of_spool(source_)));
    if (slot != 0)
      return std::move(found.base);
    ASSIGN_OR_RETURN(auto all, segments_of(std::move(found)));
    for (auto& s : all)
      if (s.base == base && s.slot == 0)
        return std::move(s.bytes);
  }
  return fatal_error(ec::not_found, fmt::format("{} is gone", path(base)));
}

expected<void> chain_segments::begin(std::uint64_t base, std::string_view header) {
  RETURN_IF_ERROR(append(chain_record::what::begun, base, header));
  {
    const std::scoped_lock lock(mutex_);
    slots_[base] = 0;
  }
  is_untidy_ = true;
  return tidy();
}

expected<void> chain_segments::append(std::uint64_t base, std::string_view frames) {
  RETURN_IF_ERROR(append(chain_record::what::appended, base, frames));
  const auto weight = chain_->size();
  if (is_untidy_ || (weight.increments > many_groups && weight.increments_bytes > weight.base_bytes))
    return tidy();
  return {};
}

expected<void> chain_segments::append(chain_record::what kind, std::uint64_t base, std::string_view bytes) {
  if (!chain_)
    return our_error("a spool in the store is written to before it is open");
  return chain_->append(encode_record({kind, {{base, 0, std::string(bytes)}}}), true).map([](std::uint64_t) {
  });
}

expected<void> chain_segments::remove(std::uint64_t base) {
  const std::scoped_lock lock(mutex_);
  slots_.erase(base);
  return {};
}

/// The group before it is durable even if this fails.
expected<void> chain_segments::tidy() {
  const auto done = [&]() -> expected<void> {
    ASSIGN_OR_RETURN(auto all, read_all());
    {
      const std::scoped_lock lock(mutex_);
      std::erase_if(all, [&](const auto& s) { return !slots_.contains(s.base); });
      for (auto& s : all)
        if (s.slot == 0 && slots_.at(s.base) != 0)  // moved before, and the base was not written
          s = {s.base, slots_.at(s.base), {}};
    }
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
      if (auto& s = all[i]; s.slot == 0)
        RETURN_IF_ERROR(move(s));
    const chain_record kept{chain_record::what::all, std::move(all)};
    ASSIGN_OR_RETURN(const auto written, chain_->append_base(encode_record(kept)));
    if (!written)
      return {};
    is_untidy_ = is_told_ = false;
    taken_.clear();
    for (const auto& s : kept.segments)
      if (s.slot != 0)
        taken_.insert(s.slot);
    return {};
  }();
  if (done || done.error().code == ec::fenced)
    return done;
  is_untidy_ = true;
  if (!std::exchange(is_told_, true))
    spdlog::warn("the spool {} is not tidied yet, and will be later: {}", place(), done.error().message);
  return {};
}

/// A slot is used again only once no base names it, so that nothing is lost where this ends halfway.
expected<void> chain_segments::move(stored_segment& s) {
  std::uint64_t slot = 1;
  while (taken_.contains(slot))
    ++slot;
  ASSIGN_OR_RETURN(auto to, chains_->open_chain(name_of_slot(source_, slot), now_));
  ASSIGN_OR_RETURN(const auto written, to->append_base(s.bytes));
  if (!written)
    return outside_error(ec::unavailable, "the store has refused a record");
  taken_.insert(slot);
  s = {s.base, slot, {}};
  const std::scoped_lock lock(mutex_);
  if (const auto at = slots_.find(s.base); at != slots_.end())
    at->second = slot;
  return {};
}

std::string chain_segments::path(std::uint64_t base) const {
  return fmt::format("segment {} of the spool {}", base, place());
}

std::string chain_segments::remedy() const { return "put the store back as it was, from a backup"; }

}  // namespace millrace::spool
