// Rows of one side of a join by time that no capture has yet, as captures have them: each is written once, while it is at
// hand. They lie in blocks, in the order in which they came. That is nearly the order of their times, so a block soon has
// no row that the mark has left in the state, and goes without having been captured. Pure; belongs to the join.
#pragma once

#include "runtime/base/time.hpp"
#include "runtime/wire/bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace millrace::window {

class added_rows {
  // A page of memory: few rows that have gone are captured with others that have not.
  static constexpr std::size_t block_bytes = 4095;

public:
  /// Adds the row that `put` writes, in `bytes` at most. It goes once the mark has come to `gone`.
  template<class Put>
  void add(std::size_t bytes, event_micros gone, Put put) {
    if (blocks_.empty() || blocks_.back().bytes.size() + bytes > block_bytes) {
      blocks_.emplace_back();
      blocks_.back().bytes.expect(std::max(bytes, block_bytes));
    }
    auto& to = blocks_.back();
    bytes_ -= to.bytes.size();
    put(to.bytes);
    bytes_ += to.bytes.size();
    to.gone = std::max(to.gone, gone);
    ++to.rows;
    ++rows_;
  }
  /// Drops the first blocks whose rows have all gone.
  void forget(event_micros mark) {
    while (!blocks_.empty() && blocks_.front().gone <= mark) {
      bytes_ -= blocks_.front().bytes.size();
      rows_ -= blocks_.front().rows;
      blocks_.pop_front();
    }
  }
  void clear() { *this = {}; }
  void append_to(wire::writer& out) const {
    for (const auto& b : blocks_)
      out.raw(b.bytes.bytes());
  }
  [[nodiscard]] std::size_t byte_size() const { return bytes_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

private:
  struct block {
    wire::writer bytes;
    event_micros gone = no_watermark;  // when the last of its rows goes
    std::uint64_t rows = 0;
  };

  std::deque<block> blocks_;
  std::size_t bytes_ = 0;
  std::uint64_t rows_ = 0;
};

}  // namespace millrace::window
