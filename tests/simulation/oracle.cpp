#include "tests/simulation/oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace millrace::simulation {
namespace {

using shape = window_spec::shape;
using number = std::optional<std::int64_t>;

/// A row on its way to a window.
struct row {
  event_micros at = 0;
  std::optional<std::string> user;
  std::map<std::string, number> values;
  std::string log;  // ties of first and last: by log, then by position, then within the record
  std::int64_t position = 0;
  std::int64_t ordinal = 0;
  event_micros open_from = 0;  // the rest of its span begins here, if the window is a session
};
using rows = std::vector<row>;

/// A row that leaves a window.
struct result {
  std::optional<std::string> user;
  std::vector<std::pair<std::string, number>> aggregates;
  std::optional<event_micros> start, end;
};

struct user_order {  // nulls last
  bool operator()(const std::optional<std::string>& a, const std::optional<std::string>& b) const {
    return a && b ? *a < *b : a.has_value() && !b.has_value();
  }
};

/// The windows that take a row, by their starts; of those without a grid one that begins nowhere.
std::vector<event_micros> windows_of(const window_spec& w, event_micros at,
                                     std::optional<event_micros> mark) {
  constexpr auto nowhere = std::numeric_limits<event_micros>::min();
  if (w.what == shape::global && w.size.count() == 0)
    return {nowhere};
  if (!w.on_grid())
    return !mark || at + w.size.count() + w.lateness.count() > *mark ? std::vector{nowhere}
                                                                     : std::vector<event_micros>{};
  std::vector<event_micros> starts;
  const auto size = w.size.count();
  const auto slide = w.slide.count();
  for (auto start = at - at % slide; start > at - size; start -= slide)
    if (!mark || start + size + w.lateness.count() > *mark)
      starts.push_back(start);
  return starts;
}

number folded(const std::string& name, const rows& group) {
  const std::string column = name == "t" || name == "x" ? "n" : "v";
  std::vector<std::int64_t> values;
  for (const auto& r : group)
    if (const auto v = r.values.at(column))
      values.push_back(*v);
  if (name == "d")
    return static_cast<std::int64_t>(std::set<std::int64_t>(values.begin(), values.end()).size());
  if (values.empty())
    return std::nullopt;
  if (name == "lo")
    return *std::min_element(values.begin(), values.end());
  if (name == "hi")
    return *std::max_element(values.begin(), values.end());
  if (name == "f")
    return values.front();
  if (name == "l" || name == "x")
    return values.back();
  std::int64_t sum = 0;
  for (const auto v : values)
    sum += v;
  return sum;
}

class folding {
public:
  explicit folding(window_spec w) : w_(std::move(w)) {}

  void take(event_micros start, const row& r) {
    groups_[{start, w_.keyed ? r.user : std::nullopt}].push_back(r);
  }

  std::vector<result> results() {
    std::vector<result> out;
    for (auto& [key, group] : groups_) {
      in_order(group);
      if (w_.on_grid()) {
        add(out, key.second, group, key.first, key.first + w_.size.count());
      } else if (w_.what == shape::global && w_.size.count() == 0) {
        add(out, key.second, group, std::nullopt, std::nullopt);
      } else {
        for (const auto& session : split(group)) {
          const auto end = session.back().at + w_.size.count();
          if (w_.what == shape::session)
            add(out, key.second, session, session.front().at, end);
          else
            add(out, key.second, session, std::nullopt, std::nullopt);
        }
      }
    }
    return out;
  }

private:
  /// Sessions: rows whose spans overlap, each in the order that they have.
  [[nodiscard]] std::vector<rows> split(const rows& group) const {
    std::vector<rows> out;
    for (const auto& r : group) {
      rows joined;
      std::erase_if(out, [&](const rows& other) {
        const bool touches = std::any_of(other.begin(), other.end(), [&](const row& o) {
          return std::max(o.open_from, r.open_from) < std::min(o.at, r.at) + w_.size.count();
        });
        if (touches)
          joined.insert(joined.end(), other.begin(), other.end());
        return touches;
      });
      joined.push_back(r);
      out.push_back(std::move(joined));
    }
    for (auto& session : out)
      in_order(session);
    return out;
  }

