#include "runtime/snapshot/run_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

namespace millrace::snapshot {
namespace {

constexpr std::size_t place_digits = 20;  // the digits of 2^64: names sort as numbers do
constexpr std::string_view run_begin = "run-";
constexpr std::string_view mark_begin = "trim-";

bool parse_place(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return text.size() == place_digits && error == std::errc{} && end == text.data() + text.size();
}

bool parse_run(std::string_view text, std::uint64_t& place, run_part& part) {
  if (!text.starts_with(run_begin) || text.size() < run_begin.size() + place_digits ||
      !parse_place(text.substr(run_begin.size(), place_digits), place))
    return false;
  const auto suffix = text.substr(run_begin.size() + place_digits);
  for (const auto p : {run_part::original, run_part::copy, run_part::sealed, run_part::mended})
    if (run_file(place, p).ends_with(suffix) && run_file(place, p) == text) {
      part = p;
      return true;
    }
  return false;
}

bool parse_mark(std::string_view text, std::uint64_t& place) {
  return text.starts_with(mark_begin) && parse_place(text.substr(mark_begin.size()), place);
}

}  // namespace

std::string run_file(std::uint64_t place, run_part part) {
  constexpr std::string_view suffixes[] = {"", ".copy", ".sealed", ".mended"};
  return fmt::format("{}{:020}{}", run_begin, place, suffixes[static_cast<std::size_t>(part)]);
}

std::string mark_file(std::uint64_t place) { return fmt::format("{}{:020}", mark_begin, place); }

bool run_listing::has_hole() const {
  std::vector<std::uint64_t> places;
  for (const auto& r : runs)
    places.push_back(r.place);
  return chain::has_hole(mark, places) ||
         std::ranges::any_of(runs, [](const auto& r) { return r.original.empty() && r.mended.empty(); });
}

chain::sight run_listing::sight_of(std::uint64_t place) const {
  const auto mine = std::ranges::find(runs, place, &run_files::place);
  return {mark, last(), mine != runs.end() && !mine->original.empty(), mine != runs.end() && mine->is_sealed};
}

run_listing sort_out(const std::vector<file_system::entry>& entries) {
  run_listing out;
  std::map<std::uint64_t, run_files> runs;
  for (const auto& e : entries) {
    std::uint64_t place = 0;
    run_part part{};
    if (e.is_folder) {
      continue;
    } else if (e.name.starts_with("tmp-")) {
      out.temporary.push_back(e.name);
    } else if (parse_mark(e.name, place)) {
      out.marks.push_back(place);
    } else if (parse_run(e.name, place, part)) {
      auto& r = runs[place];
      r.place = place;
      if (part == run_part::original)
        r.original = e.name;
      else if (part == run_part::mended)
        r.mended = e.name;
      else if (part == run_part::sealed || !r.is_sealed)
        r.copy = e.name;
      r.is_sealed = r.is_sealed || part == run_part::sealed;
    }
  }
  std::ranges::sort(out.marks);
  out.mark = out.marks.empty() ? 0 : out.marks.back();
  for (auto& [place, r] : runs) {
    if (place > out.mark) {
      out.runs.push_back(std::move(r));
      continue;
    }
    // The original first: who looks for a seal that has gone finds that gone, too.
    for (auto* name : {&r.original, &r.copy, &r.mended})
      if (!name->empty())
        out.trimmed.push_back(*name);
    if (r.is_sealed)
      out.trimmed.push_back(run_file(place, run_part::copy));  // a copy by a writer that did not see the seal
  }
  return out;
}

expected<run_listing> list_runs(file_system& files, const std::string& folder) {
  return files.list(folder).map([](const auto& entries) { return sort_out(entries); });
}

}  // namespace millrace::snapshot
