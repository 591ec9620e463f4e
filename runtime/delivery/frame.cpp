#include "runtime/delivery/frame.hpp"

#include <algorithm>
#include <utility>

namespace millrace::delivery {

std::size_t byte_size(const row_batches& rows) {
  std::size_t n = sizeof rows;
  for (const auto& b : rows)
    n += b.byte_size();
  return n;
}

std::size_t byte_size(const dead_letters& letters) {
  std::size_t n = sizeof letters;
  for (const auto& l : letters)
    n += sizeof l + l.record.size() + l.error.size();
  return n;
}

stage_counts& stage_counts::operator+=(const stage_counts& o) {
  in += o.in;
  out += o.out;
  filtered += o.filtered;
  late += o.late;
  dead += o.dead;
  return *this;
}

std::size_t output_frame::byte_size() const {
  std::size_t n =
      sizeof *this - sizeof failed + delivery::byte_size(failed) + windows.size() * sizeof(window_start);
  if (rows && rows->rows != 0)
    n += rows->byte_size() * (end - begin) / rows->rows;
  return n;
}

position output_frame::position_of(std::uint32_t i) const {
  const auto row = std::int64_t{base} + i;
  if (windows.empty())
    return {reached.major, row};
  const auto of = std::prev(std::ranges::upper_bound(windows, row, {}, &window_start::first));
  return {of->end, row - of->first};
}

void output_frame::cut_to_new(position at) {
  if (rows)
    while (begin < end && position_of(begin) <= at)
      ++begin;
  std::erase_if(failed, [&](const dead_letter& l) { return l.at <= at; });
}

std::vector<output_frame> cut_by_window(output_frame f) {
  std::vector<output_frame> out;
  if (f.windows.empty()) {
    out.push_back(std::move(f));
    return out;
  }
  auto since = f.since;
  for (std::size_t w = 0; w < f.windows.size(); ++w) {
    const auto next = w + 1 == f.windows.size() ? f.end : std::int64_t{f.windows[w + 1].first} - f.base;
    const auto end = static_cast<std::uint32_t>(std::clamp<std::int64_t>(next, 0, f.end));
    output_frame part;
    part.log = f.log;
    part.since = since;
    part.reached = since = {f.windows[w].end, whole};
    if (f.begin < end) {
      part.base = static_cast<std::uint32_t>(f.position_of(f.begin).minor);
      part.rows = std::make_shared<const data::batch>(data::slice(*f.rows, f.begin, end));
      part.end = end - f.begin;
      f.begin = end;
      out.push_back(std::move(part));
    }
  }
  return out;
}

}  // namespace millrace::delivery