  static void in_order(rows& group) {
    std::stable_sort(group.begin(), group.end(), [](const row& a, const row& b) {
      return std::tie(a.at, a.log, a.position, a.ordinal) < std::tie(b.at, b.log, b.position, b.ordinal);
    });
  }

  void add(std::vector<result>& out, const std::optional<std::string>& user, const rows& group,
           std::optional<event_micros> start, std::optional<event_micros> end) const {
    result r{user, {{"n", static_cast<std::int64_t>(group.size())}}, start, end};
    for (const auto& name : w_.aggregates)
      r.aggregates.emplace_back(name, folded(name, group));
    const auto n = static_cast<std::int64_t>(group.size());
    if (n >= w_.least_count.value_or(n) && n <= w_.most_count.value_or(n))
      out.push_back(std::move(r));
  }

  window_spec w_;
  struct order {
    bool operator()(const auto& a, const auto& b) const {
      if (a.first != b.first)
        return a.first < b.first;
      return user_order{}(a.second, b.second);
    }
  };
  std::map<std::pair<event_micros, std::optional<std::string>>, rows, order> groups_;
};

std::string text(const std::optional<std::string>& v) { return v ? "\"" + *v + "\"" : "null"; }
std::string text(const number& v) { return v ? std::to_string(*v) : "null"; }
std::string time_text(const std::optional<event_micros>& t) {
  return t ? "\"" + format_timestamp(*t) + "\"" : "null";
}

std::string json(const window_spec& w, const result& r) {
  std::string out = "{";
  if (w.keyed)
    out += "\"u\":" + text(r.user) + ",";
  for (const auto& [name, value] : r.aggregates)
    out += fmt::format("\"{}\":{},", name, text(value));
  return out + fmt::format("\"window_start\":{},\"window_end\":{}}}", time_text(r.start), time_text(r.end));
}

/// The window's rows as input of the downstream one: the time decides, then the upstream key.
rows as_input(const std::vector<result>& results) {
  std::vector<const result*> ordered;
  for (const auto& r : results)
    ordered.push_back(&r);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto* a, const auto* b) { return user_order{}(a->user, b->user); });
  rows out;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    row r{*ordered[i]->end - 1, ordered[i]->user, {}, "", static_cast<std::int64_t>(i), 0,
          *ordered[i]->end - 1};
    for (const auto& [name, value] : ordered[i]->aggregates)
      r.values[name] = value;
    out.push_back(std::move(r));
  }
  return out;
}

}  // namespace

namespace {

/// The two sides of the join, by window and user; those of an interval join by user alone.
class pairing {
public:
  explicit pairing(const scenario& s) : s_(s) {}

  void take(const row& r, std::optional<event_micros> watermark, expectation& out) {
    const auto v = r.values.at("v");
    add(0, r, watermark, out);
    if (v && *v % 4 == 0 && !s_.join->is_dedup)
      add(1, r, watermark, out);
  }

  void give(expectation& out) {
    for (auto& [at, sides] : groups_)
      if (s_.join->is_dedup)
        give_first(at.second, sides[0], out);
      else if (s_.join->is_interval)
        give_intervals(at.second, sides, out);
      else
        give_window(at.first, at.second, sides, out);
  }

private:
  struct taken {
    row what;
    std::optional<event_micros> watermark;
  };
  using both_sides = std::array<std::vector<taken>, 2>;
  using user = std::optional<std::string>;

  void add_pair(const user& u, event_micros start, const taken* l, const taken* r, expectation& out) const {
    const auto value = [](const taken* of) { return of == nullptr ? number() : of->what.values.at("v"); };
    out.rows["pairs"].push_back(fmt::format(R"({{"u":{},"v":{},"w":{},"start":{}}})", text(u), text(value(l)),
                                            text(value(r)), time_text(start)));
  }

