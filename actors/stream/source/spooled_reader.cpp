#include "actors/stream/source/spooled_reader.hpp"

#include <algorithm>

namespace millrace::source {
namespace {

constexpr std::uint8_t arrival = 1;  // Kafka's LogAppendTime

position at(std::uint64_t p) { return {0, static_cast<std::int64_t>(p)}; }
std::uint64_t number(position p) { return static_cast<std::uint64_t>(std::max<std::int64_t>(p.minor, 0)); }

}  // namespace

expected<void> spooled_reader::open() {
  if (feed_)
    return {};
  ASSIGN_OR_RETURN(auto opened, open_());
  const std::scoped_lock lock(mutex_);
  feed_ = std::move(opened);
  cursor_.emplace(feed_->log());
  return {};
}

/// A feed that no other reader has ends here, which takes a moment.
void spooled_reader::close() {
  std::shared_ptr<feed> last;
  const std::scoped_lock lock(mutex_);
  cursor_.reset();
  last.swap(feed_);
}

expected<std::vector<partition_info>> spooled_reader::discover(std::chrono::milliseconds timeout) {
  RETURN_IF_ERROR(open());
  RETURN_IF_ERROR(feed_->wait_until_begun(timeout));
  feed_->log()->add_consumer(consumer_);
  const auto first = at(feed_->log()->first());
  return std::vector<partition_info>{{std::string(partition), first, first}};
}

expected<void> spooled_reader::assign(const std::string&, position from) {
  next_ = number(from);
  assigned_ = true;
  end_said_ = at_end_ = false;
  return {};
}

void spooled_reader::acknowledge(const std::string&, position durable) {
  feed_->log()->acknowledge(consumer_, number(durable));
}

std::optional<std::uint64_t> spooled_reader::lag_bytes() {
  if (!feed_ || !assigned_)
    return std::nullopt;
  const auto end = feed_->log()->end();
  return end - std::min(end, next_);
}

void spooled_reader::interrupt() {
  interrupted_ = true;
  const std::scoped_lock lock(mutex_);
  if (feed_)
    feed_->log()->wake();
}

expected<std::optional<chunk>> spooled_reader::read(std::span<const std::string>, std::size_t max_bytes,
                                                    std::chrono::milliseconds timeout) {
  const bool ended = feed_->ended();  // before the log is looked at: no record follows it
  const bool begins = feed_->is_beginning();
  const auto until = std::chrono::steady_clock::now() + (ended ? std::chrono::milliseconds(0) : timeout);
  // Only an interruption ends the wait early where there is no assignment.
  constexpr auto nowhere = std::numeric_limits<std::uint64_t>::max();
  const bool more = feed_->log()->wait_beyond(assigned_ ? next_ : nowhere, until, interrupted_);
  if (interrupted_.exchange(false))
    return tl::make_unexpected(error{ec::cancelled, fault::ours, false, "reading was interrupted", {}});
  if (!assigned_)
    return std::optional<chunk>();
  chunk out;
  out.partition = partition;
  out.topic = topic_;
  out.lines = feed_->gives_lines();
  out.from = at(next_);
  const auto behind = cursor_->read(next_, max_bytes, [&](const spool::cursor::record& r) {
    if (r.cut)
      out.cut.push_back(static_cast<std::uint32_t>(out.begins.size()));
    out.begins.push_back(static_cast<std::uint32_t>(out.bytes.size()));
    out.lengths.push_back(static_cast<std::uint32_t>(r.bytes.size()));
    out.bytes += r.bytes;
    out.positions.push_back(at(r.position));
    out.timestamps.push_back(r.time);
    out.timestamp_types.push_back(arrival);
  });
  if (!behind)
    return tl::make_unexpected(behind.error());
  if (!more) {
    if (auto trouble = feed_->trouble())
      return tl::make_unexpected(std::move(*trouble));
    if (!begins && std::exchange(end_said_, true) && (!ended || at_end_))
      return std::optional<chunk>();
  }
  next_ = *behind;
  out.to = at(next_);
  out.caught_up = !begins && next_ == feed_->log()->end();
  end_said_ = out.caught_up;
  out.at_end = at_end_ = ended && out.caught_up;
  if (auto header = feed_->header())
    out.header = header_line{std::move(*header), {-1, -1}};
  out.bytes.append(padding, '\0');
  return std::optional(std::move(out));
}

std::unique_ptr<reader> make_spooled_reader(const config::values& options, const spool_place& at,
                                            std::shared_ptr<feeds> running,
                                            std::function<expected<std::shared_ptr<feed>>(spool_setup)> make,
                                            std::string topic) {
  const auto start = [options, at, make = std::move(make)]() -> expected<std::shared_ptr<feed>> {
    ASSIGN_OR_RETURN(auto spool, spool_setup_of(options, at));
    return make(std::move(spool));
  };
  auto open = [at, running = std::move(running), start]() -> expected<std::shared_ptr<feed>> {
    if (!at.chains)
      return running->of(at.stage, start);
    auto found = running->of(at.stage, at.now, start);
    if (!found && found.error().code != ec::corrupt && found.error().code != ec::unsupported)
      found.error().retry = true;
    return found;
  };
  return std::make_unique<spooled_reader>(std::move(open), at.consumer, std::move(topic));
}

}  // namespace millrace::source
