// Partitions that fall silent, wake and end, in any order of the same events: a shard fires the same windows
// with the same rows. Random scenarios, each in several orders, some with a restart of the shard amid them.
#include "runtime/delivery/shard.hpp"
#include "tests/unit/delivery/frames.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

namespace millrace::delivery {
namespace {

constexpr event_micros size = 10;

event_micros end_of(event_micros time) { return (time / size + 1) * size; }

/// Counts the records of each window of `size`. A frame holds its records' times.
class counting_by_time final : public window_state {
public:
  std::uint64_t absorb(const lane_frame& f, event_micros fired_mark) override {
    std::uint64_t missed = 0;
    for (const auto& b : *std::get<rows_ptr>(f.content))
      for (const auto t : b.columns[0]->ints())
        if (end_of(t) <= fired_mark)
          ++missed;
        else
          ++open[end_of(t)];
    return missed;
  }
  std::uint64_t absorb_rows(const output_frame&, event_micros, ledger&) override { return 0; }
  std::optional<fired_window> fire_next(event_micros& fired_mark, event_micros watermark) override {
    const auto next = open.begin();
    if (next == open.end() || next->first > watermark) {
      fired_mark = watermark;
      return std::nullopt;
    }
    fired_mark = next->first;
    fired_window w{next->first, test::rows(next->second), {}};
    open.erase(next);
    return w;
  }
  bool changes(std::size_t, std::vector<fired_window>&) override { return true; }
  void capture_all(wire::writer& out) override {
    out.varint(open.size());
    for (const auto& [end, n] : open) {
      out.fixed(end);
      out.varint(n);
    }
  }
  void capture_changes(wire::writer& out) override { capture_all(out); }
  expected<void> apply(wire::reader& in) override {
    open.clear();
    for (auto n = in.varint(); n > 0 && in.ok(); --n) {
      const auto end = in.fixed<event_micros>();
      open[end] = in.varint();
    }
    return {};
  }
  [[nodiscard]] window_size size() const override { return {}; }
  [[nodiscard]] std::optional<event_micros> next_end(event_micros) const override { return std::nullopt; }
  [[nodiscard]] open_windows look_up(std::string_view, event_micros, std::size_t) const override {
    return {};
  }
  std::map<event_micros, std::size_t> open;
};

using counts = std::map<event_micros, std::size_t>;  // records, by the end of their window

/// One event of a partition: records, silence, or the end.
struct event {
  enum class kind : std::uint8_t { records, idle, end } what = kind::records;
  std::vector<event_micros> times;
  event_micros watermark = no_watermark;
};

/// Partitions that wake do so before any of them goes on: what wakes later than idle_timeout allows is late.
struct phase {
  std::map<std::string, event> wake;
  std::map<std::string, std::vector<event>> then;  // sorted in each partition; the last is silence or the end
  event_micros greatest = no_watermark;            // after the record
  bool ended = false;
  counts all;  // counts of all records so far
};

struct dice {
  std::mt19937_64 random;
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(int percent) { return between(1, 100) <= percent; }
  template<class T>
  void shuffle(std::vector<T>& list) {
    for (std::size_t i = list.size(); i > 1; --i)
      std::swap(list[i - 1], list[random() % i]);
  }
};

std::vector<phase> random_phases(dice& d, const std::vector<std::string>& partitions) {
  std::vector<phase> out;
  std::map<std::string, event_micros> at;
  std::map<std::string, bool> ended;
  for (const auto& p : partitions)
    at[p] = no_watermark;
  phase now;
  for (int n = static_cast<int>(d.between(1, 4)); n > 0; --n) {
    now.wake.clear();
    now.then.clear();
    const bool first = out.empty();
    const auto before = now.greatest;
    for (const auto& p : partitions) {
      if (ended[p] || (!first && d.chance(40)))
        continue;
      const auto records = [&](event_micros from) {
        event e;
        for (auto k = d.between(1, 3); k > 0; --k) {
          e.times.push_back(from + d.between(0, 4 * size));
          ++now.all[end_of(e.times.back())];
        }
        return e;
      };
      if (!first) {
        auto e = records(std::max<event_micros>(before, 0));
        e.watermark = at[p] = std::max(at[p], before == no_watermark ? before : before - d.between(0, 5));
        now.wake[p] = e;
      }
      auto& list = now.then[p];
      for (auto k = d.between(0, 3); k > 0; --k) {
        auto e = records(std::max<event_micros>({at[p], before, 0}));
        e.watermark = at[p] = std::max(at[p], *std::ranges::max_element(e.times) - d.between(0, 5));
        now.greatest = std::max(now.greatest, at[p]);
        list.push_back(e);
      }
      ended[p] = d.chance(15);
      list.push_back({ended[p] ? event::kind::end : event::kind::idle, {}, ended[p] ? end_of_time : at[p]});
    }
    now.ended = std::ranges::all_of(partitions, [&](const auto& p) { return ended[p]; });
    out.push_back(now);
  }
  return out;
}

class driven_shard {
public:
  explicit driven_shard(const std::vector<std::string>& partitions) : partitions_(partitions) { live({}); }

