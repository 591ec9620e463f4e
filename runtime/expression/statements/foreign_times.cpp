// Durations, windows, joins in time and event times of other products.
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/statements/foreign_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sql {
namespace {

using expression::problem;

constexpr std::string_view no_match_recognize =
    "MATCH_RECOGNIZE is not offered; rows within a time of each other are JOIN ... ON a.key = b.key AND "
    "b.at BETWEEN a.at AND a.at + interval '1 hour', rows without such a partner WHERE NOT EXISTS (...)";

/// INTERVAL '5' MINUTE, INTERVAL '5 minutes', 5 MINUTES: "5 minutes". Empty: there is none. `i` moves behind it.
std::string duration(const mistaken& m, std::size_t& i) {
  auto at = m.word(i) == "interval" ? i + 1 : i;
  if (!m.is_text(at) && !m.is_number(at))
    return {};
  std::string out(m.inner(at++));
  constexpr std::string_view units[] = {"millisecond", "second", "minute", "hour", "day", "week"};
  for (const auto unit : units)
    if (const auto word = m.word(at); word.starts_with(unit) && word.size() <= unit.size() + 1) {
      out += fmt::format(" {}{}", unit, out == "1" ? "" : "s");
      ++at;
      break;
    }
  i = at;
  return data::excerpt(out, 40);
}

maybe_problem bare_interval(const mistaken& m) {
  const auto e = m.error();
  for (auto i = e - std::min<std::size_t>(e, 2); i <= e && i < m.size(); ++i) {
    if (!are(m, i, "interval #") && !are(m, i, "interval ' ?"))
      continue;
    auto behind = i;
    const auto text = duration(m, behind);
    if (behind > i + 2 || m.is_number(i + 1))
      return problem{m.at(i), fmt::format("a duration is a text as a whole: interval '{}'", text)};
  }
  return std::nullopt;
}

std::string call_of(std::string_view function, std::string_view table,
                    const std::vector<std::string>& sizes) {
  const auto name = function.starts_with("tumbl") ? "tumble"
                    : function.starts_with("hop") ? "hop"
                                                  : "session";
  std::string out = fmt::format("{}({}", name, table);
  for (const auto& s : sizes)
    out += fmt::format(", '{}'", s);
  return out + ")";
}

/// TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '5' MINUTES), with TABLE(...) around it or without.
maybe_problem window_function(const mistaken& m) {
  const auto e = m.error();
  for (auto i = e - std::min<std::size_t>(e, 3); i <= e + 2; ++i) {
    const auto function = m.word(i);
    if (!is_one_of(function, {"tumble", "hop", "cumulate", "session"}) || m.sign(i + 1) != '(')
      continue;
    const bool of_table = m.word(i + 2) == "table" || (m.word(i + 2) == "data" && m.word(i + 4) == "table") ||
                          (i >= 2 && are(m, i - 2, "table ("));
    if (!of_table)
      continue;
    const auto begin = i >= 2 && are(m, i - 2, "table (") ? i - 2 : i;
    if (function == "cumulate")
      return problem{
          m.at(begin),
          "CUMULATE is not offered; FROM tumble(t, '1 day') in a view with emit = 'updates' and every = "
          "'1 minute' gives the rows so far"};
    std::string table = "t";
    std::vector<std::string> sizes;
    const auto end = m.behind(i + 1);
    for (auto k = i + 2; k < end;) {
      if (m.word(k) == "table" && m.is_name(k + 1))
        table = shown(m, k + 1);
      const auto before = k;
      if (auto d = duration(m, k); !d.empty())
        sizes.push_back(std::move(d));
      if (k == before)
        ++k;
    }
    return problem{
        m.at(begin),
        fmt::format("a window is a function in FROM: FROM {}; the times of its rows are the table's option "
                    "event_time",
                    call_of(function, table, sizes))};
  }
  return std::nullopt;
}

/// WINDOW TUMBLING (SIZE 5 MINUTES), HOPPING (SIZE ..., ADVANCE BY ...), SESSION (...) of ksqlDB.
maybe_problem window_clause(const mistaken& m) {
  const auto e = m.error();
  for (auto i = e - std::min<std::size_t>(e, 2); i <= e; ++i) {
    const auto kind = m.word(i + 1);
    if (m.word(i) != "window" || !is_one_of(kind, {"tumbling", "hopping", "session"}) || m.sign(i + 2) != '(')
      continue;
    std::string size = "5 minutes";
    std::string slide = "1 minute";
    const auto end = m.behind(i + 2);
    for (auto k = i + 3; k < end; ++k) {
      auto behind = k;
      const auto d = duration(m, behind);
      if (d.empty() || m.word(k - 1) == "period" || m.word(k - 1) == "retention")
        continue;
      (m.word(k - 1) == "by" ? slide : size) = d;
    }
    const auto sizes = kind == "hopping" ? std::vector{slide, size} : std::vector{size};
    return problem{
        m.at(i),
        fmt::format(
            "a window is a function in FROM: FROM {} ... GROUP BY window_start, window_end and the keys",
            call_of(kind, "t", sizes))};
  }
  return std::nullopt;
}

/// The table in FROM of the SELECT that the place is in; `other` where it says none.
std::string table_of_query(const mistaken& m, std::size_t at, std::string other) {
  const auto inside = m.open().empty() ? 0 : m.open().back() + 1;
  int depth = 0;
  std::string found;
  for (auto i = inside; i < m.size() && depth >= 0; ++i) {
    depth += m.sign(i) == '(' ? 1 : m.sign(i) == ')' ? -1 : 0;
    if (depth != 0 || m.word(i) != "from" || !m.is_name(i + 1) || m.sign(i + 2) == '(')
      continue;
    if (found.empty() || i < at)
      found = shown(m, i + 1);
  }
  return found.empty() ? std::move(other) : found;
}

/// The durations of window(ts, '1 minute', '10 seconds') of Spark as hop and tumble have them: the slide stands behind the size there.
std::vector<std::string> sizes_of_call(const mistaken& m, std::size_t i) {
  std::vector<std::string> out;
  const auto end = m.behind(i + 1);
  for (auto k = i + 2; k < end; ++k)
    if (m.is_text(k) && out.size() < 2)
      out.push_back(data::excerpt(m.inner(k), 40));
  std::ranges::reverse(out);
  return out;
}

/// GROUP BY window(ts, '1 minute', '10 seconds') of Spark: WINDOW is a word of PostgreSQL's grammar.
maybe_problem window_call(const mistaken& m) {
  const auto e = m.error();
  if (m.word(e) != "window")
    return std::nullopt;
  for (auto i = e; i < m.size(); ++i) {
    if (!are(m, i, "window ("))
      continue;
    const auto sizes = sizes_of_call(m, i);
    if (sizes.empty())
      return std::nullopt;
    return problem{
        m.at(e), fmt::format("a window is a function in FROM: FROM {} ... GROUP BY window_start, "
                             "window_end and the keys; the times of its rows are the table's "
                             "option event_time",
                             call_of(sizes.size() > 1 ? "hop" : "tumble", table_of_query(m, e, "t"), sizes))};
  }
  return std::nullopt;
}

/// SELECT window, ... GROUP BY window of Spark, whose column holds both bounds. WINDOW w AS (...) stands behind no comma.
maybe_problem window_column(const mistaken& m) {
  const auto e = m.error();
  for (auto i = e - std::min<std::size_t>(e, 1); i <= e; ++i) {
    if (m.word(i) != "window" || i == 0 || m.sign(i + 1) == '(' ||
        (m.sign(i - 1) != ',' && m.sign(i - 1) != '(' && !is_one_of(m.word(i - 1), {"select", "by"})))
      continue;
    bool groups = false;
    std::vector<std::string> sizes;
    for (std::size_t k = 0; k < m.size(); ++k) {
      groups = groups || are(m, k, "group by");
      if (sizes.empty() && are(m, k, "window ("))
        sizes = sizes_of_call(m, k);
    }
    if (!groups)
      return problem{m.at(i), "a column that is called as this word stands in double quotes: \"window\""};
    if (sizes.empty())
      sizes.emplace_back("5 minutes");
    return problem{
        m.at(i),
        fmt::format("a window has two columns, window_start and window_end: SELECT window_start, window_end, "
                    "... FROM {} GROUP BY window_start, window_end",
                    call_of(sizes.size() > 1 ? "hop" : "tumble", table_of_query(m, e, "t"), sizes))};
  }
  return std::nullopt;
}

/// QUALIFY row_number() OVER (PARTITION BY key ORDER BY ts) <= n.
maybe_problem qualify(const mistaken& m) {
  const auto e = m.error();
  for (auto i = e - std::min<std::size_t>(e, 2); i <= e; ++i) {
    if (m.word(i) != "qualify")
      continue;
    std::string keys;
    bool windows = false;
    bool last = false;
    for (auto k = i; k < m.size(); ++k) {
      if (are(m, k, "partition by"))
        for (auto n = k + 2; n < m.size() && m.word(n) != "order" && m.sign(n) != ')'; ++n) {
          windows = windows || is_one_of(m.word(n), {"window_start", "window_end"});
          keys += m.sign(n) == ',' ? ", " : m.is_name(n) ? shown(m, n) : std::string(m.source(n));
        }
      last = last || m.word(k) == "desc";
    }
    const auto table = table_of_query(m, i, "counts");
    if (keys.empty() || windows)
      return problem{m.at(i),
                     fmt::format("QUALIFY is a condition around the query of a sink: CREATE TABLE s WITH "
                                 "(connector = ...) AS SELECT * FROM (SELECT *, row_number() OVER (PARTITION "
                                 "BY window_start, window_end ORDER BY ...) AS rank FROM {}) t WHERE rank <= "
                                 "10",
                                 table)};
    return problem{m.at(i),
                   last ? fmt::format("the last row of each key is not offered, since another may always "
                                      "follow; last(column) of a window gives it: SELECT {0}, last(column) "
                                      "FROM tumble({1}, '5 minutes') GROUP BY window_start, window_end, {0}",
                                      keys, table)
                        : fmt::format("the first row of each key is SELECT DISTINCT ON ({}) * FROM {}, of a "
                                      "view WITH (ttl = '1 hour')",
                                      keys, table)};
  }
  return std::nullopt;
}

/// TUMBLE_START(ts, INTERVAL '5' MINUTES) and its like.
maybe_problem window_bound(const mistaken& m) {
  for (const auto open : m.open()) {
    if (open == 0)
      continue;
    const auto f = m.word(open - 1);
    const bool start = is_one_of(f, {"tumble_start", "hop_start", "session_start", "windowstart"});
    if (start || is_one_of(f, {"tumble_end", "hop_end", "session_end", "tumble_rowtime", "hop_rowtime",
                               "session_rowtime"}))
      return problem{m.at(open - 1), fmt::format("{} is the column {} here, of FROM tumble(t, '5 minutes')",
                                                 shown(m, open - 1), start ? "window_start" : "window_end")};
  }
  return std::nullopt;
}

/// Told by the word before the parentheses around the place: MATCH_RECOGNIZE (PARTITION BY ...), TRY_CAST(x AS type).
maybe_problem word_around(const mistaken& m) {
  for (const auto open : m.open()) {
    const auto word = open == 0 ? std::string_view() : m.word(open - 1);
    if (word == "match_recognize")
      return problem{m.at(open - 1), std::string(no_match_recognize)};
    if (is_one_of(word, {"try_cast", "safe_cast"}))
      return problem{m.at(open - 1),
                     "write CAST(x AS type) or x::type; a row for which it fails is a dead letter"};
  }
  return std::nullopt;
}

/// JOIN b WITHIN 1 HOUR ON a.k = b.k of ksqlDB, also WITHIN (2 HOURS, 1 HOUR).
maybe_problem within(const mistaken& m) {
  const auto e = m.error();
  for (auto i = e - std::min<std::size_t>(e, 2); i <= e; ++i) {
    if (m.word(i) != "within" || m.word(i + 1) == "group" || (m.sign(i + 1) != '(' && e > i + 1))
      continue;
    auto k = m.sign(i + 1) == '(' ? i + 2 : i + 1;
    auto before = duration(m, k);
    if (before.empty())
      before = "1 hour";
    auto after = before;
    if (m.sign(k) == ',')
      if (auto d = duration(m, ++k); !d.empty())
        after = std::move(d);
    return problem{
        m.at(i),
        fmt::format(
            "the bounds of a join in time stand in ON: ON a.key = b.key AND b.at BETWEEN a.at - interval "
            "'{}' AND a.at + interval '{}'",
            before, after)};
  }
  return std::nullopt;
}

/// JOIN rates FOR SYSTEM_TIME AS OF o.ts, also VERSION AS OF, TIMESTAMP AS OF.
maybe_problem as_of(const mistaken& m) {
  const auto e = m.error();
  for (auto i = e - std::min<std::size_t>(e, 2); i <= e; ++i) {
    const bool system_time = are(m, i, "for system_time");
    if (!system_time && !are(m, i, "version as of") && !are(m, i, "timestamp as of"))
      continue;
    const std::string table = i > 0 && m.is_name(i - 1) ? shown(m, i - 1) : "rates";
    std::string time = "s.at";
    std::string left = "s";
    std::string right = "r";
    if (const auto k = i + 4; system_time && m.is_name(k)) {
      auto behind = k + 1;
      time = shown(m, k);
      if (m.sign(behind) == '.')
        left = time;
      for (; m.sign(behind) == '.' && m.is_name(behind + 1); behind += 2)
        time += "." + shown(m, behind + 1);
      if (m.word(k) == "proctime" || m.word(behind - 1) == "proctime")
        time = left + ".at";
      if (m.word(behind) == "as" && m.is_name(behind + 1))
        right = shown(m, behind + 1);
      else if (m.is_name(behind) && m.word(behind) != "on" && m.word(behind) != "using")
        right = shown(m, behind);
    }
    return problem{
        m.at(i),
        fmt::format(
            "the version of a row as of a time is a function in FROM: JOIN as_of({0}, {1}) AS {3} ON {3}.key "
            "= {2}.key",
            table, time, left, right)};
  }
  return std::nullopt;
}

/// WATERMARK FOR ts AS ts - INTERVAL '5' SECOND.
maybe_problem watermark(const mistaken& m) {
  const auto e = m.error();
  for (auto i = e - std::min<std::size_t>(e, 3); i <= e; ++i) {
    if (!are(m, i, "watermark for"))
      continue;
    const std::string column = m.is_name(i + 2) ? shown(m, i + 2) : "ts";
    std::string delay = "0 s";
    int depth = 0;
    for (auto k = i + 3; k < m.size() && depth >= 0 && !(depth == 0 && m.sign(k) == ','); ++k) {
      depth += m.sign(k) == '(' ? 1 : m.sign(k) == ')' ? -1 : 0;
      auto behind = k;
      if (auto d = duration(m, behind); m.word(k) == "interval" && !d.empty())
        delay = std::move(d);
    }
    return problem{
        m.at(i),
        fmt::format(
            "the event time of a table is an option: WITH (event_time = '{}', watermark_delay = '{}')",
            column, delay)};
  }
  return std::nullopt;
}

}  // namespace

std::span<const foreign_rule> time_rules() {
  static constexpr foreign_rule all[] = {watermark,     window_function, window_clause, window_call,
                                         window_column, qualify,         window_bound,  word_around,
                                         within,        as_of,           bare_interval};
  return all;
}

}  // namespace millrace::sql
