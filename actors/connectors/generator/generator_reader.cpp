#include "actors/connectors/generator/generator_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace millrace::source {
namespace {

constexpr std::string_view epoch_member = " epoch=";

}  // namespace

expected<std::vector<partition_info>> generator_reader::discover(std::chrono::milliseconds) {
  if (!options_.epoch)
    options_.epoch = clock_.now();
  options_.records.epoch = *options_.epoch;
  return std::vector<partition_info>{{std::string(partition), {0, 0}, {0, 0}}};
}

std::string generator_reader::identity() const {
  const auto& r = options_.records;
  return fmt::format("kind={} seed={} step={}us{}{}", static_cast<int>(r.kind), r.seed, r.step.count(),
                     epoch_member, r.epoch);
}

expected<void> generator_reader::check_identity(std::string_view stored) {
  const auto at = stored.rfind(epoch_member);
  event_micros epoch = 0;
  const auto number =
      at == std::string_view::npos ? std::string_view() : stored.substr(at + epoch_member.size());
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), epoch);
  const auto mine = identity();
  if (number.empty() || failed != std::errc() || end != number.data() + number.size() ||
      mine.substr(0, mine.rfind(epoch_member)) != stored.substr(0, at))
    return user_error(ec::mismatch,
                      "the generator's kind, seed, spacing or rate are not those that the state was begun "
                      "with, so its records would be others; put them back, or start over with "
                      "--fresh");
  options_.epoch = options_.records.epoch = epoch;
  return {};
}

expected<void> generator_reader::assign(const std::string&, position from) {
  next_ = static_cast<std::uint64_t>(std::max<std::int64_t>(from.minor, 0));
  assigned_ = true;
  ended_ = false;
  return {};
}

bool generator_reader::wait_until(clock::time_point t) {
  std::unique_lock lock(mutex_);
  woken_.wait_until(lock, t, [&] { return interrupted_; });
  return !interrupted_;
}

void generator_reader::interrupt() {
  {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
  }
  woken_.notify_all();
}

expected<std::optional<chunk>> generator_reader::read(std::span<const std::string>, std::size_t max_bytes,
                                                      std::chrono::milliseconds timeout) {
  const auto deadline = clock::now() + timeout;
  const bool pauses = not_before_ > clock::now();
  if (!assigned_ || ended_ || pauses) {
    if (!wait_until(pauses ? std::min(deadline, not_before_) : deadline))
      return unexpected(error{ec::cancelled, fault::ours, false, "interrupted", {}});
    if (!assigned_ || ended_ || not_before_ > clock::now())
      return std::optional<chunk>();
  }
  chunk c;
  c.partition = partition;
  c.from = {0, static_cast<std::int64_t>(next_)};
  auto stop = options_.count.value_or(std::numeric_limits<std::uint64_t>::max());
  if (options_.burst != 0)
    stop = std::min(stop, (next_ / options_.burst + 1) * options_.burst);
  while (next_ < stop && c.bytes.size() < max_bytes) {
    c.begins.push_back(static_cast<std::uint32_t>(c.bytes.size()));
    append_record(c.bytes, options_.records, next_);
    c.lengths.push_back(static_cast<std::uint32_t>(c.bytes.size()) - c.begins.back());
    c.positions.push_back({0, static_cast<std::int64_t>(next_)});
    c.timestamps.push_back(time_of(options_.records, next_));
    c.timestamp_types.push_back(0);
    ++next_;
  }
  c.to = {0, static_cast<std::int64_t>(next_)};
  c.bytes.append(padding, '\0');
  c.at_end = ended_ = at_end();
  if (options_.burst != 0 && next_ % options_.burst == 0 && !ended_) {
    not_before_ = clock::now() + options_.pause;
    c.caught_up = true;
  }
  return std::optional(std::move(c));
}

/// Records of a generator wait once they are due: by the rate, or as far as the burst goes, or else all at once.
std::optional<backlog> generator_reader::lag() {
  constexpr std::uint64_t endless = std::numeric_limits<std::int64_t>::max();
  if (!options_.count && !options_.has_rate && options_.burst == 0)
    return std::nullopt;
  auto left = options_.count ? *options_.count - std::min(*options_.count, next_) : endless;
  if (options_.burst != 0)
    left = not_before_ > clock::now() ? 0 : std::min(left, options_.burst - next_ % options_.burst);
  return backlog{{{std::string(partition), left}}, options_.has_rate};
}

}  // namespace millrace::source
