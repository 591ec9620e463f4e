#include "config/plan/graph.hpp"

#include "config/plan/parser_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace millrace::config {
namespace {

input_ref parse_reference(const std::string& text) {
  for (const auto& late :
       {input_ref{{}, true}, input_ref{{}, true, side::left}, input_ref{{}, true, side::right}})
    if (const auto suffix = name_of(late); text.size() > suffix.size() && text.ends_with(suffix))
      return {text.substr(0, text.size() - suffix.size()), true, late.late_side};
  return {text};
}

class connector_of_stages {
public:
  connector_of_stages(drafts& all, report& out) : all_(all), out_(out) {
    for (const auto& d : all)
      names_.push_back(d.built.name);
  }

  void read_from(draft& d) {
    if (!d.body->is_map())
      return;
    read_from(d, side::left);
    if (d.built.kind == stage_kind::join)
      read_from(d, side::right);
  }

private:
  void read_from(draft& d, side to) {
    const auto option = d.input_option(to);
    const auto* const from = d.member_of(option);
    if (from == nullptr)
      return;
    if (from->is_text())
      add(d, *from, to);
    for (const auto& item : from->items)
      if (item.is_text())
        add(d, item, to);
    if (from->what == node::kind::list && from->items.empty())
      d.fail(out_, option, "the list is empty; expected at least one stage");
  }

  void add(draft& d, const node& n, side to) {
    auto ref = parse_reference(n.text);
    ref.to = to;
    const auto path = join(d.path, d.input_option(to));
    const auto say = [&](std::string message) {
      out_.error(n.where, path, std::move(message));
      d.broken = true;
    };
    const auto at = std::find(names_.begin(), names_.end(), ref.stage);
    if (at == names_.end() && out_.is_unreadable(ref.stage)) {
      d.broken = true;
      return;
    }
    if (at == names_.end() && ref.stage.find(',') != std::string::npos)
      return say(fmt::format("there is no stage {}; expected one of {}, or a list of them: [\"a\", \"b\"]",
                             describe(n), one_of_readable(d)));
    if (at == names_.end())
      return say(fmt::format("there is no stage {}; expected {}{}", describe(n), one_of_readable(d),
                             did_you_mean(ref.stage, readable(d))));
    const auto index = static_cast<std::size_t>(at - names_.begin());
    const auto& other = all_[index];
    const auto known = !other.what.empty();  // its kind is settled
    const auto is = [&](stage_kind k) { return known && other.built.kind == k; };
    if (is(stage_kind::sink))
      return say(
          fmt::format("{} is a sink, nobody can read from it; expected {}", describe(n), one_of_readable(d)));
    if (d.built.kind == stage_kind::parser && known && !is(stage_kind::source))
      return say(fmt::format("{} is a {}; expected a source (a parser reads raw records)", describe(n),
                             to_string(other.built.kind)));
    if (d.built.kind != stage_kind::parser && is(stage_kind::source))
      return say(
          fmt::format("{} is a source and gives raw records; expected a stage that gives rows (put a parser "
                      "between)",
                      describe(n)));
    if (ref.late && known && !has_shards(other.built.kind))
      return say(fmt::format("\"{}\" is a {}, which has no late rows; expected a window before \".late\"",
                             ref.stage, to_string(other.built.kind)));
    if (ref.late && known && is(stage_kind::join) != ref.late_side.has_value())
      return say(is(stage_kind::join)
                     ? fmt::format("\"{0}\" is a join, which has late rows of either side; expected "
                                   "\"{0}.late_left\" or \"{0}.late_right\"",
                                   ref.stage)
                     : fmt::format("\"{0}\" is a {1}, which has one input; expected \"{0}.late\"", ref.stage,
                                   to_string(other.built.kind)));
    if (&other == &d && d.built.kind == stage_kind::join)
      return say(fmt::format("{} is this join itself; expected stages upstream of it", describe(n)));
    if (ref.late && d.built.kind == stage_kind::join)
      return say(
          fmt::format("{} are late rows, which no join takes: the other side has gone past their time; "
                      "expected rows of a stage",
                      describe(n)));
    for (std::size_t i = 0; i < d.reads.size(); ++i)
      if (const auto& known_ref = d.built.from[i]; d.reads[i] == index && known_ref.late == ref.late &&
                                                   known_ref.late_side == ref.late_side && known_ref.to == to)
        return say(fmt::format("{} is here a second time; expected each stage once", describe(n)));
    d.reads.push_back(index);
    d.built.from.push_back(std::move(ref));
  }

  [[nodiscard]] std::vector<std::string> readable(const draft& d) const {
    std::vector<std::string> out;
    for (const auto& other : all_)
      if (&other != &d && !other.what.empty() &&
          (d.built.kind == stage_kind::parser
               ? other.built.kind == stage_kind::source
               : other.built.kind != stage_kind::source && other.built.kind != stage_kind::sink))
        out.push_back(other.built.name);
    return out;
  }
  [[nodiscard]] std::string one_of_readable(const draft& d) const {
    const auto names = readable(d);
    return !names.empty() ? one_of(names) : d.built.kind == stage_kind::parser ? "a source" : "a parser";
  }

