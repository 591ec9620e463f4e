#include "actors/node/stores/postgresql/postgresql_chain.hpp"

#include "actors/node/stores/postgresql/owner_check.hpp"
#include "actors/node/stores/postgresql/row_values.hpp"
#include "runtime/chain/rules.hpp"
#include "runtime/snapshot/life_fence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace millrace::postgresql_chain {
namespace {

/// Each lost race is somebody's progress; more than there can be others means that the store misbehaves.
constexpr int most_races = 100;
/// The column is signed.
constexpr incarnation highest_term = (incarnation{1} << (63 - count_bits)) - 1;

}  // namespace

std::string database_chain::shown() const {
  return fmt::format("{}, {} of {}", database_->shown(), owner_.actor,
                     owner_.topology.empty() ? "the cluster" : owner_.topology);
}

unexpected database_chain::no_place() const {
  return outside_error(ec::io,
                       fmt::format("{}: no place could be taken; stop what else writes there", shown()));
}

unexpected database_chain::fenced_by(chain::life by) const {
  return snapshot::superseded(life_.term, owner_.actor, by.term);
}

expected<std::unique_ptr<database_chain>> database_chain::open(std::shared_ptr<connection> database,
                                                               std::string_view schema, owner of,
                                                               chain::life now) {
  return open_under(std::move(database), schema, std::move(of), now, false);
}

expected<std::unique_ptr<database_chain>> database_chain::open_chosen(std::shared_ptr<connection> database,
                                                                      std::string_view schema, owner of,
                                                                      chain::life chosen) {
  return open_under(std::move(database), schema, std::move(of), chosen, true);
}

expected<std::unique_ptr<database_chain>> database_chain::open_under(std::shared_ptr<connection> database,
                                                                     std::string_view schema, owner of,
                                                                     chain::life now, bool is_chosen) {
  ASSIGN_OR_RETURN(auto texts, statements_for(schema));
  if (now.term > highest_term)
    return our_error(fmt::format("{}: the term {} is above all that a chain can hold", of.actor, now.term));
  std::unique_ptr<database_chain> opened(
      new database_chain(std::move(database), std::move(texts), std::move(of)));
  opened->life_ = now;
  auto done = opened->make_tables().and_then([&] { return opened->begin_life(is_chosen); }).and_then([&] {
    return opened->restore_all();
  });
  if (!done)
    return unexpected(done.error());
  opened->weight_ = done->weight;
  opened->base_number_ = done->base_number;
  opened->just_opened_ = std::move(done->contents);
  RETURN_IF_ERROR(opened->count_bytes());
  return opened;
}

expected<std::unique_ptr<database_chain>> database_chain::on_tables(std::shared_ptr<connection> database,
                                                                    std::string_view schema, owner of) {
  ASSIGN_OR_RETURN(auto texts, statements_for(schema));
  std::unique_ptr<database_chain> c(new database_chain(std::move(database), std::move(texts), std::move(of)));
  return c->are_tables_there().map([&](bool are_there) { return are_there ? std::move(c) : nullptr; });
}

/// It reads from the record that an opening would go on from, and again where the chain has gone on meanwhile.
expected<database_chain::looked> database_chain::look(std::shared_ptr<connection> database,
                                                      std::string_view schema, owner of) {
  ASSIGN_OR_RETURN(const auto there, on_tables(std::move(database), schema, std::move(of)));
  if (!there)
    return looked{};
  auto& c = *there;
  for (int race = 0; race < most_races; ++race) {
    ASSIGN_OR_RETURN(const auto found, c.look_for_actor());
    if (!found || found->next == 1)
      return looked{};
    c.life_ = found->by;
    c.tail_ = found->next - 1;
    auto all = c.restore_all();
    ASSIGN_OR_RETURN(const auto after, c.now_held());
    if (after.next != found->next || after.by != found->by)
      continue;
    return std::move(all).map([&](restored&& r) { return looked{std::move(r.contents), after.by}; });
  }
  return outside_error(ec::unavailable,
                       fmt::format("{}: it is written faster than it can be read; try again", c.shown()));
}

expected<std::vector<std::string>> database_chain::list(std::shared_ptr<connection> database,
                                                        std::string_view schema,
                                                        const std::string& topology) {
  ASSIGN_OR_RETURN(const auto there, on_tables(std::move(database), schema, {topology, {}}));
  std::vector<std::string> out;
  if (!there)
    return out;
  ASSIGN_OR_RETURN(auto found, there->database_->run(there->texts_.list, {{topology}}));
  for (auto& row : found.rows)
    if (!row.empty())
      out.push_back(std::move(row.front()));
  return out;
}

