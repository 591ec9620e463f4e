#include "actors/connectors/file/source/generation_list.hpp"

#include "runtime/base/scan.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace millrace::source {
namespace {

constexpr std::string_view line_begin = "generation ";

}  // namespace

const generation* generation_list::find(std::int64_t number) const {
  if (all_.empty() || number < all_.front().number || number > all_.back().number)
    return nullptr;
  return &all_[static_cast<std::size_t>(number - all_.front().number)];
}

generation* generation_list::find(std::int64_t number) {
  return const_cast<generation*>(std::as_const(*this).find(number));
}

void generation_list::add(generation g) {
  if (!g.to)
    open_[g.file] = g.number;
  ++counts_[g.file];
  all_.push_back(g);
}

generation& generation_list::add(std::int64_t file, std::uint64_t from) {
  add({.number = all_.empty() ? 0 : all_.back().number + 1, .file = file, .from = from, .read_to = from});
  return all_.back();
}

void generation_list::end(generation& g, std::uint64_t to) {
  g.to = to;
  open_.erase(g.file);
}

bool generation_list::forget_below(std::int64_t number) {
  bool any = false;
  for (; all_.size() > 1 && all_.front().number < number; any = true) {
    const auto& g = all_.front();
    if (const auto open = open_.find(g.file); open != open_.end() && open->second == g.number)
      open_.erase(open);
    if (--counts_[g.file] == 0)
      counts_.erase(g.file);
    all_.pop_front();
  }
  return any;
}

std::string generation_list::text() const {
  std::string out;
  for (const auto& g : all_) {
    fmt::format_to(std::back_inserter(out), "{}{} {} {} ", line_begin, g.number, g.file, g.from);
    out += g.to ? fmt::format("{}\n", *g.to) : std::string("-\n");
  }
  return out;
}

bool generation_list::is_line(std::string_view line) { return line.starts_with(line_begin); }

bool generation_list::is_text(std::string_view identity) {
  while (!identity.empty())
    if (is_line(millrace::take_line(identity)))
      return true;
  return false;
}

bool generation_list::take_line(std::string_view line) {
  line.remove_prefix(line_begin.size());
  generation g;
  if (!take_field(line, g.number) || !take_field(line, g.file) || !take_field(line, g.from) ||
      (!all_.empty() && g.number != all_.back().number + 1))
    return false;
  if (std::uint64_t to = 0; line != "-") {
    if (!take_field(line, to) || !line.empty() || to < g.from)
      return false;
    g.to = to;
  }
  g.read_to = g.to.value_or(g.from);
  add(g);
  return true;
}

}  // namespace millrace::source
