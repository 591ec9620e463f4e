// Random windows over random records, cut, sharded, interleaved, fired, captured and restored at random: the
// rows must be the oracle's, bit by bit. A failure prints its seed.
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/window/shard_windows.hpp"
#include "tests/property/window/drawn.hpp"
#include "tests/property/window/local_clock.hpp"
#include "tests/property/window/oracle.hpp"
#include "tests/support/fire_all.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <iterator>
#include <limits>
#include <random>
#include <set>

namespace millrace::window {
namespace {

using data::type_id;
using expression::aggregate_function;
using oracle::column_of;
using oracle::dice;
using oracle::random_value;
using oracle::shard_of;

/// `having` says one of these, over a0, which then is count(*).
enum class having { none, at_least_two, divides, by_window };

enum class verdict { passes, dropped, fails };

verdict verdict_of(having h, std::size_t records, event_micros start) {
  switch (h) {
  case having::none:
    break;
  case having::at_least_two:
    return records >= 2 ? verdict::passes : verdict::dropped;
  case having::divides:
    if (records == 1)
      return verdict::fails;
    return 100 / (records - 1) >= 50 ? verdict::passes : verdict::dropped;
  case having::by_window:
    return records >= 2 || start > 0 ? verdict::passes : verdict::dropped;
  }
  return verdict::passes;
}

void bind_having(definition& w, having h) {
  const std::string text = h == having::at_least_two ? "a0 >= 2"
                           : h == having::divides    ? "100 / (a0 - 1) >= 50"
                                                     : "a0 >= 2 or window_start > to_timestamp(0)";
  const auto bound = expression::bind_condition(text, {w.output.get(), {}});
  REQUIRE(bound);
  w.having = *bound;
}

struct scenario {
  definition window;
  std::vector<bool> filtered;
  window::having having = having::none;
  std::vector<std::vector<oracle::record>> partitions;
  std::vector<event_micros> last_watermarks;  // watermarks at the end of each partition's records, before it
                                              // ends
};

bool is_one_of(aggregate_function f, std::initializer_list<aggregate_function> of) {
  return std::find(of.begin(), of.end(), f) != of.end();
}

aggregate random_aggregate(dice& d) {
  using enum aggregate_function;
  const auto f = static_cast<aggregate_function>(d.between(0, static_cast<std::int64_t>(regr_r2)));
  if (expression::takes_pairs(f)) {
    aggregate pairs{f, type_id::float64, f == regr_count ? type_id::bigint : type_id::float64};
    pairs.order.push_back({type_id::float64});
    return pairs;
  }
  const bool numbers =
      is_one_of(f, {sum, avg, var_samp, var_pop, stddev_samp, stddev_pop, percentile_cont, count_rows});
  const auto any = [&] {
    return d.one_of({type_id::bigint, type_id::float64, type_id::text, type_id::boolean, type_id::timestamp,
                     type_id::numeric, type_id::date});
  };
  aggregate a{f,
              numbers ? d.one_of({type_id::bigint, type_id::float64, type_id::numeric})
              : is_one_of(f, {bool_and, bool_or})        ? type_id::boolean
              : f == string_agg                          ? type_id::text
              : is_one_of(f, {bit_and, bit_or, bit_xor}) ? type_id::bigint
                                                         : any(),
              {}};
  a.result = is_one_of(f, {count_rows, count, count_distinct})             ? data::type(type_id::bigint)
             : f == array_agg                                              ? data::type::list_of(a.argument)
             : f == sum || !numbers                                        ? a.argument
             : f != percentile_cont && a.argument.id() == type_id::numeric ? a.argument
                                                                           : data::type(type_id::float64);
  const bool lists = f == array_agg || f == string_agg;
  a.distinct = (lists || is_one_of(f, {sum, avg, var_samp, var_pop, stddev_samp, stddev_pop, bit_xor})) &&
               d.chance(30);
  if ((lists && a.distinct) || is_one_of(f, {percentile_cont, percentile_disc}) || (lists && d.chance(50)))
    a.order.push_back({lists && !a.distinct ? data::type(any()) : a.argument, d.chance(40), d.chance(40)});
  a.fraction = d.one_of({0.0, 0.25, 0.5, 0.9, 1.0, 1.0 / 3});
  a.delimiter = d.one_of<std::string>({"", ", "});
  return a;
}

/// Makes a window by the clocks of a zone, near a change of them. Returns how far apart records are.
std::int64_t make_local(definition& w, dice& d, event_micros& around) {
  const auto name = d.one_of<std::string>(
      {"Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana"});
  w.zone = expression::find_zone(name);
  REQUIRE(w.zone != nullptr);
  const auto& changes = oracle::local_clock::of(name).stretches();
  around =
      changes[static_cast<std::size_t>(d.between(1, static_cast<std::int64_t>(changes.size()) - 1))].begin;
  constexpr std::int64_t hour = 3'600'000'000;
  w.slide = micros(d.one_of({hour / 4, hour, 6 * hour, 24 * hour, 7 * 24 * hour}));
  w.size = w.slide * d.one_of<std::int64_t>({1, 1, 2, 5});
  w.anchor = micros(d.one_of<std::int64_t>({0, w.slide.count() / 3, 96 * hour}));
  return std::min<std::int64_t>(w.slide.count() / 3, 10 * hour);
}

scenario random_scenario(dice& d) {
  scenario s;
  auto& w = s.window;
  auto unit = d.one_of<std::int64_t>({1, 7, 1'000'000});
  w.kind = d.one_of({shape::aligned, shape::aligned, shape::session, shape::global});
  w.updates = d.chance(30);
  if (w.kind == shape::aligned) {
    w.slide = micros(unit * d.between(1, 5));
    w.size = w.slide * d.one_of<std::int64_t>({1, 1, 2, 3, 4, 7, 20});
    if (d.chance(30))
      w.anchor = micros(d.between(0, w.slide.count() - 1));
  }
  event_micros around = 0;
  if (w.kind == shape::aligned && d.chance(30))
    unit = make_local(w, d, around);
  if (w.kind == shape::session)
    w.gap = micros(unit * d.one_of<std::int64_t>({1, 2, 5, 30}));
  w.bounded = w.kind == shape::aligned || (w.kind == shape::session && d.chance(70));
  w.allowed_lateness = micros(d.one_of<std::int64_t>({0, 0, unit, 3 * unit + 1}));
  std::vector<data::field> output;
  const auto keys = d.one_of({0, 1, 1, 1, 2, 3});
  for (int k = 0; k < keys; ++k)
    w.keys.push_back({"k" + std::to_string(k),
                      d.one_of({type_id::text, type_id::text, type_id::bigint, type_id::float64,
                                type_id::boolean, type_id::timestamp, type_id::numeric, type_id::date})});
  s.having = d.one_of({having::none, having::none, having::at_least_two, having::divides, having::by_window});
  for (auto n = d.between(1, 4); n > 0; --n) {
    const bool counts = w.aggregates.empty() && s.having != having::none;
    w.aggregates.push_back(counts
                               ? aggregate{aggregate_function::count_rows, type_id::bigint, type_id::bigint}
                               : random_aggregate(d));
    w.aggregate_fields.push_back({"a" + std::to_string(s.filtered.size()), w.aggregates.back().result});
    s.filtered.push_back(!counts && d.chance(30));
  }
  output = w.keys;
  output.insert(output.end(), w.aggregate_fields.begin(), w.aggregate_fields.end());
  output.push_back({"window_start", type_id::timestamp});
  output.push_back({"window_end", type_id::timestamp});
  w.output = std::make_shared<data::schema>(std::move(output));
  if (s.having != having::none)
    bind_having(w, s.having);

  const int variety = d.one_of({1, 3, 20});
  const auto delay = unit * d.one_of<std::int64_t>({0, 3, 10});
  for (auto n = d.between(1, 3); n > 0; --n) {
    auto& records = s.partitions.emplace_back();
    auto time = around + unit * d.one_of<std::int64_t>({0, -30, around == 0 ? 1000 : -100});
    auto seen = no_watermark;
    for (auto r = d.between(0, 120); r > 0; --r) {
      time += unit * d.one_of<std::int64_t>({0, 0, 1, 1, 7}) + d.between(0, 1);
      oracle::record x;
      x.partition = "p" + std::to_string(s.partitions.size());
      x.at = {static_cast<std::int64_t>(records.size()) / 7, static_cast<std::int64_t>(records.size()) * 10};
      x.time = time - unit * d.one_of<std::int64_t>({0, 0, 0, 2, 6, 25});
      x.watermark = seen == no_watermark ? no_watermark : seen - delay;
      seen = std::max(seen, x.time);
      for (const auto& k : w.keys)
        x.keys.push_back(random_value(d, k.type.id(), variety));
      for (const auto& a : w.aggregates) {
        x.arguments.push_back(random_value(d, a.argument.id(), 1000));
        x.filters.push_back(random_value(d, type_id::boolean, 1));
        x.orders.push_back(
            random_value(d, a.order.empty() ? type_id::bigint : a.order[0].type.id(), variety));
      }
      records.push_back(std::move(x));
    }
    s.last_watermarks.push_back(seen == no_watermark ? no_watermark : seen - delay);
  }
  return s;
}

bool is_late(const definition& d, const oracle::record& r) {
  if (d.kind == shape::session)
    return oracle::span_begin(d, r, no_watermark) >= r.time + d.gap.count();
  return d.kind == shape::aligned && oracle::ends_of(d, r).empty();
}

/// Returns whether all windows that the record counts for have fired.
bool is_missed(const definition& d, const oracle::record& r, event_micros fired) {
  if (fired == no_watermark || d.kind == shape::global)
    return false;
  if (d.kind == shape::session)
    return oracle::span_begin(d, r, fired) >= r.time + d.gap.count();
  const auto ends = oracle::ends_of(d, r);
  return std::all_of(ends.begin(), ends.end(),
                     [&](event_micros e) { return e + d.allowed_lateness.count() <= fired; });
}

/// Adds records [from, to) of a partition; checks the late ones.
void add(const scenario& s, partials_builder& builder, std::span<const oracle::record> records) {
  std::vector<const oracle::record*> of;
  std::vector<event_micros> times, watermarks;
  std::vector<position> positions;
  for (const auto& r : records) {
    of.push_back(&r);
    positions.push_back(r.at);
    times.push_back(r.time);
    watermarks.push_back(r.watermark);
  }
  std::vector<data::column_ptr> keys, arguments, filters;
  std::vector<std::vector<data::column_ptr>> orders(s.window.aggregates.size());
  for (std::size_t k = 0; k < s.window.keys.size(); ++k)
    keys.push_back(column_of(of, s.window.keys[k].type.id(), [&](const auto& r) { return r.keys[k]; }));
  for (std::size_t a = 0; a < s.window.aggregates.size(); ++a) {
    const auto& w = s.window.aggregates[a];
    arguments.push_back(w.function == aggregate_function::count_rows
                            ? nullptr
                            : column_of(of, w.argument.id(), [&](const auto& r) { return r.arguments[a]; }));
    if (reads_order(w.function) && !w.order.empty())
      orders[a].push_back(w.distinct ? arguments[a] : column_of(of, w.order[0].type.id(), [&](const auto& r) {
        return r.orders[a];
      }));
    filters.push_back(s.filtered[a]
                          ? column_of(of, type_id::boolean, [&](const auto& r) { return r.filters[a]; })
                          : nullptr);
  }
  std::vector<std::uint32_t> late, expected_late;
  builder.add({keys,
               arguments,
               filters,
               times,
               watermarks,
               positions,
               records.empty() ? std::string_view() : std::string_view(records.front().partition),
               {},
               orders},
              late);
  for (std::uint32_t i = 0; i < records.size(); ++i)
    if (is_late(s.window, records[i]))
      expected_late.push_back(i);
  REQUIRE(late == expected_late);
}

struct frame {
  std::vector<partials_ptr> parts;  // one a shard
  std::span<const oracle::record> records;
  event_micros watermark;
};

std::vector<std::deque<frame>> cut(const scenario& s, dice& d) {
  std::vector<std::deque<frame>> frames;
  for (std::size_t p = 0; p < s.partitions.size(); ++p) {
    auto& queue = frames.emplace_back();
    partials_builder builder(s.window);
    const std::span<const oracle::record> records(s.partitions[p]);
    for (std::size_t at = 0; at < records.size();) {
      const auto n = std::min<std::size_t>(static_cast<std::size_t>(d.between(1, 40)), records.size() - at);
      const auto part = records.subspan(at, n);
      const auto half = static_cast<std::size_t>(d.between(0, static_cast<std::int64_t>(n)));
      std::vector<partials_ptr> parts;
      if (d.chance(20)) {  // catch-up readers would do it so: one shard after the other
        for (std::uint32_t shard = 0; shard < s.window.shards; ++shard) {
          partials_builder only(s.window, only_shard(shard, s.window.shards));
          add(s, only, part);
          auto all = only.finish();
          for (std::uint32_t other = 0; other < s.window.shards; ++other)
            REQUIRE((other == shard || all[other] == nullptr));
          parts.push_back(all[shard]);
        }
      } else {
        add(s, builder, part.first(half));
        add(s, builder, part.subspan(half));
        parts = builder.finish();
        REQUIRE(builder.empty());
      }
      REQUIRE(parts.size() == s.window.shards);
      at += n;
      queue.push_back(
          {std::move(parts), part, at < records.size() ? records[at].watermark : s.last_watermarks[p]});
    }
  }
  return frames;
}

struct shard {
  std::unique_ptr<shard_windows> windows;
  event_micros fired = no_watermark;
  std::vector<std::string> chain;  // a base and its increments
  std::vector<oracle::accepted> accepted;
  std::set<const oracle::record*> unsent;  // used with `updates`: records since the last tick
  std::map<event_micros, std::vector<std::string>> rows;
  std::size_t failed = 0;
  std::map<std::string, std::string>
      target;  // used with `updates`: a table to which all changes were applied
};

/// Takes a snapshot as a shard may at any point.
void capture(const scenario& s, shard& x, dice& d) {
  wire::writer out;
  if (x.chain.empty() || d.chance(10)) {
    x.windows->capture_all(out);
    x.chain.clear();
  } else {
    x.windows->capture_changes(out);
  }
  x.chain.push_back(out.take());
  if (d.chance(50))
    return;
  auto restored = make_shard_windows(s.window);
  for (const auto& bytes : x.chain) {
    wire::reader in(bytes);
    REQUIRE(restored->apply(in));
    REQUIRE(in.at_end());
  }
  REQUIRE(restored->size().keys == x.windows->size().keys);
  REQUIRE((s.window.updates || restored->size().windows == x.windows->size().windows));
  REQUIRE(restored->has_changes() == x.windows->has_changes());
  x.windows = std::move(restored);
}

std::string text_of(const data::batch& rows, std::size_t row, std::size_t begin, std::size_t end) {
  std::string text;
  for (auto c = begin; c < end; ++c)
    text += (c == begin ? "" : ", ") + oracle::to_text(oracle::value_of(*rows.columns[c], row));
  return text;
}

std::vector<std::string> texts_of(const definition& d, const delivery::fired_window& w) {
  std::vector<std::string> rows;
  for (std::size_t r = 0; r < w.rows->rows; ++r)
    rows.push_back(text_of(*w.rows, r, 0, d.output->size()));
  return rows;
}

bool is_removed(const definition& d, const delivery::fired_window& w) {
  if (!d.takes_back() || w.rows->rows == 0)
    return false;
  REQUIRE(w.rows->schema->fields().back().name == removed_column);
  return w.rows->columns.back()->boolean_at(0);
}

/// Applies the rows as a sink does: what is taken back goes first.
void apply_changes(const definition& d, const std::vector<delivery::fired_window>& given,
                   std::map<std::string, std::string>& target) {
  for (const bool removed : {true, false})
    for (const auto& part : given)
      for (std::size_t r = 0; r < part.rows->rows && is_removed(d, part) == removed; ++r) {
        const auto columns = d.output->size();
        const auto bounds = text_of(*part.rows, r, columns - 2, columns);
        const auto keys = text_of(*part.rows, r, 0, d.keys.size());
        const auto identity = keys + (d.keys.empty() ? "" : ", ") + bounds;
        if (removed)  // what was given before; sessions without bounds share what stands under their key
          REQUIRE((target.erase(identity) == 1 || (d.kind == shape::session && !d.bounded)));
        else
          target[identity] = text_of(*part.rows, r, 0, columns);
      }
}

void fire(const scenario& s, shard& x, event_micros watermark) {
  if (watermark <= x.fired)
    return;
  auto last = no_watermark;
  for (const auto& w : test::fire_all(*x.windows, x.fired, watermark)) {
    REQUIRE(w.end > last);
    last = w.end;
    REQUIRE((x.fired == no_watermark || w.end == end_of_time ||
             w.end + s.window.allowed_lateness.count() > x.fired));
    REQUIRE((watermark == end_of_time || w.end + s.window.allowed_lateness.count() <= watermark));
    REQUIRE(x.rows.count(w.end) == 0);
    REQUIRE(*w.rows->schema == *s.window.output);
    x.rows[w.end] = texts_of(s.window, w);
    x.failed += w.failed.size();
  }
  x.fired = watermark;
}

/// The rows that the oracle's groups give, of those that `of` says; counts the ones that fail.
template<class Of>
std::vector<std::string> expected_rows(const scenario& s, const std::vector<oracle::group>& groups,
                                       std::size_t& failed, Of&& of) {
  std::vector<std::string> rows;
  for (const auto& g : groups) {
    if (!of(g))
      continue;
    auto row = oracle::row_text(s.window, s.filtered, g);
    const auto v = verdict_of(s.having, g.of.size(), s.window.bounded ? g.start : 0);
    if (row.empty() || v == verdict::fails)
      ++failed;
    else if (v == verdict::passes)
      rows.push_back(std::move(row));
  }
  return rows;
}

/// The table has just the rows that `final` would give by now. Rows that fail stay as they were where nothing is
/// taken back; sessions without bounds may have several rows under one key, of which the table has one.
void check_target(const scenario& s, const shard& x) {
  const auto& d = s.window;
  auto have = x.target;
  std::map<std::string, std::string> expected;
  std::set<std::string> several;
  std::set<std::string> known;
  for (const auto& g : oracle::groups_of(d, x.accepted)) {
    std::size_t failed = 0;
    const auto identity = oracle::identity_text(d, g);
    for (auto& row : expected_rows(s, {g}, failed, [](const auto&) { return true; }))
      expected[identity] = std::move(row);
    if (!known.insert(identity).second)
      several.insert(identity);
    if (failed != 0 && !d.takes_back())
      have.erase(identity);
  }
  for (const auto& identity : several) {
    have.erase(identity);
    expected.erase(identity);
  }
  REQUIRE(have == expected);
}

/// A tick of `updates`, in some turns: just the groups with a record that came since the last one. A shard that ends
/// between two of them has not begun it.
void tick(const scenario& s, shard& x, dice& d) {
  const auto turn = d.one_of({std::size_t{1}, std::size_t{5}, std::numeric_limits<std::size_t>::max()});
  std::vector<delivery::fired_window> given;
  bool may_end = d.chance(50);
  while (!x.windows->changes(turn, given))
    if (may_end && d.chance(10)) {
      const auto* before = x.windows.get();
      capture(s, x, d);
      if (x.windows.get() != before) {
        given.clear();
        may_end = false;
        REQUIRE_FALSE(x.windows->fire_next(x.fired, x.fired));  // it learns which windows are over
      }
    }
  REQUIRE(given.empty() == x.unsent.empty());
  if (given.empty())
    return;
  std::size_t failed = 0;
  std::size_t have_failed = 0;
  std::vector<std::string> have;
  for (const auto& part : given) {
    if (!is_removed(s.window, part))
      std::ranges::move(texts_of(s.window, part), std::back_inserter(have));
    have_failed += part.failed.size();
  }
  const auto expected = expected_rows(s, oracle::groups_of(s.window, x.accepted), failed, [&](const auto& g) {
    return std::any_of(g.of.begin(), g.of.end(), [&](const auto* r) { return x.unsent.contains(r); });
  });
  REQUIRE(have == expected);
  REQUIRE(have_failed == failed);
  REQUIRE_FALSE(x.windows->has_changes());
  apply_changes(s.window, given, x.target);
  check_target(s, x);
  x.unsent.clear();
}

void run(std::uint64_t seed, std::uint32_t shards, bool idle) {
  INFO("seed " << seed << ", " << shards << " shards, idle partitions " << idle);
  dice d{std::mt19937_64(seed)};
  auto s = random_scenario(d);
  s.window.shards = shards;
  dice schedule{std::mt19937_64(seed * 31 + shards)};
  const auto frames = cut(s, schedule);
  const int snapshots = schedule.one_of({0, 5, 40});

  for (std::uint32_t me = 0; me < shards; ++me) {
    shard x{make_shard_windows(s.window), no_watermark, {}, {}, {}, {}, 0, {}};
    std::vector<std::size_t> next(frames.size(), 0);
    std::vector<event_micros> marks(frames.size(), no_watermark);
    for (;;) {
      std::vector<std::size_t> ready;
      for (std::size_t p = 0; p < frames.size(); ++p) {
        if (next[p] < frames[p].size())
          ready.push_back(p);
        else
          marks[p] = end_of_time;
      }
      if (ready.empty())
        break;
      const auto p =
          ready[static_cast<std::size_t>(schedule.between(0, static_cast<std::int64_t>(ready.size()) - 1))];
      const auto& f = frames[p][next[p]++];
      std::uint64_t missed = 0;
      for (const auto& r : f.records) {
        if (shard_of(s.window, r.keys) != me)
          continue;
        if (is_late(s.window, r))
          continue;
        if (is_missed(s.window, r, x.fired)) {
          ++missed;
          continue;
        }
        x.accepted.push_back({&r, x.fired});
        if (s.window.updates)
          x.unsent.insert(&r);
      }
      const auto& part = f.parts[me];
      const auto got = part ? x.windows->absorb_partials(*part, x.fired) : 0;
      REQUIRE(got == missed);
      REQUIRE((idle || missed == 0));
      marks[p] = f.watermark;
      if (schedule.chance(60)) {
        auto watermark = end_of_time;
        for (const auto m : marks)
          if (!(idle && schedule.chance(20)))
            watermark = std::min(watermark, m);
        if (watermark != end_of_time)
          fire(s, x, watermark);
      }
      if (s.window.updates && schedule.chance(30))
        tick(s, x, schedule);
      if (schedule.chance(snapshots))
        capture(s, x, schedule);
    }
    fire(s, x, end_of_time);
    if (s.window.updates)
      tick(s, x, schedule);
    REQUIRE(x.windows->size().keys == 0);
    REQUIRE(x.windows->size().windows == 0);

    REQUIRE((!s.window.updates || x.rows.empty()));
    if (s.window.updates)
      continue;
    std::map<event_micros, std::vector<oracle::group>> windows;
    for (auto& g : oracle::groups_of(s.window, x.accepted))
      windows[g.end].push_back(std::move(g));
    REQUIRE(x.rows.size() == windows.size());
    std::size_t failed = 0;
    for (auto& [end, groups] :
         windows) {  // a window's rows go by key, also where sessions began at other times
      std::stable_sort(groups.begin(), groups.end(),
                       [](const auto& a, const auto& b) { return oracle::key_order()(a.keys, b.keys); });
      REQUIRE(x.rows[end] == expected_rows(s, groups, failed, [](const auto&) { return true; }));
    }
    REQUIRE(x.failed == failed);
  }
}

}  // namespace

TEST_CASE("rows are the oracle's for any cut, number of shards, interleaving and restore") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed)
    for (const std::uint32_t shards : {1, 2, 5})
      run(seed, shards, false);
}

TEST_CASE("what comes below a fired mark is left out of just the fired windows") {
  for (std::uint64_t seed = 10'001; seed <= 10'150; ++seed)
    run(seed, 1 + static_cast<std::uint32_t>(seed % 3), true);
}

}  // namespace millrace::window