  void give_window(event_micros start, const user& u, const both_sides& sides, expectation& out) const {
    const bool pairs = u && !sides[0].empty() && !sides[1].empty();
    for (const auto& l : sides[0])
      for (const auto& r : sides[1])
        if (pairs)
          add_pair(u, start, &l, &r, out);
    for (const auto& l : sides[0])
      if (!pairs && gives_alone(0))
        add_pair(u, start, &l, nullptr, out);
    for (const auto& r : sides[1])
      if (!pairs && gives_alone(1))
        add_pair(u, start, nullptr, &r, out);
  }

  void give_first(const user& u, std::vector<taken> all, expectation& out) const {
    std::ranges::sort(all, {}, place);
    std::optional<event_micros> last;
    for (const auto& r : all)
      if (!last || r.what.at - *last >= s_.join->before.count()) {
        last = r.what.at;
        add_pair(u, r.what.at, &r, nullptr, out);
      }
  }

  static std::tuple<event_micros, std::string, std::int64_t, std::int64_t> place(const taken& t) {
    return {t.what.at, t.what.log, t.what.position, t.what.ordinal};
  }

  void give_intervals(const user& u, const both_sides& sides, expectation& out) const {
    for (const auto& l : sides[0]) {
      const auto at = l.what.at;
      bool any = false;
      if (s_.join->is_as_of) {
        const auto* const version = version_at(u, at, sides[1]);
        any = version != nullptr;
        if (any)
          add_pair(u, at, &l, version, out);
      }
      for (const auto& r : sides[1]) {
        if (s_.join->is_as_of)
          break;
        const auto apart = r.what.at - at;
        if (!u || apart < -s_.join->before.count() || apart > s_.join->after.count() ||
            has_fired(at, r.watermark))
          continue;
        any = true;
        if (s_.join->how != "anti")
          add_pair(u, at, &l, &r, out);
      }
      if (!any && gives_alone(0))
        add_pair(u, at, &l, nullptr, out);
    }
  }

  /// Null where there is none, or its key is gone.
  [[nodiscard]] const taken* version_at(const user& u, event_micros at, const std::vector<taken>& all) const {
    const taken* newest = nullptr;
    for (const auto& r : all)
      if (u && r.what.at <= at && !has_fired(at, r.watermark) &&
          (newest == nullptr || place(*newest) < place(r)))
        newest = &r;
    return newest == nullptr || *newest->what.values.at("v") % 8 == 0 ? nullptr : newest;
  }

  /// Says whether the left rows of a time have come out at that watermark.
  [[nodiscard]] bool has_fired(event_micros at, std::optional<event_micros> watermark) const {
    return watermark && at < *watermark - std::max(s_.join->after, micros(0)).count();
  }

  [[nodiscard]] bool gives_alone(std::size_t side) const {
    const auto& how = s_.join->how;
    return how == "full" || how == (side == 0 ? "left" : "right") || (how == "anti" && side == 0);
  }

  void add(std::size_t side, const row& r, std::optional<event_micros> watermark, expectation& out) {
    ++out.in["joined"];
    if (!r.user && !gives_alone(side))
      return;
    bool is_late = false;
    if (s_.join->is_interval) {
      is_late = has_fired(r.at + (side == 1 ? s_.join->before.count() : 0), watermark);
      if (!is_late)
        groups_[{0, r.user}][side].push_back({r, watermark});
    } else {
      const auto starts = windows_of(s_.join->window, r.at, watermark);
      for (const auto start : starts)
        groups_[{start, r.user}][side].push_back({r, watermark});
      is_late = starts.empty();
    }
    if (is_late && side == (s_.join->is_dedup ? 0 : 1))
      out.rows["late_fourths"].push_back(fmt::format(R"({{"w":{}}})", text(r.values.at("v"))));
  }

  const scenario& s_;
  std::map<std::pair<event_micros, user>, both_sides> groups_;
};

/// Takes the rows of the records in their order, as far as the first window.
class reading {
public:
  reading(const scenario& s, folding& front, pairing& pairs, expectation& out)
      : s_(s), front_(front), pairs_(pairs), out_(out) {}