  void take(const std::string& p, const event& e) {
    const auto from = at_[p];
    auto f = e.what == event::kind::idle ? test::idle(p, stamps_[p], from, e.watermark)
                                         : test::frame(p, stamps_[p], from, ++at_[p], e.watermark);
    if (e.what == event::kind::records) {
      data::column_builder column(data::type_id::bigint);
      for (const auto t : e.times)
        column.append_int(t);
      static const auto schema =
          std::make_shared<const data::schema>(std::vector<data::field>{{"t", data::type_id::bigint}});
      f.content = std::make_shared<const row_batches>(
          row_batches{data::batch{schema, {column.finish()}, e.times.size()}});
    }
    idle_.erase(p);
    if (e.what == event::kind::idle)
      idle_[p] = e;
    offer(f);
  }

  /// Another life, from a capture of all. Idle partitions are told again, in any order.
  void restart(dice& d) {
    live({core_->capture_all()});
    std::vector<std::string> again;
    for (const auto& [p, e] : idle_)
      again.push_back(p);
    d.shuffle(again);
    for (const auto& p : again)
      offer(test::idle(p, stamps_[p], at_[p], idle_[p].watermark));
  }

  [[nodiscard]] const shard_core& core() const { return *core_; }
  [[nodiscard]] const counts& rows() const { return rows_; }

private:
  void live(const std::vector<std::string>& captures) {
    shard_core::setup s;
    s.log = "w/0/0";
    s.life = ++lives_;
    s.receivers = {"sink"};
    for (const auto& p : partitions_)
      s.logs[p] = {};
    core_ = std::make_unique<shard_core>(std::move(s), std::make_unique<counting_by_time>());
    REQUIRE(core_->restore(captures));
    REQUIRE(core_->resume("sink", sent_, sent_, lives_));
    for (const auto& p : partitions_)
      stamps_[p] = core_->ask(p, lives_)->stamp;
  }

  void offer(const lane_frame& f) {
    REQUIRE(core_->take(f).outcome == intake::outcome::taken);
    while (const auto out = core_->out().next("sink")) {
      for (auto i = out->begin; i < out->end; ++i)
        ++rows_[out->position_of(i).major];
      sent_ = out->reached;
    }
  }

  std::vector<std::string> partitions_;
  std::unique_ptr<shard_core> core_;
  std::uint64_t lives_ = 0;
  position sent_ = lowest_position;
  std::map<std::string, fence> stamps_;
  std::map<std::string, std::int64_t> at_;
  std::map<std::string, event> idle_;
  counts rows_;
};

/// One of the orders in which the events of a phase can come.
void play(driven_shard& s, const phase& now, dice& d, int restarts) {
  std::vector<std::string> first;
  for (const auto& [p, e] : now.wake)
    first.push_back(p);
  d.shuffle(first);
  for (const auto& p : first)
    s.take(p, now.wake.at(p));
  std::vector<std::string> turns;
  for (const auto& [p, list] : now.then)
    turns.insert(turns.end(), list.size(), p);
  d.shuffle(turns);
  std::map<std::string, std::size_t> next;
  for (const auto& p : turns) {
    s.take(p, now.then.at(p)[next[p]++]);
    if (d.chance(restarts))
      s.restart(d);
  }
}

}  // namespace

TEST_CASE("whoever falls silent, wakes or ends first, the same windows fire with the same rows") {
  std::size_t fired = 0;
  for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
    dice d{std::mt19937_64(seed)};
    std::vector<std::string> partitions{"a", "b", "c", "d"};
    partitions.resize(static_cast<std::size_t>(d.between(1, 4)));
    const auto phases = random_phases(d, partitions);
    for (int order = 0; order < 6; ++order) {
      INFO("seed " << seed << ", order " << order);
      dice schedule{std::mt19937_64(seed * 31 + static_cast<std::uint64_t>(order))};
      driven_shard s(partitions);
      for (const auto& now : phases) {
        play(s, now, schedule, order % 2 == 0 ? 0 : 15);
        counts expected;
        for (const auto& [end, n] : now.all)
          if (now.ended || end <= now.greatest)
            expected[end] = n;
        REQUIRE(s.rows() == expected);
        REQUIRE(s.core().fired() == (now.ended ? end_of_time : now.greatest));
        REQUIRE(s.core().late_at_shard() == 0);
        fired += expected.size();
      }
    }
  }
  CHECK(fired > 10'000);
}

}  // namespace millrace::delivery
