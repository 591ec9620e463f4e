#include "actors/connectors/sql/sink/positions.hpp"

#include "actors/connectors/sql/sink/own_tables.hpp"
#include "runtime/base/hex_digits.hpp"
#include "runtime/base/life.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::sink::sql {
namespace {

// Together with two names, 4 bytes x (64 + 190 + 190 + 250) = 2776, below the 3072 bytes that an index of
// InnoDB may have.
constexpr std::size_t id_characters = 64;
constexpr std::size_t log_characters = 250;

const std::string positions_name = "millrace_positions";
const std::string rejected_name = "millrace_rejected";

/// One statement updates at most this many logs.
constexpr std::size_t logs_a_statement = 100;

std::optional<std::string> from_hex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned v = 0;
    const auto [end, bad] = std::from_chars(text.data() + i, text.data() + i + 2, v, 16);
    if (bad != std::errc() || end != text.data() + i + 2)
      return std::nullopt;
    out += static_cast<char>(v);
  }
  return text.size() % 2 == 0 ? std::optional(out) : std::nullopt;
}

/// A claim's number for people: term and count of the life.
std::string shown_life(const std::optional<std::string>& claim) {
  const auto l = life_of(static_cast<std::uint64_t>(number(claim)));
  return fmt::format("{}.{}", l.term, l.count);
}

}  // namespace

expected<std::string> positions::create_tables() {
  const auto id = db_.key_text(id_characters) + " not null";
  const auto name = db_.key_text(name_characters) + " not null";
  const auto log = db_.key_text(log_characters) + " not null";
  struct own_table {
    std::string name;
    std::string columns;
  };
  const own_table tables[] = {
      {positions_name,
       fmt::format("state_id {}, topology {}, sink {}, log {},"
                   " incarnation bigint not null, claims bigint not null, position_major bigint not null,"
                   " position_minor bigint not null, watermark bigint not null, full_log {}, counters {},"
                   " batch bigint not null, commits bigint not null, rejected bigint not null,"
                   " primary key (state_id, topology, sink, log)",
                   id, name, name, log, db_.long_text(), db_.long_text())},
      {rejected_name,
       fmt::format("state_id {}, topology {}, sink {}, sequence bigint not null, piece bigint not null,"
                   " record {}, error {}, primary key (state_id, topology, sink, sequence, piece)",
                   id, name, name, db_.long_text(), db_.long_text())}};
  std::string remarks;
  for (const auto& [table, columns] : tables) {
    ASSIGN_OR_RETURN(auto made, make_own_table(db_, table, columns));
    if (!made.empty())
      remarks += (remarks.empty() ? "" : "; ") + made;
  }
  table_ = db_.table_name(positions_name);
  rejected_table_ = db_.table_name(rejected_name);
  return remarks;
}

unexpected positions::fenced(std::string_view by) const {
  return fatal_error(ec::fenced, fmt::format("{}: incarnation {} of sink {} of topology {} is over: {}; "
                                             "another process writes as this sink, of the two end one",
                                             db_.where().shown, shown_life(std::to_string(who_.life)),
                                             who_.sink, who_.topology, by));
}

expected<std::optional<progress>> positions::claim(const sink::claim& who) {
  who_ = who;
  topology_ = fit(who.topology, name_characters);
  sink_ = fit(who.sink, name_characters);
  stored_.clear();
  return adopt().and_then([&] { return take_claim(); }).and_then([&] { return read(); });
}

/// Another state id that has committed as this sink is refused, or becomes ours by --adopt: its own life then
/// matches no row any more. Both stay beside each other under --fresh.
expected<void> positions::adopt() {
  const parameter mine[] = {who_.state_id, topology_, sink_};
  const auto heads = [&](std::string_view whose) {
    return db_.query(fmt::format("select state_id from {} where topology = :p1 and sink = :p2"
                                 " and log = '' and commits > 0 and state_id {} :p0",
                                 table_, whose),
                     mine, 1);
  };
  ASSIGN_OR_RETURN(const auto ours, heads("="));
  ASSIGN_OR_RETURN(const auto others, heads("<>"));
  if (!ours.empty() || others.empty() || who_.fresh)
    return {};
  if (!who_.adopt)
    return user_error(
        ec::mismatch,
        fmt::format(
            "{}: sink {} of topology {} has committed under another state folder, and the database knows "
            "a sink by the names of its stage and topology, whatever its table; go on with that folder "
            "(--adopt, where it is lost), give the topology or the stage another name, or start over "
            "with --fresh (the table keeps its rows)",
            db_.where().shown, who_.sink, who_.topology));
  if (others.size() > 1)
    return fatal_error(
        ec::mismatch,
        fmt::format("{}: {} states have committed as sink {} of topology {}; --adopt takes over one: "
                    "delete the rows of the others from millrace_positions",
                    db_.where().shown, others.size(), who_.sink, who_.topology));
  return take_over(others.front()[0].value_or(""));
}

