// Random joins by windows, by intervals and as of a time, and dedups, over random logs of two sides, cut, sharded, interleaved, fired, captured and restored at random:
// the rows must be those of a nested loop over all records, in its order. A failure prints its seed.
#include "runtime/window/shard_windows.hpp"
#include "tests/property/window/drawn.hpp"
#include "tests/support/fire_all.hpp"
#include "tests/support/schedules.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace millrace::window::joins {
namespace {

using data::type_id;
using oracle::column_of;
using oracle::dice;
using oracle::random_value;
using oracle::shard_of;
using oracle::value;

enum class kind : std::uint8_t { window, interval, as_of, dedup };
constexpr kind kinds[] = {kind::window, kind::interval, kind::as_of, kind::dedup};

struct record {
  oracle::record what;  // its time, watermark, keys, log and position
  bool deleted = false;
  std::size_t side = 0;
  std::vector<value> row;
};

struct scenario {
  definition window;
  std::vector<std::vector<record>> logs;
  std::vector<event_micros> last_watermarks;
};

std::vector<data::field> random_fields(dice& d, const std::string& prefix, std::int64_t least, bool plain) {
  std::vector<data::field> out;
  for (auto n = d.between(least, 2); n > 0; --n)
    out.push_back({prefix + std::to_string(n),
                   d.one_of({type_id::bigint, type_id::text, plain ? type_id::bigint : type_id::float64,
                             plain ? type_id::text : type_id::numeric})});
  return out;
}

scenario random_scenario(dice& d, kind of) {
  scenario s;
  auto& w = s.window;
  const auto unit = d.one_of<std::int64_t>({1, 1'000'000});
  w.allowed_lateness = micros(d.one_of<std::int64_t>({0, 0, unit, 3 * unit + 1}));
  w.join.emplace().max_pairs = d.one_of<std::uint64_t>({2, 6, 1000});
  if (of != kind::window) {
    w.kind = shape::interval;
    w.size = w.slide = micros(1);
  }
  if (of == kind::interval) {
    using reach = std::pair<int, int>;
    const auto [before, after] = d.one_of<reach>({{4, 3}, {0, 6}, {5, 0}, {8, -3}, {-2, 6}, {0, 0}});
    w.join->how = d.one_of({join_kind::inner, join_kind::left, join_kind::anti});
    w.join->before = micros(unit * before);
    w.join->after = micros(unit * after);
    w.allowed_lateness += w.join->waits();
  } else if (of == kind::as_of) {
    w.join->newest = true;
    w.join->deletes = d.chance(60);
    w.join->how = d.one_of({join_kind::inner, join_kind::left});
    w.join->before = micros(unit * d.one_of<std::int64_t>({0, 2, 5, 12}));
  } else if (of == kind::dedup) {
    w.join->first = true;
    w.join->how = join_kind::anti;
    w.join->before = micros(unit * d.one_of<std::int64_t>({1, 2, 5, 20}) - 1);
  } else {
    w.slide = micros(unit * d.between(1, 5));
    w.size = w.slide * d.one_of<std::int64_t>({1, 1, 2, 3, 7});
    w.join->how = d.one_of({join_kind::inner, join_kind::left, join_kind::right, join_kind::full});
  }
  w.keys = random_fields(d, "k", 1, true);
  auto output = w.keys;
  for (const auto* const side : {"l.", "r."}) {
    aggregate rows;
    rows.row = random_fields(d, side, 0, false);
    if (w.join->first && !w.aggregates.empty())
      rows.row->clear();  // those that have come out
    output.insert(output.end(), rows.row->begin(), rows.row->end());
    w.aggregate_fields.insert(w.aggregate_fields.end(), rows.row->begin(), rows.row->end());
    w.aggregates.push_back(std::move(rows));
  }
  output.push_back({"window_start", type_id::timestamp});
  output.push_back({"window_end", type_id::timestamp});
  w.output = std::make_shared<data::schema>(std::move(output));

  const auto delay = unit * d.one_of<std::int64_t>({0, 3, 10});
  // A log is of one side, or of both, as where a stage joins itself.
  const bool mixed = !w.join->first && d.chance(30);
  for (auto n = d.between(2, 4); n > 0; --n) {
    auto& records = s.logs.emplace_back();
    const auto name = "parser/" + std::to_string(s.logs.size());
    auto time = unit * d.between(-20, 20);
    auto seen = no_watermark;
    for (auto r = d.between(0, 60); r > 0; --r) {
      time += unit * d.one_of<std::int64_t>({0, 0, 1, 1, 7});
      record x;
      x.side = mixed ? static_cast<std::size_t>(d.between(0, 1)) : w.join->first ? 0 : s.logs.size() % 2;
      x.what.partition = name;
      x.what.at = {0, static_cast<std::int64_t>(records.size())};
      x.what.time = time - unit * d.one_of<std::int64_t>({0, 0, 0, 2, 6, 25});
      x.what.watermark = seen == no_watermark ? no_watermark : seen - delay;
      seen = std::max(seen, x.what.time);
      x.deleted = w.join->deletes && d.chance(30);
      for (const auto& k : w.keys)
        x.what.keys.push_back(random_value(d, k.type.id(), 1));
      for (const auto& f : *w.aggregates[x.side].row)
        x.row.push_back(random_value(d, f.type.id(), 20));
      records.push_back(x);
      if (d.chance(5))  // it comes by two ways
        records.push_back(x);
    }
    s.last_watermarks.push_back(seen == no_watermark ? no_watermark : seen - delay);
  }
  return s;
}

/// The ends at which a record counts, where those up to `fired` have fired as it came; of a window.
std::vector<event_micros> ends_of(const definition& w, const record& r, event_micros fired) {
  auto out = oracle::ends_of(w, r.what);
  std::erase_if(
      out, [&](event_micros e) { return fired != no_watermark && e + w.allowed_lateness.count() <= fired; });
  return out;
}

/// Says whether the left rows of an interval join that end there have fired.
bool is_over(const definition& w, event_micros end, const record& r, event_micros fired) {
  return end + w.allowed_lateness.count() <= std::max(r.what.watermark, fired);
}

/// Returns whether a record counts nowhere, where ends up to `fired` have fired as it came.
bool is_late(const definition& w, const record& r, event_micros fired) {
  if (w.kind != shape::interval)
    return ends_of(w, r, fired).empty();
  return is_over(w, r.what.time + (r.side == 1 ? w.join->before.count() : 0) + 1, r, fired);
}

/// Returns whether the right row lies in the reach of the left one, and counts for it.
bool meets(const definition& w, const record& left, const record& right, event_micros right_fired) {
  const auto apart = right.what.time - left.what.time;
  const bool reached =
      w.join->newest ? apart <= 0 : apart >= -w.join->before.count() && apart <= w.join->after.count();
  return reached && left.what.keys == right.what.keys && !is_over(w, left.what.time + 1, right, right_fired);
}

/// Rows of a side go by it.
auto place(const record* r) { return std::tuple(r->what.time, r->what.partition, r->what.at); }

/// Leaves the version that holds of those in the order of their places.
void leave_newest(const definition& w, std::vector<const record*>& met) {
  if (!w.join->newest || met.empty())
    return;
  met.erase(met.begin(), met.end() - 1);
  if (met.front()->deleted)
    met.clear();
}

/// Adds the records of one side; late ones are told.
void add_side(const definition& w, partials_builder& builder, std::span<const record> records,
              std::size_t side) {
  std::vector<const record*> of;
  std::vector<event_micros> times, watermarks;
  std::vector<position> positions;
  for (const auto& r : records) {
    if (r.side != side)
      continue;
    of.push_back(&r);
    times.push_back(r.what.time);
    watermarks.push_back(r.what.watermark);
    positions.push_back(r.what.at);
  }
  if (of.empty())
    return;
  std::vector<data::column_ptr> keys;
  const std::vector<data::column_ptr> none(w.aggregates.size());
  std::vector<std::vector<data::column_ptr>> rows(w.aggregates.size());
  for (std::size_t k = 0; k < w.keys.size(); ++k)
    keys.push_back(column_of(of, w.keys[k].type.id(), [&](const auto& r) { return r.what.keys[k]; }));
  for (std::size_t c = 0; c < w.aggregates[side].row->size(); ++c)
    rows[side].push_back(
        column_of(of, (*w.aggregates[side].row)[c].type.id(), [&](const auto& r) { return r.row[c]; }));
  auto arguments = none;
  if (w.join->deletes && side == 1) {
    data::column_builder deleted(type_id::boolean);
    for (const auto* r : of)
      r->deleted ? deleted.append_boolean(true) : deleted.append_boolean(false);
    arguments[1] = deleted.finish();
  }
  std::vector<std::uint32_t> late, expected_late;
  builder.add(
      {keys, arguments, none, times, watermarks, positions, of.front()->what.partition, {}, rows, side},
      late);
  for (std::uint32_t i = 0; i < of.size(); ++i)
    if (is_late(w, *of[i], no_watermark))
      expected_late.push_back(i);
  REQUIRE(late == expected_late);
}

struct frame {
  std::vector<partials_ptr> parts;  // one a shard
  std::span<const record> records;
  event_micros watermark;
};

std::vector<std::deque<frame>> cut(const scenario& s, dice& d) {
  std::vector<std::deque<frame>> out;
  for (std::size_t l = 0; l < s.logs.size(); ++l) {
    auto& queue = out.emplace_back();
    partials_builder builder(s.window);
    const std::span<const record> records(s.logs[l]);
    for (std::size_t at = 0; at < records.size();) {
      const auto n = std::min<std::size_t>(static_cast<std::size_t>(d.between(1, 25)), records.size() - at);
      const auto part = records.subspan(at, n);
      const auto first = static_cast<std::size_t>(d.between(0, 1));  // which side is taken first
      add_side(s.window, builder, part, first);
      add_side(s.window, builder, part, 1 - first);
      at += n;
      queue.push_back(
          {builder.finish(), part, at < records.size() ? records[at].what.watermark : s.last_watermarks[l]});
    }
  }
  return out;
}

struct accepted {
  const record* what;
  event_micros fired;
};

bool is_null(const value& v) { return v.null; }

std::string text_of(const std::vector<value>& values) {
  std::string out;
  for (const auto& v : values)
    out += oracle::to_text(v) + ", ";
  return out;
}

std::vector<value> nulls_of(const aggregate& side) {
  std::vector<value> out;
  for (const auto& f : *side.row)
    out.push_back({f.type.id(), true, 0, 0, {}});
  return out;
}

struct given {
  std::vector<std::string> rows;
  std::size_t letters = 0;
  friend bool operator==(const given&, const given&) = default;
};

/// Rows and letters by window end: each left row with each right one that has its key and counts there.
std::map<event_micros, given> nested_loop(const definition& w, const std::vector<accepted>& all) {
  using group = std::array<std::vector<const record*>, 2>;
  std::map<event_micros, std::map<std::vector<value>, group, oracle::key_order>> ends;
  for (const auto& a : all)
    for (const auto end : ends_of(w, *a.what, a.fired))
      ends[end][a.what->what.keys][a.what->side].push_back(a.what);
  std::map<event_micros, given> out;
  for (auto& [end, keys] : ends)
    for (auto& [key, sides] : keys) {
      for (auto& rows : sides)
        std::ranges::stable_sort(rows, {}, place);
      const bool pairs = !std::ranges::any_of(key, is_null) && !sides[0].empty() && !sides[1].empty();
      auto& here = out[end];
      const auto bounds = text_of({{type_id::timestamp, false, end - w.size.count(), 0, {}},
                                   {type_id::timestamp, false, end, 0, {}}});
      const auto add = [&, &key = key](const record* l, const record* r) {
        here.rows.push_back(text_of(key) + text_of(l == nullptr ? nulls_of(w.aggregates[0]) : l->row) +
                            text_of(r == nullptr ? nulls_of(w.aggregates[1]) : r->row) + bounds);
      };
      const auto how = w.join->how;
      if (pairs && sides[0].size() * sides[1].size() > w.join->max_pairs) {
        ++here.letters;
        continue;
      }
      if (pairs)
        for (const auto* l : sides[0])
          for (const auto* r : sides[1])
            add(l, r);
      else {
        if (how == join_kind::left || how == join_kind::full)
          for (const auto* l : sides[0])
            add(l, nullptr);
        if (how == join_kind::right || how == join_kind::full)
          for (const auto* r : sides[1])
            add(nullptr, r);
      }
    }
  return out;
}

/// The same of joins by time: each left row with the right ones that it meets.
std::map<event_micros, given> nested_loop_by_time(const definition& w, const std::vector<accepted>& all) {
  std::vector<accepted> in_order(all);
  std::ranges::stable_sort(in_order, [](const accepted& a, const accepted& b) {
    const oracle::key_order before;
    return before(a.what->what.keys, b.what->what.keys) ||
           (!before(b.what->what.keys, a.what->what.keys) && place(a.what) < place(b.what));
  });
  std::map<event_micros, given> out;
  std::vector<const record*> given_last;  // by a dedup
  for (const auto& l : in_order) {
    if (l.what->side != 0)
      continue;
    std::vector<const record*> met;
    if (w.join->first) {
      if (!given_last.empty() && given_last.back()->what.keys == l.what->what.keys &&
          l.what->what.time - given_last.back()->what.time <= w.join->before.count())
        continue;
      given_last.push_back(l.what);
    }
    for (const auto& r : in_order)
      if (r.what->side == 1 && !std::ranges::any_of(l.what->what.keys, is_null) &&
          meets(w, *l.what, *r.what, r.fired))
        met.push_back(r.what);
    leave_newest(w, met);
    const auto how = w.join->how;
    const auto end = l.what->what.time + 1;
    const auto add = [&](const std::vector<value>& right) {
      out[end].rows.push_back(
          text_of(l.what->what.keys) + text_of(l.what->row) + text_of(right) +
          text_of({{type_id::timestamp, false, end - 1, 0, {}}, {type_id::timestamp, false, end, 0, {}}}));
    };
    if (how != join_kind::anti && met.size() > w.join->max_pairs)
      ++out[end].letters;
    else if (met.empty() && how != join_kind::inner)
      add(nulls_of(w.aggregates[1]));
    else if (how != join_kind::anti)
      for (const auto* r : met)
        add(r->row);
  }
  return out;
}

struct shard {
  std::unique_ptr<shard_windows> windows;
  event_micros fired = no_watermark;
  std::vector<std::string> chain;  // a base and its increments
  std::vector<accepted> taken;
  std::map<event_micros, given> out;
};

/// Takes a snapshot as a shard may at any point, and maybe goes on from it.
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
  if (d.chance(50))
    restored->to_be_applied(x.fired);
  for (const auto& bytes : x.chain) {
    wire::reader in(bytes);
    REQUIRE(restored->apply(in));
    REQUIRE(in.at_end());
  }
  REQUIRE(restored->size().keys == x.windows->size().keys);
  x.windows = std::move(restored);
}

