#include "tools/dry_run/judge.hpp"

#include "actors/deployment/layout.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"
#include "tools/dry_run/typed_value.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace millrace::dry_run {
namespace {

struct found_row {
  const data::batch* batch;
  std::size_t row;
  /// Cells as they were compared before: a row is looked at for each that is expected.
  mutable std::map<std::string, boost::json::value> values{};
};

const data::column* column_of(const found_row& r, const std::string& name) {
  const auto at = r.batch->schema->find(name);
  return at ? r.batch->columns[*at].get() : nullptr;
}

bool matches(const expected_cell& e, const found_row& r) {
  const auto* const c = column_of(r, e.column);
  if (c == nullptr)
    return false;
  if (e.contains)
    return !c->is_null(r.row) && c->text_at(r.row).find(*e.contains) != std::string_view::npos;
  const auto [value, fresh] = r.values.try_emplace(e.column);
  if (fresh)
    value->second = typed_value(*c, r.row);
  return value->second == e.value;
}

std::size_t cells_that_match(const expected_row& e, const found_row& r) {
  return static_cast<std::size_t>(
      std::count_if(e.cells.begin(), e.cells.end(), [&](const auto& c) { return matches(c, r); }));
}

bool matches(const expected_row& e, const found_row& r) {
  return std::all_of(e.cells.begin(), e.cells.end(), [&](const auto& c) { return matches(c, r); });
}

/// Worth a location where nobody has asked for columns: of a dead letter neither its id nor when it was found.
bool is_telling(const data::batch& b, std::size_t column) {
  const auto& name = (*b.schema)[column].name;
  if (b.schema == config::dead_letter_schema())
    return name != "id" && name != "time" && name != "record_base64";
  if (name == config::deletion_column)
    return true;
  return !name.starts_with('_') && b.columns[column];
}

/// The row's columns that the expectation speaks of; all visible ones without an expectation.
std::string text_of(const found_row& r, const expected_row* like) {
  std::string out = "{";
  const auto add = [&](const std::string& name, const data::column& c) {
    out += out.size() > 1 ? "," : "";
    data::append_json_string(out, name);
    out += ':';
    data::append_json_value(out, c, r.row);
  };
  if (like != nullptr) {
    for (const auto& cell : like->cells)
      if (const auto* const c = column_of(r, cell.column))
        add(cell.column, *c);
  } else {
    for (std::size_t i = 0; i < r.batch->schema->size(); ++i)
      if (is_telling(*r.batch, i))
        add((*r.batch->schema)[i].name, *r.batch->columns[i]);
  }
  return out + "}";
}

/// Rows that say little may match several found ones: pairs are made anew until no more can be made.
class pairing {
public:
  pairing(const std::vector<expected_row>& wanted, const std::vector<found_row>& found)
      : wanted_(wanted), found_(found), taken_by_(found.size(), nobody) {
    for (std::size_t w = 0; w < wanted.size(); ++w) {
      seen_.assign(found.size(), false);
      if (!pair(w))
        missing_.push_back(w);
    }
  }

  [[nodiscard]] const std::vector<std::size_t>& missing() const { return missing_; }
  [[nodiscard]] std::vector<std::size_t> unexpected() const {
    std::vector<std::size_t> out;
    for (std::size_t f = 0; f < found_.size(); ++f)
      if (taken_by_[f] == nobody)
        out.push_back(f);
    return out;
  }

private:
  static constexpr std::size_t nobody = static_cast<std::size_t>(-1);

  bool pair(std::size_t w) {
    for (std::size_t f = 0; f < found_.size(); ++f) {
      if (seen_[f] || !matches(wanted_[w], found_[f]))
        continue;
      seen_[f] = true;
      if (taken_by_[f] == nobody || pair(taken_by_[f])) {
        taken_by_[f] = w;
        return true;
      }
    }
    return false;
  }

  const std::vector<expected_row>& wanted_;
  const std::vector<found_row>& found_;
  std::vector<std::size_t> taken_by_;
  std::vector<bool> seen_;
  std::vector<std::size_t> missing_;
};

std::string rows_text(std::uint64_t n) { return n == 1 ? "1 row" : fmt::format("{} rows", n); }

class comparison {
public:
  comparison(const expectation& e, const stage_rows& got) : e_(e), got_(got) {
    for (const auto& b : got.batches)
      for (std::size_t i = 0; i < b.rows; ++i)
        found_.push_back({&b, i});
  }

  std::vector<std::string> run() {
    if (e_.count && *e_.count != got_.rows)
      lines_.push_back(fmt::format("{}: expected {}, found {}", e_.stage, rows_text(*e_.count), got_.rows));
    if (e_.rows)
      compare();
    return std::move(lines_);
  }

private:
  void compare() {
    const auto& wanted = *e_.rows;
    const pairing pairs(wanted, found_);
    auto unexpected = pairs.unexpected();
    if (pairs.missing().empty() && unexpected.empty())
      return compare_order();
    lines_.push_back(fmt::format("{}: {} expected, {} found; {} missing (-), {} unexpected (+)", e_.stage,
                                 rows_text(wanted.size()), found_.size(), pairs.missing().size(),
                                 unexpected.size()));
    std::size_t shown = 0;
    for (const auto w : pairs.missing()) {
      if (++shown > differences_shown)
        break;
      lines_.push_back("  - " + wanted[w].text);
      if (const auto near = nearest(wanted[w], unexpected); near != unexpected.end()) {
        lines_.push_back("  + " + text_of(found_[*near], &wanted[w]));
        unexpected.erase(near);
      }
    }
    shown = 0;
    for (const auto f : unexpected)
      if (++shown <= differences_shown)
        lines_.push_back("  + " + text_of(found_[f], nullptr));
    const auto most = std::max(pairs.missing().size(), unexpected.size());
    if (most > differences_shown)
      lines_.push_back(fmt::format("  ... {} more", most - differences_shown));
  }

