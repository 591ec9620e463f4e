#include "runtime/delivery/frame.hpp"

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
  std::size_t n = sizeof *this - sizeof failed + delivery::byte_size(failed);
  if (rows && rows->rows != 0)
    n += rows->byte_size() * (end - begin) / rows->rows;
  return n;
}

void output_frame::cut_to_new(position at) {
  if (rows)
    while (begin < end && position{reached.major, base + std::int64_t{begin}} <= at)
      ++begin;
  std::erase_if(failed, [&](const dead_letter& l) { return l.at <= at; });
}

}  // namespace millrace::delivery