/// Moves what stands under the other state id to ours; a claim of ours that never committed goes.
expected<void> positions::take_over(const std::string& state_id) {
  const parameter mine[] = {who_.state_id, topology_, sink_};
  const parameter theirs[] = {who_.state_id, topology_, sink_, state_id};
  constexpr auto renamed =
      "update {} set state_id = :p0{} where topology = :p1 and sink = :p2 and state_id = :p3";
  RETURN_IF_ERROR(db_.run(fmt::format("delete from {}{}", table_, of_sink), mine));
  RETURN_IF_ERROR(db_.run(fmt::format(renamed, rejected_table_, ""), theirs));
  RETURN_IF_ERROR(db_.run(fmt::format(renamed, table_, ", incarnation = 0"), theirs));
  return {};
}

expected<void> positions::take_claim() {
  const parameter mine[] = {who_.state_id, topology_, sink_, as_signed(who_.life)};
  // Two tries: between the update that finds no row and the insert, another process may have made it.
  for (int attempt = 0; attempt < 2; ++attempt) {
    ASSIGN_OR_RETURN(const auto taken,
                     db_.run(fmt::format("update {} set incarnation = :p3, claims = claims + 1{}"
                                         " and log = '' and incarnation <= :p3",
                                         table_, of_sink),
                             mine));
    if (taken == 1)
      return {};
    ASSIGN_OR_RETURN(const auto there,
                     db_.query(fmt::format("select incarnation from {}{} and log = ''", table_, of_sink),
                               std::span(mine).first(3), 1));
    if (!there.empty())
      return fenced(fmt::format("incarnation {} has claimed it", shown_life(there.front()[0])));
    if (who_.expects_progress)
      return fatal_error(
          ec::mismatch,
          fmt::format("{}: millrace_positions knows nothing of sink {} of topology {} under state id {}, but "
                      "it has committed before: the database was emptied or restored from an older copy, or "
                      "`connection` names another one; remedy: bring back that database, or run with --fresh "
                      "to start over (rows in the table stay, and come again)",
                      db_.where().shown, who_.sink, who_.topology, who_.state_id));
    auto made = db_.run(
        "insert into " + table_ +
            " (state_id, topology, sink, log, incarnation, claims,"
            " position_major, position_minor, watermark, full_log, counters, batch, commits, rejected)"
            " values (:p0, :p1, :p2, '', :p3, 1, 0, 0, 0, '', '', 0, 0, 0)",
        mine);
    if (made)
      return {};
    if (!made.error().row_at_fault)
      return unexpected(std::move(made.error().what));
  }
  return outside_error(ec::unavailable, fmt::format("{}: another process claims sink {} just now",
                                                    db_.where().shown, who_.sink));
}