expected<void> database_chain::clear(std::shared_ptr<connection> database, std::string_view schema,
                                     const std::string& topology) {
  ASSIGN_OR_RETURN(const auto there, on_tables(std::move(database), schema, {topology, {}}));
  if (!there)
    return {};
  return there->database_->run(there->texts_.clear, {{topology}}).map([](const answer&) {});
}

expected<bool> database_chain::are_tables_there() const {
  return check_owners(*database_, texts_)
      .and_then([&](const auto&) { return database_->run(texts_.tables_there, {}); })
      .map([](const answer& there) {
        const auto found = one_row(there, 1);
        return found && (*found)[0] == 1;
      });
}

expected<void> database_chain::make_tables() {
  ASSIGN_OR_RETURN(const auto there, are_tables_there());
  if (there)
    return {};
  return database_->run(texts_.make_tables, {})
      .and_then([&](const answer&) { return check_owners(*database_, texts_); })
      .map([](const auto&) {});
}

expected<std::optional<holder>> database_chain::look_for_actor() {
  ASSIGN_OR_RETURN(const auto found, database_->run(texts_.find_actor, {{owner_.topology}, {owner_.actor}}));
  if (found.rows.empty())
    return std::optional<holder>();
  const auto row = one_row(found, 4);
  if (!row || (*row)[0] != stored_format)
    return fatal_error(ec::mismatch,
                       fmt::format("{}: its records have a format of another version; remedy: run that "
                                   "version, or take another schema",
                                   shown()));
  id_ = (*row)[1];
  return std::optional(holder{chain::life_of((*row)[2]), (*row)[3]});
}

expected<holder> database_chain::find_actor() {
  auto found = look_for_actor();
  if (found && !*found)
    found =
        database_->run(texts_.make_actor, {{owner_.topology}, {owner_.actor}}).and_then([&](const answer&) {
          return look_for_actor();
        });
  if (!found)
    return unexpected(found.error());
  if (!*found)
    return fatal_error(
        ec::corrupt, fmt::format("{}: its row is gone; remedy: restore the database from a backup", shown()));
  return **found;
}

expected<holder> database_chain::now_held() const {
  return who_holds(*database_, texts_, text_of(id_), shown());
}

/// A life that loses the race for the place looks again (R2).
expected<void> database_chain::begin_life(bool is_chosen) {
  for (int race = 0; race < most_races; ++race) {
    ASSIGN_OR_RETURN(const auto found, find_actor());
    if (is_chosen ? chain::is_taken(life_, found.by) : chain::must_give_up(life_, {found.by.term, 0}))
      return fenced_by(found.by);
    life_ = chain::above_earlier(life_, found.by);
    if (life_.count > chain::most_counts)
      return fenced_by(found.by);
    ASSIGN_OR_RETURN(const auto taken, take_place(found.next, found.next - 1));
    if (taken)
      return {};
  }
  return no_place();
}

/// R4: what an append that failed has left, or may leave yet, is under a lower count. The opening names the
/// last record that is known to count, so that it is passed over.
expected<void> database_chain::raise_count() {
  if (life_.count == chain::most_counts)
    return outside_error(ec::io, fmt::format("{}: too many writes have failed", shown()));
  ++life_.count;
  for (int race = 0; race < most_races; ++race) {
    ASSIGN_OR_RETURN(const auto found, now_held());
    if (chain::must_give_up(life_, found.by))
      return fenced_by(found.by);
    ASSIGN_OR_RETURN(const auto taken, take_place(found.next, tail_));
    if (taken) {
      is_unsure_ = false;
      ++weight_.increments;
      return {};
    }
  }
  return no_place();
}

expected<bool> database_chain::take_place(std::uint64_t place, std::uint64_t behind) {
  record r{.number = place, .behind = behind, .by = life_, .kind = record_kind::opening, .payload = {}};
  seal(r, owner_, {});
  const auto taken = insert(texts_.open, r, {});
  if (taken && *taken) {
    tail_ = place;
    next_ = place + 1;
  }
  return taken;
}

expected<bool> database_chain::insert(const std::string& sql, const record& r, std::string_view payload) {
  const std::array numbers{text_of(id_),
                           text_of(chain::number_of(r.by)),
                           text_of(r.number),
                           text_of(r.behind),
                           text_of(static_cast<std::uint64_t>(r.kind)),
                           text_of(r.payload_checksum),
                           text_of(r.checksum)};
  std::vector<parameter> all;
  for (const auto& n : numbers)
    all.push_back({n});
  all.push_back({payload, true});
  return database_->run(sql, all).map([](const answer& a) { return a.changed == 1; });
}

expected<std::uint64_t> database_chain::append(std::string_view increment, bool) {
  just_opened_.reset();
  return append_record(record_kind::increment, increment).map([&] {
    ++weight_.increments;
    weight_.increments_bytes += increment.size();
    return tail_;
  });
}

