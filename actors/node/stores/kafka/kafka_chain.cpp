#include "actors/node/stores/kafka/kafka_chain.hpp"

#include "runtime/chain/rules.hpp"
#include "runtime/snapshot/life_fence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::kafka_chain {
namespace {

/// Each lost race is another instance of the actor under the same term; more than there can be mean that the
/// topic misbehaves.
constexpr int most_races = 100;
constexpr incarnation highest_term = (incarnation{1} << (64 - count_bits)) - 1;
/// Tombstones go out in batches, so that they need little memory at once.
constexpr std::size_t tombstones_at_once = 1'000;

}  // namespace

std::string topic_chain::shown() const {
  return fmt::format("{}, {} of {}", topic_->shown(), owner_.actor,
                     owner_.topology.empty() ? "the cluster" : owner_.topology);
}

unexpected topic_chain::fenced() const {
  return snapshot::superseded(me_.life.term, owner_.actor, seen_.highest().life.term);
}

unexpected topic_chain::not_known(error why) {
  is_unsure_ = true;
  return unexpected(std::move(why));
}

expected<std::unique_ptr<topic_chain>> topic_chain::open(std::shared_ptr<topic> records, owner of,
                                                         const chain::life& now) {
  return open_under(std::move(records), std::move(of), now, false);
}

expected<std::unique_ptr<topic_chain>> topic_chain::open_chosen(std::shared_ptr<topic> records, owner of,
                                                                const chain::life& chosen) {
  return open_under(std::move(records), std::move(of), chosen, true);
}

expected<std::unique_ptr<topic_chain>> topic_chain::open_under(std::shared_ptr<topic> records, owner of,
                                                               const chain::life& now, bool is_chosen) {
  if (now.term > highest_term)
    return our_error(fmt::format("{}: the term {} is above all that a chain can hold", of.actor, now.term));
  if (of.topology.size() + of.actor.size() > longest_owner)
    return user_error(ec::invalid_argument,
                      fmt::format("the names of topology and actor have {} bytes together; {} at most",
                                  of.topology.size() + of.actor.size(), longest_owner));
  std::unique_ptr<topic_chain> opened(new topic_chain(std::move(records), std::move(of)));
  ASSIGN_OR_RETURN(auto done,
                   opened->begin_life(now, is_chosen).and_then([&] { return opened->restore_opened(); }));
  opened->tail_ = done.contents.sequence;
  opened->base_at_ = done.base_at;
  opened->weight_ = done.weight;
  opened->just_opened_ = std::move(done.contents);
  opened->bytes_ = opened->seen_.bytes();
  return opened;
}

expected<void> topic_chain::read_on(view& into, std::uint64_t least) const {
  return topic_
      ->read(prefix_, into.position(), least, [&](const auto& s, auto payload) { into.take(s, payload); })
      .map([&](std::uint64_t end) { into.advance(end); });
}

/// A hole in the numbers means to read again: compaction has overtaken the first reading.
expected<topic_chain::looked> topic_chain::look(std::shared_ptr<topic> records, owner of) {
  topic_chain c(std::move(records), std::move(of));
  expected<restored> all;
  for (int reading = 0; reading == 0 || (reading == 1 && !all); ++reading) {
    c.seen_ = view(c.prefix_);
    RETURN_IF_ERROR(c.read_on(c.seen_, 0));
    all = c.seen_.restore(c.shown());
  }
  return std::move(all).map([&](restored&& r) {
    return looked{std::move(r.contents), c.seen_.highest().life};
  });
}

/// A life that meets a higher one of its own term reads on and tries again; a higher term ends it (R2).
expected<void> topic_chain::begin_life(const chain::life& now, bool is_chosen) {
  ASSIGN_OR_RETURN(followed_, topic_->follow(prefix_));
  RETURN_IF_ERROR(read_on(seen_, 0));
  if (is_chosen)
    return take_chosen(now);
  for (int race = 0; race < most_races; ++race) {
    const auto taken = take_place(chain::above_earlier(now, seen_.highest().life));
    if (!taken || *taken)
      return taken.map([](bool) {});
  }
  return outside_error(ec::io,
                       fmt::format("{}: no opening came first; stop what else writes there", shown()));
}

/// R2, for a life that was chosen: it is not raised, and who meets another one of its term gives up.
expected<void> topic_chain::take_chosen(const chain::life& chosen) {
  if (chain::is_taken(chosen, seen_.highest().life)) {
    me_ = {chosen, 0};
    return fenced();
  }
  return take_place(chosen).and_then(
      [this](bool is_highest) { return is_highest ? expected<void>() : fenced(); });
}

/// The chain continues all that stands before its opening, so it reads past that opening (R2).
expected<bool> topic_chain::take_place(const chain::life& mine) {
  me_ = {mine, 0};
  if (chain::must_give_up(mine, seen_.highest().life) || mine.count > chain::most_counts)
    return fenced();
  me_.opening = topic_->unique();
  return topic_->append(prefix_, cut(prefix_, {me_, 0, record_kind::opening}, {}))
      .and_then([&](std::uint64_t place) { return read_on(seen_, place + 1); })
      .map([&] { return seen_.highest() == me_; });
}