void fire(const scenario& s, shard& x, event_micros watermark) {
  if (watermark <= x.fired)
    return;
  for (const auto& w : test::fire_all(*x.windows, x.fired, watermark)) {
    if (!w.rows)
      continue;  // it has looked at many ends, and none gives a row
    REQUIRE(*w.rows->schema == *s.window.output);
    auto& here = x.out[w.end];
    REQUIRE((here.rows.empty() && here.letters == 0));
    for (std::size_t r = 0; r < w.rows->rows; ++r) {
      std::vector<value> row;
      for (const auto& c : w.rows->columns)
        row.push_back(oracle::value_of(*c, r));
      here.rows.push_back(text_of(row));
    }
    here.letters = w.failed.size();
  }
  x.fired = watermark;
}

/// A key holds in its first open window what the records say.
void look(const scenario& s, const shard& x) {
  if (x.taken.empty() || s.window.join->first)
    return;
  const auto& first = *x.taken.back().what;
  const auto found = x.windows->look_up(oracle::encoded_key(s.window, first.what.keys), x.fired, 1000);
  std::map<event_micros, std::array<std::int64_t, 2>> expected;
  for (const auto& a : x.taken)
    if (a.what->what.keys == first.what.keys && s.window.kind != shape::interval)
      for (const auto end : ends_of(s.window, *a.what, std::max(a.fired, x.fired)))
        ++expected[end][a.what->side];
    else if (a.what->what.keys == first.what.keys && a.what->side == 0 &&
             !is_late(s.window, *a.what, x.fired))
      ++expected[a.what->what.time + 1][0];
  if (s.window.kind == shape::interval)
    for (auto& [end, counts] : expected) {
      std::vector<const record*> met;
      for (const auto& a : x.taken) {
        auto left = *a.what;
        left.what.time = end - 1;
        left.what.keys = first.what.keys;
        if (a.what->side == 1 && !std::ranges::any_of(first.what.keys, is_null) &&
            meets(s.window, left, *a.what, a.fired))
          met.push_back(a.what);
      }
      std::ranges::stable_sort(met, {}, place);
      leave_newest(s.window, met);
      counts[1] = static_cast<std::int64_t>(met.size());
    }
  REQUIRE(found.rows->rows == expected.size());
  std::size_t row = 0;
  for (const auto& [end, counts] : expected) {
    const auto keys = s.window.keys.size();
    REQUIRE(found.rows->columns[keys + 3]->ints()[row] == end);
    for (std::size_t side = 0; side < 2; ++side)
      REQUIRE(found.rows->columns[keys + side]->ints()[row] == counts[side]);
    ++row;
  }
}