  drafts& all_;
  report& out_;
  std::vector<std::string> names_;
};

/// The stages of a ring that goes through `start`, in the order of reading; empty if there is none.
std::vector<std::size_t> ring_through(const drafts& all, std::size_t start) {
  std::vector<std::size_t> parent(all.size(), all.size());
  std::vector<std::size_t> open{start};
  std::vector<bool> seen(all.size(), false);
  while (!open.empty()) {
    const auto at = open.back();
    open.pop_back();
    for (const auto next : all[at].reads) {
      if (next == start) {
        std::vector<std::size_t> ring;
        for (auto i = at; i != start; i = parent[i])
          ring.push_back(i);
        ring.push_back(start);
        std::reverse(ring.begin(), ring.end());
        return ring;
      }
      if (!seen[next]) {
        seen[next] = true;
        parent[next] = at;
        open.push_back(next);
      }
    }
  }
  return {};
}

void report_rings(drafts& all, report& out) {
  std::set<std::size_t> told;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (told.contains(i))
      continue;
    const auto ring = ring_through(all, i);
    if (ring.empty())
      continue;
    std::string text;
    for (const auto s : ring)
      text += fmt::format("\"{}\" reads from ", all[s].built.name);
    all[i].fail(
        out, all[i].input_option(),
        fmt::format("{}\"{}\": stages form a ring; expected rows to flow one way", text, all[i].built.name));
    for (const auto s : ring) {
      told.insert(s);
      all[s].broken = true;
    }
  }
}

}  // namespace

void connect(drafts& all, report& out) {
  connector_of_stages c(all, out);
  for (auto& d : all)
    c.read_from(d);
  report_rings(all, out);
}

void warn_of_unread(const drafts& all, report& out) {
  std::set<std::size_t> read;
  for (const auto& d : all)
    for (const auto s : d.reads)
      read.insert(s);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!all[i].broken && all[i].built.kind != stage_kind::sink && !read.contains(i))
      out.warning(all[i].built.where, all[i].path,
                  "nobody reads from this stage; expected a sink downstream of it");
}

std::vector<std::size_t> order_of(const drafts& all) {
  std::vector<std::size_t> out;
  std::vector<bool> placed(all.size(), false);
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t i = 0; i < all.size() && !moved; ++i) {
      if (placed[i] ||
          !std::all_of(all[i].reads.begin(), all[i].reads.end(), [&](std::size_t r) { return placed[r]; }))
        continue;
      placed[i] = moved = true;
      out.push_back(i);
    }
  }
  return out;
}

namespace {

bool is_timed_select(const draft& d) {
  return d.built.kind == stage_kind::transform && d.built.type == "select" &&
         d.member_of("event_time") != nullptr;
}

}  // namespace

void mark_before_windows(drafts& all) {
  for (auto& d : all)
    d.before_window = is_timed_select(d);
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto& d : all)
      for (std::size_t i = 0; i < d.reads.size(); ++i) {
        auto& above = all[d.reads[i]];
        // Late rows do not go through the columns of the window that they are late for.
        if ((has_shards(d.built.kind) || d.before_window) && !d.built.from[i].late && !above.before_window)
          above.before_window = moved = true;
      }
  }
}

std::vector<std::size_t> parsers_above(const drafts& all, const draft& d) {
  std::vector<std::size_t> out;
  for (const auto i : d.reads) {
    if (all[i].built.kind == stage_kind::parser)
      out.push_back(i);
    else if (all[i].built.kind == stage_kind::transform)
      std::ranges::copy(parsers_above(all, all[i]), std::back_inserter(out));
  }
  return out;
}

namespace {

bool gives_columns_alone(const draft& d) {
  const auto* const columns = d.built.kind == stage_kind::transform ? d.member_of("columns") : nullptr;
  return columns != nullptr && columns->is_map();
}

/// Says of each stage whether its rows have _event_time.
std::vector<bool> with_computed_time(const drafts& all, const std::vector<std::size_t>& order) {
  std::vector<bool> out(all.size(), false);
  for (const auto i : order) {
    const auto& d = all[i];
    if (d.built.kind == stage_kind::parser)
      out[i] = computes_event_time(d);
    else if (d.built.kind == stage_kind::transform)
      out[i] = !d.leaves_time_out && std::ranges::any_of(d.reads, [&](std::size_t r) { return out[r]; });
  }
  return out;
}

}  // namespace

void mark_left_out_times(drafts& all) {
  const auto order = order_of(all);
  for (bool moved = true; moved;) {
    moved = false;
    const auto has = with_computed_time(all, order);
    for (const auto& d : all)
      for (std::size_t i = 0; i < d.reads.size(); ++i) {
        const auto& own = d.built.from[i];
        auto& from = all[d.reads[i]];
        bool united = false;
        for (std::size_t j = 0; j < d.reads.size(); ++j)
          united = united || (d.built.from[j].to == own.to && !has[d.reads[j]]);
        if (united && has[d.reads[i]] && !from.leaves_time_out && gives_columns_alone(from))
          from.leaves_time_out = moved = true;
      }
  }
}

void mark_timed_selects(drafts& all) {
  for (const auto i : order_of(all)) {
    if (!is_timed_select(all[i]))
      continue;
    for (const auto p : parsers_above(all, all[i]))
      if (auto& known = all[p].timed_selects; known.empty() || known.back() != i)
        known.push_back(i);
  }
}

}  // namespace millrace::config