/// The commit takes the place of a look (R3). The row was locked and named this life, so no record of a
/// higher life stands before this one, and every later opening follows it; only the holder of the row moves
/// the mark.
expected<void> database_chain::append_record(record_kind kind, std::string_view payload) {
  if (payload.size() > largest_payload)
    return fatal_error(
        ec::unsupported,
        fmt::format("{}: a record of {} bytes is above the {} that PostgreSQL can hold; remedy: take "
                    "more shards, so that each has less state",
                    shown(), payload.size(), largest_payload));
  if (is_unsure_)
    RETURN_IF_ERROR(raise_count());
  record r{.number = next_, .behind = tail_, .by = life_, .kind = kind, .payload = {}};
  seal(r, owner_, payload);
  const auto taken = insert(texts_.append, r, payload);
  if (!taken)
    return not_known(taken.error());
  if (!*taken)
    return refused();
  tail_ = next_++;
  bytes_ += payload.size();
  return {};
}

unexpected database_chain::not_known(error why) {
  is_unsure_ = true;
  return unexpected(std::move(why));
}

/// The row names another life, or another number than the next one of this life.
unexpected database_chain::refused() {
  const auto found = now_held();
  if (!found)
    return not_known(found.error());
  if (chain::must_give_up(life_, found->by))
    return fenced_by(found->by);
  return not_known(
      outside_error(ec::io, fmt::format("{}: what it holds was changed by somebody else; remedy: stop "
                                        "what else writes there",
                                        shown()))
          .value());
}

expected<chain::contents> database_chain::read() {
  if (just_opened_)
    return *std::exchange(just_opened_, std::nullopt);
  return restore_all().map([](restored&& all) { return std::move(all.contents); });
}

/// Restores from the newest base that was verified; from the mark on where that one is damaged by now.
expected<restored> database_chain::restore_all() {
  auto all = restore_from(false);
  if (all && all->needs_older)
    all = restore_from(true);
  if (all && all->needs_older)
    return fatal_error(ec::corrupt,
                       fmt::format("{}: neither of its two bases is whole; remedy: restore the database "
                                   "from a backup, or start the topology afresh",
                                   shown()));
  return all;
}

expected<restored> database_chain::restore_from(bool all_above_mark) {
  const auto id = text_of(id_);
  ASSIGN_OR_RETURN(auto found, database_->run(texts_.read, {{id}, {all_above_mark ? "1" : "0"}}));
  std::map<std::uint64_t, record> all;
  std::uint64_t floor = 0;
  for (auto& row : found.rows) {
    const auto by = chain::life_of(number_in(row[0]));
    if (chain::must_give_up(life_, by))
      return fenced_by(by);
    floor = number_in(row[1]);
    if (auto r = record_in(std::span(row).subspan(2)))
      all.emplace(r->number, std::move(*r));
  }
  return restore(std::move(all), tail_, floor, owner_, shown());
}

expected<bool> database_chain::append_base(std::string_view base) {
  if (is_unsure_)
    return false;
  just_opened_.reset();
  const auto before = tail_;
  RETURN_IF_ERROR(append_record(record_kind::base, base));
  const auto good = reads_back();
  if (!good || !*good) {
    tail_ = before;  // a doubtful record is passed over
    return not_known(good ? outside_error(ec::io, fmt::format("{}: record {} does not read back as it was "
                                                              "written; remedy: check the server's disk",
                                                              shown(), next_ - 1))
                                .value()
                          : good.error());
  }
  weight_ = {.base_bytes = base.size()};
  RETURN_IF_ERROR(trim(chain::mark_before(std::exchange(base_number_, tail_))));
  return true;
}

expected<bool> database_chain::reads_back() const {
  const auto id = text_of(id_), number = text_of(tail_);
  return database_->run(texts_.read_one, {{id}, {number}}).map([&](answer&& found) {
    const auto r = found.rows.size() == 1 ? record_in(found.rows.front()) : std::nullopt;
    return r && is_whole(*r, owner_);
  });
}

/// Trims in one transaction (R4). Only the life that holds the row does so, once it has read back the base
/// that follows the trimmed records.
expected<void> database_chain::trim(std::uint64_t mark) {
  const auto id = text_of(id_), by = text_of(chain::number_of(life_)), up_to = text_of(mark),
             base = text_of(base_number_);
  const auto done = database_->run(texts_.trim, {{id}, {by}, {up_to}, {base}});
  if (!done)
    return not_known(done.error());
  const auto row = one_row(*done, 2);
  if (!row || (*row)[0] != 1)
    return refused();
  bytes_ -= (*row)[1];
  return {};
}

expected<void> database_chain::count_bytes() {
  const auto id = text_of(id_);
  return database_->run(texts_.bytes, {{id}}).map([this](const answer& found) {
    if (const auto row = one_row(found, 1))
      bytes_ = (*row)[0];
  });
}

}  // namespace millrace::postgresql_chain