void run(std::uint64_t seed, std::uint32_t shards, bool idle, kind of) {
  INFO("seed " << seed << ", " << shards << " shards, idle logs " << idle << ", kind "
               << static_cast<int>(of));
  dice d{std::mt19937_64(seed)};
  auto s = random_scenario(d, of);
  s.window.shards = shards;
  dice schedule{std::mt19937_64(seed * 31 + shards)};
  const auto frames = cut(s, schedule);
  for (std::uint32_t me = 0; me < shards; ++me) {
    shard x{make_shard_windows(s.window), no_watermark, {}, {}, {}};
    std::vector<std::size_t> next(frames.size(), 0);
    std::vector<event_micros> marks(frames.size(), no_watermark);
    for (;;) {
      std::vector<std::size_t> ready;
      for (std::size_t l = 0; l < frames.size(); ++l)
        if (next[l] < frames[l].size())
          ready.push_back(l);
        else
          marks[l] = end_of_time;
      if (ready.empty())
        break;
      const auto l =
          ready[static_cast<std::size_t>(schedule.between(0, static_cast<std::int64_t>(ready.size()) - 1))];
      const auto& f = frames[l][next[l]++];
      std::uint64_t missed = 0;
      for (const auto& r : f.records) {
        if (shard_of(s.window, r.what.keys) != me || is_late(s.window, r, no_watermark))
          continue;
        if (is_late(s.window, r, x.fired))
          ++missed;
        else
          x.taken.push_back({&r, x.fired});
      }
      REQUIRE((f.parts[me] ? x.windows->absorb_partials(*f.parts[me], x.fired) : 0) == missed);
      REQUIRE((idle || missed == 0));
      marks[l] = f.watermark;
      if (schedule.chance(60)) {
        auto watermark = end_of_time;
        for (const auto m : marks)
          if (!(idle && schedule.chance(20)))
            watermark = std::min(watermark, m);
        if (watermark != end_of_time)
          fire(s, x, watermark);
      }
      if (schedule.chance(10))
        look(s, x);
      if (schedule.chance(15))
        capture(s, x, schedule);
    }
    fire(s, x, end_of_time);
    REQUIRE(x.windows->size().keys == 0);
    auto expected = (of == kind::window ? nested_loop : nested_loop_by_time)(s.window, x.taken);
    std::erase_if(x.out, [](const auto& end) { return end.second == given(); });
    std::erase_if(expected, [](const auto& end) { return end.second == given(); });
    REQUIRE(x.out == expected);
  }
}

}  // namespace

TEST_CASE("a join gives the rows of a nested loop for any cut, number of shards, interleaving and restore") {
  const millrace::test::seeds seeds(200);
  for (std::uint64_t seed = 0; seed < seeds.count; ++seed)
    for (const auto of : kinds)
      for (const std::uint32_t shards : {1, 3})
        run(seed, shards, false, of);
}

TEST_CASE("rows of a join that come below a fired mark are left out of just the fired windows") {
  const millrace::test::seeds seeds(200);
  for (std::uint64_t seed = 0; seed < seeds.count; ++seed)
    for (const auto of : kinds)
      run(seed, 1 + static_cast<std::uint32_t>(seed % 3), true, of);
}

}  // namespace millrace::window::joins