/// A hole in the numbers means to read again; if it is still there, a record is lost.
expected<restored> topic_chain::restore_opened() {
  auto all = seen_.restore(shown());
  if (!all) {
    seen_ = view(prefix_);
    RETURN_IF_ERROR(read_on(seen_, 0));
    if (seen_.highest() != me_)
      return fenced();
    all = seen_.restore(shown());
  }
  seen_.drop_payloads();
  return all;
}

expected<chain::contents> topic_chain::read() {
  if (just_opened_)
    return *std::exchange(just_opened_, std::nullopt);
  // Records before the older of two bases are not needed, not even to tell which later records are void.
  view again(prefix_, seen_.begin());
  RETURN_IF_ERROR(read_on(again, 0));
  if (again.highest() > me_)
    return unexpected(snapshot::superseded(me_.life.term, owner_.actor, again.highest().life.term));
  again.pass_over_above(tail_);
  return again.restore(shown()).map([](restored&& all) { return std::move(all.contents); });
}

/// The look reads to the end, not to the record's own place (R3). The opening that voids the record may be
/// compacted away by then; a base of a higher life then follows it, and that base is the trim mark.
expected<void> topic_chain::look(std::uint64_t place) {
  auto done = followed_->look(place, [&](const auto& s, auto payload) { seen_.take(s, payload); });
  if (!done)
    return not_known(done.error());
  if (seen_.highest() > me_)
    return fenced();
  return {};
}

expected<std::uint64_t> topic_chain::store(const record_name& name, std::string_view payload) {
  auto place = topic_->append(prefix_, cut(prefix_, name, payload, topic_->piece_bytes()));
  if (!place)
    return not_known(place.error());
  return look(*place).map([&] { return *place; });
}

/// The new opening names the number of its first record (R4). What a failed append has left before the
/// opening is therefore passed over; what lands after it is void.
expected<void> topic_chain::raise_count() {
  if (me_.life.count == chain::most_counts)
    return outside_error(ec::io, fmt::format("{}: too many writes have failed", shown()));
  me_ = {{me_.life.term, me_.life.count + 1}, topic_->unique()};
  return store({me_, tail_ + 1, record_kind::opening}, {}).map([&](std::uint64_t) {
    is_unsure_ = false;
    ++weight_.increments;
  });
}

expected<record_name> topic_chain::append_record(record_kind kind, std::string_view payload) {
  if (payload.size() > largest_payload)
    return fatal_error(ec::unsupported,
                       fmt::format("{}: a record of {} bytes is above the {} that a chain in Kafka can hold; "
                                   "remedy: take more shards, so that each has less state",
                                   shown(), payload.size(), largest_payload));
  if (seen_.highest() > me_)
    return fenced();
  if (is_unsure_)
    RETURN_IF_ERROR(raise_count());
  const record_name name{me_, tail_ + 1, kind};
  RETURN_IF_ERROR(store(name, payload));
  if (!seen_.has_whole(name))
    return not_known(
        outside_error(ec::io,
                      fmt::format("{}: record {} does not read back as it was written; remedy: check the "
                                  "brokers' disks, and stop what else writes there",
                                  shown(), name.number))
            .value());
  tail_ = name.number;
  bytes_ = seen_.bytes();
  return name;
}

expected<std::uint64_t> topic_chain::append(std::string_view increment, bool) {
  just_opened_.reset();
  return append_record(record_kind::increment, increment).map([&](const record_name& name) {
    ++weight_.increments;
    weight_.increments_bytes += increment.size();
    seen_.settle(name);
    return name.number;
  });
}

expected<bool> topic_chain::append_base(std::string_view base) {
  if (is_unsure_)
    return false;
  just_opened_.reset();
  ASSIGN_OR_RETURN(const auto name, append_record(record_kind::base, base));
  weight_ = {.base_bytes = base.size()};
  if (const auto previous = std::exchange(base_at_, seen_.begin_of(name)))
    trim(*previous);
  return true;
}

/// Trimming uses tombstones alone, and only once the base that follows the trimmed records counts (R4). Keys
/// are never used again, so it does not matter when a tombstone lands. Keys that are left over go with the
/// next base.
void topic_chain::trim(std::uint64_t before) {
  const auto keys = seen_.keys_before(before);
  for (std::size_t at = 0; at < keys.size(); at += tombstones_at_once) {
    const auto end = std::min(keys.size(), at + tombstones_at_once);
    std::vector<message> tombstones;
    for (auto i = at; i < end; ++i)
      tombstones.push_back({encode_key(prefix_, keys[i]), std::nullopt});
    if (!topic_->append(prefix_, std::move(tombstones)))
      break;
    for (auto i = at; i < end; ++i)
      seen_.forget(keys[i]);
  }
  bytes_ = seen_.bytes();
}

}  // namespace millrace::kafka_chain
