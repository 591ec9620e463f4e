#include "runtime/delivery/frame.hpp"

namespace millrace::delivery {
namespace {

std::size_t size_of(const std::vector<dead_letter>& letters) {
  std::size_t n = 0;
  for (const auto& l : letters)
    n += sizeof l + l.record.size() + l.error.size();
  return n;
}

}  // namespace

std::size_t rows_payload::byte_size() const {
  std::size_t n = sizeof *this;
  for (const auto& b : batches)
    n += b.byte_size();
  return n;
}

std::size_t dead_payload::byte_size() const { return sizeof *this + size_of(letters); }

stage_counts& stage_counts::operator+=(const stage_counts& o) {
  in += o.in;
  out += o.out;
  filtered += o.filtered;
  late += o.late;
  dead += o.dead;
  return *this;
}

std::size_t output_frame::byte_size() const {
  std::size_t n = sizeof *this + size_of(failed);
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
