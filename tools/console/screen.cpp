#include "tools/console/screen.hpp"

#include "tools/remote/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace millrace::console {
namespace {

struct named_view {
  view which;
  std::string_view name;
  bool is_of_topology;
};
/// The views in the order of their digits.
constexpr auto views = std::to_array<named_view>({{view::topologies, "topologies", false},
                                                  {view::nodes, "nodes", false},
                                                  {view::stages, "stages", true},
                                                  {view::lanes, "lanes", true},
                                                  {view::shards, "shards", true},
                                                  {view::sinks, "sinks", true},
                                                  {view::ledger, "ledger", true},
                                                  {view::letters, "dead letters", true},
                                                  {view::edges, "edges", true},
                                                  {view::events, "events", false}});
/// Rows of a tap; older ones go.
constexpr std::size_t most_tapped = 200;

bool is_inner(view v) { return v == view::stage || v == view::tap || v == view::help; }

const named_view* find_view(view v) {
  const auto* const at = std::ranges::find(views, v, &named_view::which);
  return at == views.end() ? nullptr : at;
}

constexpr std::array<std::string_view, 15> help_lines{
    "1 topologies  2 nodes  3 stages  4 lanes  5 shards  6 sinks  7 ledger",
    "8 dead letters  9 edges, and behind Enter rows as they pass  0 events",
    "(dead letters, rows and events need the token)",
    "",
    "Tab, Shift-Tab      the next view, the one before",
    "Up, Down, j, k      move; PgUp, PgDn, Home, End",
    "Enter               into a topology or a stage: why it gives no rows, lanes, shards, commits",
    "Esc, Backspace      back",
    "/                   show only rows with this text; Esc ends that",
    "s                   sort by the next column; numbers from the greatest",
    "Space               hold the picture; Space again goes on",
    "?                   this page",
    "q                   the end",
    "",
    "millrace console -e COMMAND prints an answer once, for scripts."};

std::optional<double> number_in(std::string_view text) {
  double out = 0;
  const auto* const end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data(), end, out);
  if (failed != std::errc())
    return std::nullopt;
  // "3.1 GB", "2 bytes": figures with their units.
  const std::string_view unit(at, static_cast<std::size_t>(end - at));
  if (unit == " kB")
    return out * 1e3;
  if (unit == " MB")
    return out * 1e6;
  if (unit == " GB")
    return out * 1e9;
  return unit.empty() || unit == " bytes" || unit == "/s" || unit == " s" ? std::optional(out) : std::nullopt;
}

}  // namespace

bool comes_before(std::string_view a, std::string_view b) {
  const auto x = number_in(a);
  const auto y = number_in(b);
  if (x && y)
    return *x > *y;
  if (x || y)
    return x.has_value();
  return a < b;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  width = std::max<std::size_t>(width, 1);
  std::vector<std::string> out;
  do {
    std::size_t end = 0, characters = 0, blank = 0;
    while (end < text.size() && characters < width) {
      if (text[end] == ' ' && end != 0)
        blank = end;
      do
        ++end;
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U);
      ++characters;
    }
    if (end < text.size() && text[end] != ' ' && blank != 0)
      end = blank;
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    if (text.starts_with(' '))
      text.remove_prefix(1);
  } while (!text.empty());
  return out;
}

void screen::show(view v) {
  if (v != view_) {
    selected_ = top_ = 0;
    sorted_by_.reset();
  }
  view_ = v;
  content_ = {};
  has_content_ = false;
  trouble_.clear();
  is_held_ = false;
  ++question_;
}

void screen::choose(const std::string& topology) {
  if (topology_.empty())
    topology_ = topology;
}

void screen::go_back() {
  if (!filter_.empty()) {
    filter_.clear();
    return;
  }
  if (is_inner(view_))
    return show(before_);
  if (view_ != view::topologies)
    show(view::topologies);
}

void screen::enter() {
  const auto all = rows();
  if (selected_ >= all.size())
    return;
  const auto& first = all[selected_]->front();
  if (view_ == view::topologies) {
    topology_ = first;
    filter_.clear();
    return show(view::stages);
  }
  // "counts/3" is of the stage counts; lanes are their parser's.
  if (view_ == view::nodes || view_ == view::letters || view_ == view::events || is_inner(view_))
    return;
  before_ = view_;
  if (view_ == view::edges) {
    stage_ = fmt::format("{}->{}", first, (*all[selected_])[1]);
    filter_.clear();
    return show(view::tap);
  }
  stage_ = first.substr(0, first.find('/'));
  filter_.clear();
  show(view::stage);
}

void screen::sort() {
  if (content_.table.head.empty())
    return;
  sorted_by_ = sorted_by_ ? *sorted_by_ + 1 : 0;
  if (*sorted_by_ >= content_.table.head.size())
    sorted_by_.reset();
}

