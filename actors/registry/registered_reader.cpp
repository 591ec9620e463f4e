#include "actors/registry/registered_reader.hpp"

#include "actors/stream/source/chunk_part.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace millrace::registry {
namespace {

/// The reason within an error of the registry, which begins with the registry's address.
std::string reason_in(const std::string& message, const std::string& registry) {
  const auto begin = "schema registry " + registry;
  const auto colon = message.starts_with(begin) ? message.find(": ", begin.size()) : std::string::npos;
  return colon == std::string::npos ? message : message.substr(colon + 2);
}

unexpected interrupted() {
  return unexpected(error{ec::cancelled, fault::ours, false, "reading was interrupted", {}});
}

}  // namespace

registered_reader::registered_reader(std::unique_ptr<source::reader> own,
                                     std::shared_ptr<known_schemas> known,
                                     std::function<std::unique_ptr<schema_store>()> connect,
                                     registered_options options)
    : own_(std::move(own)), known_(std::move(known)), connect_(std::move(connect)),
      options_(std::move(options)), store_(connect_()), waits_(options_.waits) {
  store_->on_silence([this](std::chrono::seconds so_far) { tell_silence(so_far); });
}

registered_reader::~registered_reader() {
  stop_comparing();
  options_.awaited->over();
}

void registered_reader::close() {
  stop_comparing();
  own_->close();
}

expected<void> registered_reader::assign(const std::string& partition, position from) {
  held_.erase(partition);
  if (held_.empty())
    waits_no_more();
  return own_->assign(partition, from);
}

void registered_reader::unassign(const std::string& partition) {
  held_.erase(partition);
  if (held_.empty())
    waits_no_more();
  own_->unassign(partition);
}

std::optional<source::backlog> registered_reader::lag() {
  auto out = own_->lag();
  if (!out)
    return out;
  for (const auto& [partition, c] : held_)
    if (const auto at = out->records.find(partition); at != out->records.end())
      at->second += c.records();
  return out;
}

void registered_reader::interrupt() {
  {
    const std::scoped_lock lock(mutex_);
    interrupted_ = true;
    if (fetching_)
      store_->interrupt();
  }
  woken_.notify_all();
  own_->interrupt();
}

std::uint64_t registered_reader::identity_version() const {
  constexpr std::uint64_t other_than_own = 0x1'0000'0000;  // the own reader's numbers go up by one
  return own_->identity_version() + changes_ * other_than_own;
}

expected<void> registered_reader::check_identity(std::string_view stored) {
  RETURN_IF_ERROR(known_->restore(stored));
  const auto of_own = source::without_schemas(stored);
  return of_own.empty() ? expected<void>() : own_->check_identity(of_own);
}

expected<std::optional<source::chunk>> registered_reader::read(std::span<const std::string> wanted,
                                                               std::size_t max_bytes,
                                                               std::chrono::milliseconds timeout) {
  start_comparing();
  const auto until = clock::now() + timeout;
  const auto waiting =
      std::ranges::find_if(wanted, [&](const auto& partition) { return held_.contains(partition); });
  if (waiting != wanted.end())
    return give(*waiting, until);
  auto got = own_->read(wanted, max_bytes, timeout);
  if (!got && got.error().code == ec::cancelled) {
    const std::scoped_lock lock(mutex_);
    interrupted_ = false;
  }
  if (!got || !*got)
    return got;
  auto partition = (*got)->partition;
  held_.insert_or_assign(partition, std::move(**got));
  return give(partition, until);
}

expected<std::optional<source::chunk>> registered_reader::give(const std::string& partition,
                                                               clock::time_point until) {
  const auto at = held_.find(partition);
  auto ids = ids_of(at->second, options_.prefix, options_.parts);
  ASSIGN_OR_RETURN(const auto without, fetch_for(at->second, ids, until));
  auto out = std::move(at->second);
  held_.erase(at);
  std::optional<position> turn;
  for (const auto& i : ids) {
    const auto s = known_->of(i.id, partition);
    if (s.schema && s.without && i.first < s.without->until && !(i.last < s.without->until))
      turn = turn ? std::min(*turn, s.without->until) : s.without->until;
  }
  if (turn) {
    held_.emplace(partition, source::cut_off(out, *turn));
    ids = ids_of(out, options_.prefix, options_.parts);
  }
  out.schemas = schemas_of(ids, partition, without);
  return std::optional(std::move(out));
}

std::shared_ptr<const source::record_schemas>
registered_reader::schemas_of(const std::vector<id_in_chunk>& ids, const std::string& partition,
                              const whys& without) const {
  auto out = std::make_shared<source::record_schemas>();
  for (const auto& i : ids) {
    const auto s = known_->of(i.id, partition);
    if (const auto now = without.find(i.id); now != without.end())
      out->unknown.insert(*now);
    else if (s.without && i.last < s.without->until)
      out->unknown.emplace(i.id, s.without->why);
    else
      out->by_id.emplace(i.id, s.schema);
  }
  return out->unknown.empty() ? known_->all() : std::move(out);
}