  void read(const stream& p) {
    log_ = s_.two_sources ? p.source + ":" + p.partition : p.partition;
    watermark_.reset();
    for (std::size_t i = 0; i < p.clicks.size(); ++i) {
      const auto& c = p.clicks[i];
      const auto position = static_cast<std::int64_t>(i);
      ++out_.in[p.source];
      ++out_.in["parsed"];
      if (c.what != click::kind::good)
        out_.dead.insert({"parsed", log_, position});
      else if (!s_.unnests)
        take(p, c, position, 0);
      else
        take_elements(p, c, position);
    }
  }

private:
  /// A record's rows go on together or not at all.
  void take_elements(const stream& p, const click& c, std::int64_t position) {
    ++out_.in["elements"];
    for (const auto& e : c.elements)
      if (e.what != click::kind::good) {
        out_.dead.insert({"elements", log_, position});
        return;
      }
    for (std::size_t i = 0; i < c.elements.size(); ++i)
      take(p, c.elements[i], position, i);
  }

  void take(const stream& p, const click& c, std::int64_t position, std::size_t ordinal) {
    const auto at = c.at / 1000 * 1000;
    if (s_.raw_sink)
      out_.rows["raw"].push_back(fmt::format(R"({{"u":{},"v":{},"partition":"{}","position":{}}})",
                                             text(c.user), text(c.value), p.partition, position));
    const auto open_from =
        s_.window && watermark_ ? std::max(at, *watermark_ - s_.window->lateness.count()) : at;
    row r{at, c.user, {{"v", c.value}}, log_, position, static_cast<std::int64_t>(ordinal), open_from};
    bool taken = s_.window.has_value();
    if (s_.join)
      pairs_.take(r, watermark_, out_);
    if (s_.select) {
      taken = taken && (!c.value || *c.value != 0);
      if (c.value)
        r.values["v"] = *c.value + 1;
    }
    const auto v = r.values["v"];
    if (taken)
      ++out_.in["window"];
    if (s_.window && s_.window->least_value)
      taken = taken && (!v || *v >= *s_.window->least_value);
    if (taken) {
      const auto starts = windows_of(*s_.window, at, watermark_);
      for (const auto start : starts)
        front_.take(start, r);
      if (starts.empty()) {
        ++out_.late;
        if (s_.late_sink)
          out_.rows["late"].push_back(fmt::format(R"({{"u":{},"v":{}}})", text(c.user), text(v)));
      }
    }
    const auto mark = at - s_.delay.count();
    watermark_ = watermark_ ? std::max(*watermark_, mark) : mark;
  }

  const scenario& s_;
  folding& front_;
  pairing& pairs_;
  expectation& out_;
  std::string log_;
  std::optional<event_micros> watermark_;
};

}  // namespace

expectation expect(const scenario& s) {
  expectation out;
  folding front(s.window ? *s.window : window_spec{});
  pairing pairs(s);
  reading all(s, front, pairs, out);
  for (const auto& p : s.streams)
    all.read(p);
  pairs.give(out);
  if (s.window) {
    auto results = front.results();
    if (s.behind)
      out.in["behind"] = results.size();
    const auto& last = s.behind ? *s.behind : *s.window;
    if (s.behind) {
      folding back(*s.behind);
      for (const auto& r : as_input(results))
        for (const auto start : windows_of(*s.behind, r.at, std::nullopt))
          back.take(start, r);
      results = back.results();
    }
    if (!last.every && !s.loose)
      out.in["rows"] = results.size();
    for (const auto& r : results) {
      auto line = json(last, r);
      const bool many = *r.aggregates.front().second >= 2;
      if (s.second_sink && (many || last.every))
        out.rows["more"].push_back(line);
      if (s.refuses && is_refused(line))
        out.refused.push_back(std::move(line));
      else
        out.rows["rows"].push_back(std::move(line));
    }
  }
  for (auto& [sink, lines] : out.rows)
    std::sort(lines.begin(), lines.end());
  std::sort(out.refused.begin(), out.refused.end());
  return out;
}

}  // namespace millrace::simulation