void screen::on_key(key k, char letter) {
  if (is_filtering_) {
    if (k == key::enter)
      is_filtering_ = false;
    else if (k == key::back && letter != '\0' && !filter_.empty())  // Backspace
      filter_.pop_back();
    else if (k == key::back) {
      is_filtering_ = false;
      filter_.clear();
    } else if (k == key::other && static_cast<unsigned char>(letter) >= ' ') {
      filter_ += letter;
    }
    selected_ = top_ = 0;
    return;
  }
  const auto count = rows().size();
  const auto last = count == 0 ? 0 : count - 1;
  switch (k) {
  case key::up:
    selected_ -= selected_ != 0 ? 1 : 0;
    return;
  case key::down:
    selected_ = std::min(selected_ + 1, last);
    return;
  case key::page_up:
    selected_ -= std::min(selected_, page_);
    return;
  case key::page_down:
    selected_ = std::min(selected_ + page_, last);
    return;
  case key::first:
    selected_ = 0;
    return;
  case key::last:
    selected_ = last;
    return;
  case key::enter:
    return enter();
  case key::back:
    return go_back();
  case key::next_view:
  case key::last_view: {
    const auto* const now = find_view(view_);
    const auto at = now == nullptr ? 0 : static_cast<std::size_t>(now - views.data());
    const auto step = k == key::next_view ? 1 : views.size() - 1;
    return show(views[(at + step) % views.size()].which);
  }
  case key::other:
    break;
  }
  if (letter >= '0' && letter <= '9')
    return show(views[static_cast<std::size_t>(letter == '0' ? 9 : letter - '1')].which);
  if (letter == 'q')
    is_over_ = true;
  else if (letter == ' ')
    is_held_ = !is_held_;
  else if (letter == '/')
    is_filtering_ = true;
  else if (letter == 's')
    sort();
  else if (letter == 'j')
    on_key(key::down);
  else if (letter == 'k')
    on_key(key::up);
  else if (letter == '?' && view_ != view::help) {
    before_ = is_inner(view_) ? before_ : view_;
    show(view::help);
  }
}

void screen::on_answer(std::uint64_t question, content c, std::string time) {
  if (question != question_)
    return;
  trouble_.clear();
  if (is_held_)
    return;
  if (view_ == view::tap) {  // the newest rows first, earlier ones after them
    auto& rows = c.table.rows;
    rows.insert(rows.end(), content_.table.rows.begin(), content_.table.rows.end());
    rows.resize(std::min(rows.size(), most_tapped));
  }
  content_ = std::move(c);
  has_content_ = true;
  time_ = std::move(time);
}

void screen::on_trouble(std::uint64_t question, std::string why) {
  if (question == question_)
    trouble_ = std::move(why);
}

std::vector<const std::vector<std::string>*> screen::rows() const {
  std::vector<const std::vector<std::string>*> out;
  for (const auto& row : content_.table.rows)
    if (filter_.empty() || std::ranges::any_of(row, [&](const std::string& cell) {
          return cell.find(filter_) != std::string::npos;
        }))
      out.push_back(&row);
  if (sorted_by_)
    std::ranges::stable_sort(out, [&](const auto* a, const auto* b) {
      return comes_before((*a)[*sorted_by_], (*b)[*sorted_by_]);
    });
  return out;
}

/// A topology, a node or a stage that is not as it should be.
bool screen::is_wrong(const std::vector<std::string>& row) const {
  constexpr auto wrong =
      std::to_array<std::string_view>({"degraded", "failed", "silent", "flapping", "away", "stalled"});
  const auto& head = content_.table.head;
  const auto at = static_cast<std::size_t>(std::ranges::find(head, "STATE") - head.begin());
  return at < row.size() && std::ranges::find(wrong, row[at]) != wrong.end();
}

std::string screen::title() const {
  const auto* const now = find_view(view_);
  std::string out = "millrace  ";
  if (view_ == view::stage || view_ == view::tap)
    out += fmt::format("{} / {}", topology_, stage_);
  else if (view_ == view::help)
    out += "help";
  else
    out += now->is_of_topology ? fmt::format("{} / {}", topology_.empty() ? "?" : topology_, now->name)
                               : std::string(now->name);
  if (is_held_)
    out += "  HELD";
  else if (!time_.empty() && view_ != view::help)
    out += "  as of " + time_;
  return out;
}

std::vector<line> screen::picture(std::size_t height, std::size_t width) {
  using look = line::look;
  std::vector<line> out{{look::title, title()}};
  if (!trouble_.empty())
    for (auto& text : wrapped(trouble_, width))
      out.push_back({look::trouble, std::move(text)});
  const auto footer =
      is_filtering_ || !filter_.empty()
          ? fmt::format("/{}{}", filter_, is_filtering_ ? "_" : "  (Esc shows all)")
          : std::string("1-9 views  Enter into  Esc back  / filter  s sort  Space hold  ? help  q end");
  if (view_ == view::help) {
    for (const auto text : help_lines)
      out.push_back({look::plain, std::string(text)});
  } else if (!has_content_) {
    out.push_back({look::dim, trouble_.empty() ? "asking" : ""});
  }
  for (const auto& text : content_.lines)
    for (auto& part : wrapped(text, width))
      out.push_back({look::plain, std::move(part)});
  const auto all = rows();
  selected_ = std::min(selected_, all.empty() ? 0 : all.size() - 1);
  if (!content_.table.head.empty() && out.size() + 2 < height) {
    auto head = content_.table.head;
    if (sorted_by_)
      head[*sorted_by_] += " *";
    std::vector<std::vector<std::string>> shown;
    for (const auto* row : all)
      shown.push_back(*row);
    const auto drawn = lines_of(remote::table(head, shown));
    out.push_back({look::head, drawn.front()});
    page_ = std::max<std::size_t>(1, height - out.size() - 1);
    top_ = std::min(top_, selected_);
    if (selected_ >= top_ + page_)
      top_ = selected_ - page_ + 1;
    for (auto i = top_; i < all.size() && i < top_ + page_; ++i)
      out.push_back({i == selected_      ? look::selected
                     : is_wrong(*all[i]) ? look::trouble
                                         : look::plain,
                     drawn[i + 1]});
    if (all.empty())
      out.push_back({look::dim, filter_.empty() ? "nothing" : "nothing with this text"});
  }
  if (height == 0)
    return {};
  out.resize(std::max<std::size_t>(1, height - 1));
  if (height > 1)
    out.push_back({look::dim, footer});
  return out;
}

}  // namespace millrace::console
