#include "tools/remote/tables.hpp"

#include "actors/api/trouble_line.hpp"
#include "runtime/base/visible_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::remote {
namespace {

constexpr std::size_t between_columns = 2;

/// Counts characters of UTF-8, as a terminal shows most of them.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void add_line(std::string& out, const std::vector<std::string>& cells,
              const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i)
    line += cells[i] + std::string(widths[i] - width_of(cells[i]) + between_columns, ' ');
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + '\n';
}

}  // namespace

std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < head.size(); ++i) {
    widths.push_back(width_of(head[i]));
    for (const auto& row : rows)
      widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  add_line(out, head, widths);
  for (const auto& row : rows)
    add_line(out, row, widths);
  return out;
}

std::string since_text(const api::answers::topology& t) {
  const auto since = since_of(t);
  return since.at == no_watermark ? std::string() : api::second_text(since);
}

std::string table_of(const api::answers::topologies& t) {
  auto all = t.all;
  running_first(all);
  const bool have_titles = std::ranges::any_of(all, [](const auto& one) { return !one.title.empty(); });
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : all) {
    rows.push_back({visible(one.name), std::string(word_of(one)), since_text(one), visible(one.reason)});
    if (have_titles)
      rows.back().insert(rows.back().begin() + 1, visible(one.title));
  }
  if (rows.empty())
    return "no topologies\n";
  return have_titles ? table({"TOPOLOGY", "TITLE", "STATE", "SINCE", "REASON"}, rows)
                     : table({"TOPOLOGY", "STATE", "SINCE", "REASON"}, rows);
}

std::vector<std::string> cells_of(const observe::event& e) {
  auto text = visible(e.text);
  if (!e.through.empty())
    text += fmt::format(" (asked for through the API of {})", visible(e.through));
  return {api::second_text(e.at), std::string(cluster::words_of(e.kind)[static_cast<std::size_t>(e.kind)]),
          std::move(text)};
}

std::string table_of(const std::vector<observe::event>& all) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& e : all)
    rows.push_back(cells_of(e));
  return rows.empty() ? "no events\n" : table({"TIME", "KIND", "EVENT"}, rows);
}

std::string table_of(const api::answers::nodes& n) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : n.all) {
    std::set<std::string> topologies;
    for (const auto& actor : one.actors)
      topologies.insert(visible(actor.substr(0, actor.find('/'))));
    std::string names;
    for (const auto& name : topologies)
      names += (names.empty() ? "" : ", ") + name;
    rows.push_back({visible(one.name), std::string(to_string(one.state)),
                    one.is_coordinator ? "coordinator" : "", std::to_string(one.session),
                    std::to_string(one.actors.size()), names});
  }
  return table({"NODE", "STATE", "ROLE", "SESSION", "ACTORS", "TOPOLOGIES"}, rows);
}

}  // namespace millrace::remote