expected<registered_reader::whys> registered_reader::fetch_for(const source::chunk& c,
                                                               const std::vector<id_in_chunk>& ids,
                                                               clock::time_point until) {
  whys out;
  for (const auto& i : ids) {
    if (const auto why = why_no_id(i.id, options_.prefix); !why.empty()) {
      out.emplace(i.id, why);
      continue;
    }
    if (!is_asked_for(i, known_->of(i.id, c.partition)))
      continue;
    RETURN_IF_ERROR(wait_for_next_try(until));
    auto got = fetch(i.id);
    if (!got) {
      if (got.error().code == ec::cancelled)
        return unexpected(std::move(got).error());
      // A token that has expired, and an address that sends requests on, are mended as a server that is away is.
      got.error().code = ec::unavailable;
      got.error().whose = fault::outside;
      got.error().retry = true;
      options_.awaited->note(
          {"the registry " + options_.registry, reason_in(got.error().message, options_.registry)});
      got.error().message +=
          fmt::format("; {} record{} of partition {} wait{} for schema {}", c.records(),
                      c.records() == 1 ? "" : "s", c.partition, c.records() == 1 ? "s" : "", i.id);
      next_try_ = clock::now() + waits_.next();
      why_away_ = got.error();
      return unexpected(std::move(got).error());
    }
    waits_.reset();
    why_away_.reset();
    waits_no_more();
    if (got->text) {
      RETURN_IF_ERROR(known_->add(i.id, std::move(got->text)));
      ++changes_;
    } else {
      got->why_none += other_prefix(i.id, options_.prefix);
      if (const auto news = unknown_.add(i.id, got->why_none, clock::now()))
        spdlog::warn("{}: {}", options_.in_logs, *news);
      if (known_->is_without(i.id, c.partition, c.to, got->why_none))
        ++changes_;
      out.emplace(i.id, std::move(got->why_none));
    }
  }
  return out;
}

expected<fetched> registered_reader::fetch(std::uint64_t id) {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(interrupted_, false))
      return interrupted();
    fetching_ = true;
  }
  auto got = store_->fetch(id);
  const std::scoped_lock lock(mutex_);
  fetching_ = false;
  if (!got && got.error().code == ec::cancelled)
    interrupted_ = false;
  return got;
}

void registered_reader::tell_silence(std::chrono::seconds so_far) {
  auto why = fmt::format("no answer has come for {} s", so_far.count());
  if (!told_silence_ && !why_away_)
    spdlog::warn("{}: schema registry {}: {}; records wait for it", options_.in_logs, options_.registry, why);
  told_silence_ = true;
  options_.awaited->note({"the registry " + options_.registry, std::move(why)});
}

void registered_reader::waits_no_more() {
  if (std::exchange(told_silence_, false))
    spdlog::info("{}: the schema registry {} answers again", options_.in_logs, options_.registry);
  options_.awaited->over();
}

expected<void> registered_reader::wait_for_next_try(clock::time_point until) {
  if (!why_away_ || clock::now() >= next_try_)
    return {};
  std::unique_lock lock(mutex_);
  woken_.wait_until(lock, std::min(until, next_try_), [&] { return interrupted_; });
  if (std::exchange(interrupted_, false))
    return interrupted();
  return clock::now() < next_try_ ? expected<void>(unexpected(*why_away_)) : expected<void>();
}

void registered_reader::start_comparing() {
  if (comparing_.joinable())
    return;
  auto restored = known_->take_restored();
  if (restored.empty())
    return;
  compared_with_ = connect_();
  comparing_ = std::thread([this, restored = std::move(restored)] { compare(restored); });
}

void registered_reader::stop_comparing() {
  if (!comparing_.joinable())
    return;
  {
    const std::scoped_lock lock(mutex_);
    ends_ = true;
  }
  compared_with_->interrupt();
  woken_.notify_all();
  comparing_.join();
}

void registered_reader::compare(const std::map<std::uint64_t, known_schemas::text>& restored) {
  backoff waits(options_.waits);
  const auto ends = [&](clock::duration wait) {
    std::unique_lock lock(mutex_);
    return woken_.wait_for(lock, wait, [&] { return ends_; });
  };
  for (const auto& [id, kept] : restored) {
    auto now = compared_with_->fetch(id);
    while (!now && now.error().retry) {
      if (ends(waits.next()))
        return;
      now = compared_with_->fetch(id);
    }
    if (!now ||
        ends(clock::duration::zero()))  // what is wrong with the registry shows when a schema is needed
      return;
    waits.reset();
    if (now->text && *now->text != *kept)
      spdlog::warn("{}: the schema registry {} has another schema under the id {} than the state; records "
                   "are read with the state's",
                   options_.in_logs, options_.registry, id);
  }
}

}  // namespace millrace::registry