  /// The unexpected row that shares most with a missing one: shown beside it. Something must be shared.
  std::vector<std::size_t>::iterator nearest(const expected_row& wanted, std::vector<std::size_t>& rows) {
    auto best = rows.end();
    std::size_t most = 0;
    for (auto at = rows.begin(); at != rows.end(); ++at)
      if (const auto n = cells_that_match(wanted, found_[*at]); n > most) {
        most = n;
        best = at;
      }
    return best;
  }

  void compare_order() {
    if (!e_.ordered.value_or(got_.ordered))
      return;
    const auto& wanted = *e_.rows;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (!matches(wanted[i], found_[i])) {
        lines_.push_back(fmt::format("{}: the rows are there, but in another order; row {} differs first",
                                     e_.stage, i + 1));
        lines_.push_back("  - " + wanted[i].text);
        lines_.push_back("  + " + text_of(found_[i], &wanted[i]));
        return;
      }
  }

  const expectation& e_;
  const stage_rows& got_;
  std::vector<found_row> found_;
  std::vector<std::string> lines_;
};

/// The windows whose late rows are missing from one of these stages, or stand in it.
std::set<std::string> windows_of(const config::topology& t, const std::vector<std::string>& stages) {
  std::set<std::string> seen;
  std::vector<std::string> next;
  for (const auto& name : stages)
    next.push_back(name.substr(0, name.find('.')));
  while (!next.empty()) {
    const auto* const s = t.find(next.back());
    next.pop_back();
    if (s == nullptr || !seen.insert(s->name).second)
      continue;
    for (const auto& from : s->from)
      next.push_back(from.stage);
  }
  return seen;
}

/// Lines that say which rows were late for one of these windows and are not `held`: expected, and found.
std::vector<std::string> said_of_late(const dry_run& run, const std::set<std::string>& windows,
                                      const std::set<std::string>& held) {
  std::vector<std::string> out;
  for (const auto& l : run.late()) {
    if (!windows.contains(l.window) || held.contains(l.rows_in))
      continue;
    const auto place = l.partition == source::only_partition
                           ? l.source
                           : fmt::format("partition {} of {}", data::excerpt(l.partition), l.source);
    out.push_back(
        fmt::format("{}: {} late, found in {}; {}record {} of {}, whose time is {}, came when the watermark "
                    "was at {}",
                    l.window, l.count == 1 ? "1 row was" : fmt::format("{} rows were", l.count), l.rows_in,
                    l.count == 1 ? "" : "the first: ", l.record, place, format_timestamp(l.time),
                    format_timestamp(l.watermark)));
  }
  for (const auto& [window, records] : run.missed())
    if (windows.contains(window))
      out.push_back(fmt::format("{}: {} after its windows had fired without their partition, which was idle",
                                window,
                                records == 1 ? "1 record came" : fmt::format("{} records came", records)));
  return out;
}

}  // namespace

std::vector<std::string> differences(const expectation& e, const stage_rows& got) {
  return comparison(e, got).run();
}

std::vector<std::string> judge(const config::topology& t, const test_case& c) {
  const auto made = dry_run::make(t, {.partitions = c.partitions, .clock = c.clock});
  if (!made)
    return {describe(made.error())};
  auto& run = **made;
  std::vector<std::string> lines;
  for (const auto& s : c.steps) {
    if (const auto fed = run.feed(s.records); !fed) {
      lines.push_back("the run would end here: " + describe(fed.error()));
      break;
    }
    if (s.advance.count() != 0)
      run.advance(s.advance);
  }
  if (c.end && lines.empty())
    if (const auto ended = run.end(); !ended)
      lines.push_back(describe(ended.error()));
  const auto rows = run.rows();
  std::set<std::string> held;
  std::vector<std::string> failed;
  const auto compare = [&](const expectation& e) {
    const auto got = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.name == e.stage; });
    const auto more = differences(e, *got);
    lines.insert(lines.end(), more.begin(), more.end());
    if (more.empty())
      held.insert(e.stage);
    else
      failed.push_back(e.stage);
  };
  for (const auto& e : c.expect)
    compare(e);
  if (std::none_of(c.expect.begin(), c.expect.end(),
                   [](const auto& e) { return e.stage == deployment::dead_letter_sink; }))
    compare(
        {std::string(deployment::dead_letter_sink), std::vector<expected_row>{}, std::nullopt, std::nullopt});
  for (auto& line : said_of_late(run, windows_of(t, failed), held))
    lines.push_back(std::move(line));
  return lines;
}

}  // namespace millrace::dry_run