expected<std::optional<progress>> positions::read() {
  const parameter mine[] = {who_.state_id, topology_, sink_};
  // One statement sees one moment. The head is the row with the empty log.
  ASSIGN_OR_RETURN(
      const auto rows,
      db_.query(
          fmt::format("select log, incarnation, claims, position_major, position_minor, watermark, full_log,"
                      " counters, batch, commits, rejected from {}{}",
                      table_, of_sink),
          mine, 11));
  progress out;
  bool head = false;
  bool committed = false;
  for (const auto& r : rows) {
    const auto log = r[0].value_or("");
    if (!log.empty()) {
      const mark at{{number(r[3]), number(r[4])}, number(r[5])};
      stored_[log] = at;
      out.positions[r[6].value_or(log)] = at;
      continue;
    }
    head = true;
    if (number(r[1]) != as_signed(who_.life))
      return fenced(fmt::format("incarnation {} has claimed it", shown_life(r[1])));
    claims_ = number(r[2]);
    auto counters = from_hex(r[7].value_or(""));
    if (!counters)
      return fatal_error(ec::corrupt,
                         fmt::format("{}: the counters of sink {} in millrace_positions are damaged; remedy: "
                                     "restore that row",
                                     db_.where().shown, who_.sink));
    out.counters = std::move(*counters);
    out.batch = static_cast<std::uint64_t>(number(r[8]));
    committed = number(r[9]) > 0;
    last_rejected_ = committed_rejected_ = static_cast<std::uint64_t>(number(r[10]));
  }
  if (!head)
    return outside_error(ec::unavailable, fmt::format("{}: the position of sink {} was deleted just now",
                                                      db_.where().shown, who_.sink));
  if (!committed && who_.expects_progress)
    return fatal_error(
        ec::mismatch,
        fmt::format(
            "{}: sink {} of topology {} has committed before, but millrace_positions holds no commit of "
            "state id {}; remedy: bring back the database that it wrote, or run with --fresh to start "
            "over (rows in the table stay, and come again)",
            db_.where().shown, who_.sink, who_.topology, who_.state_id));
  return committed ? std::optional(std::move(out)) : std::nullopt;
}

expected<void> positions::store_logs(const progress& p) {
  std::vector<std::pair<const std::string*, const mark*>> changed;
  std::map<std::string, const std::string*> names;
  for (const auto& [log, at] : p.positions) {
    const auto name = fit(log, log_characters);
    const auto known = stored_.find(name);
    if (known == stored_.end() || known->second != at)
      changed.emplace_back(&log, &at);
    names[name] = &log;
  }
  for (const auto& [name, at] : stored_)
    if (names.count(name) == 0) {
      const parameter gone[] = {who_.state_id, topology_, sink_, name};
      RETURN_IF_ERROR(db_.run(fmt::format("delete from {}{} and log = :p3", table_, of_sink), gone));
    }
  for (std::size_t from = 0; from < changed.size(); from += logs_a_statement) {
    std::vector<parameter> values{who_.state_id, topology_, sink_};
    std::string tuples;
    for (auto i = from; i < std::min(changed.size(), from + logs_a_statement); ++i) {
      const auto n = values.size();
      tuples += fmt::format("{}(:p0, :p1, :p2, :p{}, 0, 0, :p{}, :p{}, :p{}, :p{}, '', 0, 0, 0)",
                            i == from ? "" : ", ", n, n + 1, n + 2, n + 3, n + 4);
      const auto& [log, at] = changed[i];
      values.insert(values.end(),
                    {fit(*log, log_characters), static_cast<long long>(at->at.major),
                     static_cast<long long>(at->at.minor), static_cast<long long>(at->watermark), *log});
    }
    RETURN_IF_ERROR(
        db_.run("insert into " + table_ +
                    " (state_id, topology, sink, log, incarnation, claims, position_major,"
                    " position_minor, watermark, full_log, counters, batch, commits, rejected) values " +
                    tuples + db_.update_positions_clause(),
                values));
  }
  return {};
}

expected<void> positions::store(const progress& p) {
  RETURN_IF_ERROR(store_logs(p));
  const parameter head[] = {who_.state_id,
                            topology_,
                            sink_,
                            hex_of(p.counters),
                            as_signed(p.batch),
                            as_signed(last_rejected_),
                            as_signed(who_.life),
                            claims_};
  ASSIGN_OR_RETURN(
      const auto matched,
      db_.run(fmt::format("update {} set counters = :p3, batch = :p4, commits = commits + 1,"
                          " rejected = :p5{} and log = '' and incarnation = :p6 and claims = :p7",
                          table_, of_sink),
              head));
  if (matched == 1)
    return {};
  ASSIGN_OR_RETURN(const auto there,
                   db_.query(fmt::format("select incarnation from {}{} and log = ''", table_, of_sink),
                             std::span(head).first(3), 1));
  if (there.empty())
    return outside_error(ec::unavailable,
                         fmt::format("{}: the position of sink {} is gone from millrace_positions",
                                     db_.where().shown, who_.sink));
  return fenced(fmt::format("incarnation {} has claimed it since", shown_life(there.front()[0])));
}

void positions::stored(const progress& p) {
  stored_.clear();
  for (const auto& [log, at] : p.positions)
    stored_[fit(log, log_characters)] = at;
  committed_rejected_ = last_rejected_;
}

}  // namespace millrace::sink::sql
