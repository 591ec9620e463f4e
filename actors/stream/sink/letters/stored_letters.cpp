#include "actors/stream/sink/letters/stored_letters.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace millrace::sink {
namespace {

/// This many commits are then joined into one record: an opening reads them all.
constexpr std::uint64_t most_commits = 200;

}  // namespace

part_options stored_parts_of(const config::values& options) {
  auto out = parts_of(options);
  out.roll.size = std::min(out.roll.size.value_or(largest_stored_part), largest_stored_part);
  return out;
}

expected<std::optional<progress>> stored_letters::open(const claim& who) {
  open_.reset();
  buffer_.clear();
  rows_ = 0;
  now_ = life_of(who.life);
  ASSIGN_OR_RETURN(open_, chains_->open_chain(name_of_open_part(), now_));
  auto found = read();
  if (!found) {
    open_.reset();
    return unexpected(found.error());
  }
  if (!*found || (*found)->progress.empty()) {
    if (who.expects_progress) {
      open_.reset();
      return user_error(ec::mismatch,
                        "the store of the cluster has lost the dead letters of this topology: it was "
                        "emptied, or restored from an older copy; put it back as it was");
    }
    part_ = found->value_or(letter_record());
    bytes_ = 0;
    return std::nullopt;
  }
  part_ = std::move(**found);
  bytes_ = std::exchange(part_.lines, {}).size();
  return decode_progress(part_.progress).map([](progress&& p) { return std::optional(std::move(p)); });
}

expected<std::optional<letter_record>> stored_letters::read() {
  ASSIGN_OR_RETURN(auto found, open_->read());
  return open_part_of(std::move(found));
}

expected<void> stored_letters::write(const data::batch& rows) {
  if (!open_)
    return our_error("write to a sink of dead letters that is not open");
  const auto shown = format_.shown(rows);
  for (std::size_t i = 0; i < shown.rows; ++i)
    format_.append(buffer_, shown, i);
  rows_ += rows.rows;
  return {};
}

expected<std::uint64_t> stored_letters::commit(const progress& p) {
  if (!open_)
    return our_error("commit to a sink of dead letters that is not open");
  auto next = part_;
  next.rows = std::exchange(rows_, 0);
  next.since = next.rows != 0 ? clock_->now() : 0;
  next.progress = encode_progress(p);
  next.lines = std::exchange(buffer_, {});
  const auto done = open_->append(encode_letters(next), next.rows != 0);
  if (!done) {
    open_.reset();
    return unexpected(done.error());
  }
  bytes_ += next.lines.size();
  part_.rows += next.rows;
  if (part_.since == 0)
    part_.since = next.since;
  part_.progress = std::move(next.progress);
  RETURN_IF_ERROR(keep_alive());
  return 0;
}

bool stored_letters::is_due() const {
  return part_.rows != 0 && parts_.roll.is_due(part_.rows, bytes_, part_.since, clock_->now());
}

/// Committed letters last without this, so a failure here only means to try again after the next commit.
expected<void> stored_letters::keep_alive() {
  if (!open_)
    return our_error("a sink of dead letters is to be kept alive that is not open");
  const auto done = is_due()                                  ? begin_part()
                    : open_->size().increments > most_commits ? join_commits()
                                                              : expected<void>();
  if (done)
    return {};
  if (done.error().code == ec::fenced) {
    open_.reset();
    return done;
  }
  spdlog::warn("dead letters: a part of them is not ended yet, and will be later: {}", done.error().message);
  return {};
}

std::optional<micros> stored_letters::keep_alive_in() const {
  return part_.rows != 0 ? parts_.roll.left(part_.since, clock_->now()) : std::nullopt;
}

/// The part stands in its own chain before the open one forgets it: ended halfway, it is written there again.
expected<void> stored_letters::begin_part() {
  ASSIGN_OR_RETURN(auto whole, read());
  if (!whole)
    return our_error("the open part of the dead letters has vanished");
  ASSIGN_OR_RETURN(auto place, chains_->open_chain(name_of_part(part_.number), now_));
  if (const auto done = place->append_base(whole->lines); !done || !*done)
    return done ? expected<void>() : unexpected(done.error());
  const auto next = part_.number + 1;
  RETURN_IF_ERROR(empty_oldest(next));
  letter_record begun{part_.first, next, 0, 0, part_.progress, {}};
  ASSIGN_OR_RETURN(const auto done, open_->append_base(encode_letters(begun)));
  if (done) {
    part_ = std::move(begun);
    bytes_ = 0;
  }
  return {};
}

expected<void> stored_letters::empty_oldest(std::uint64_t next) {
  while (parts_.keep && next - part_.first > *parts_.keep) {
    ASSIGN_OR_RETURN(auto place, chains_->open_chain(name_of_part(part_.first), now_));
    // A base is something: an empty text is none.
    if (const auto done = place->append_base("\n"); !done || !*done)
      return done ? expected<void>() : unexpected(done.error());
    ++part_.first;
  }
  return {};
}

expected<void> stored_letters::join_commits() {
  ASSIGN_OR_RETURN(const auto whole, read());
  if (!whole)
    return {};
  const auto done = open_->append_base(encode_letters(*whole));
  return done ? expected<void>() : unexpected(done.error());
}

expected<parts_of_letters> kept_letters(chain::named_chains& chains) {
  ASSIGN_OR_RETURN(auto found, chains.look(name_of_open_part()));
  ASSIGN_OR_RETURN(const auto open, open_part_of(std::move(found)));
  return open ? parts_of_letters{open->first, open->number} : parts_of_letters{};
}

expected<page_of_letters> read_letters(chain::named_chains& chains, std::uint64_t part) {
  ASSIGN_OR_RETURN(auto found, chains.look(name_of_open_part()));
  ASSIGN_OR_RETURN(auto open, open_part_of(std::move(found)));
  if (!open)
    return page_of_letters{};
  const auto number = std::max(part, open->first);
  if (number >= open->number)
    return page_of_letters{number == open->number ? std::move(open->lines) : std::string(), std::nullopt};
  ASSIGN_OR_RETURN(auto full, chains.look(name_of_part(number)));
  return page_of_letters{std::move(full.base), number + 1};
}

}  // namespace millrace::sink
