// The states of sums and variances: counted exact sums, which every merge can undo, and what their entries in the
// table of aggregates share.
#pragma once

#include "runtime/window/aggregates.hpp"
#include "runtime/window/exact_sum.hpp"
#include "runtime/wire/bytes.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace millrace::window {

// An exact sum as bytes, and as part of a state that is copied to another table.
//   u8 bit 0 negative, bit 1 specials | u8 first, u8 end | limbs [first, end) | with specials: varint NaNs,
//   infinities, negative infinities
void put_sum(wire::writer& out, const exact_sum& sum, const side_store& side);
/// Reads over the sum's former value; false for bytes that are none.
[[nodiscard]] bool read_sum(wire::reader& in, exact_sum& sum, side_store& side);
/// A sum that was copied as bytes gets its own side storage.
void adopt(exact_sum& sum, side_store& side, const side_store& origin);

/// 128 bits in two halves, because rows are aligned to 8 bytes only. It wraps around.
struct wide_int {
  std::uint64_t low, high;

  [[nodiscard]] __int128 value() const {
    return static_cast<__int128>(static_cast<unsigned __int128>(high) << 64 | low);
  }
  template<int Sign>
  void add(__int128 v) {
    const auto before = static_cast<unsigned __int128>(value());
    const auto by = static_cast<unsigned __int128>(v);
    const auto after = Sign > 0 ? before + by : before - by;
    low = static_cast<std::uint64_t>(after);
    high = static_cast<std::uint64_t>(after >> 64);
  }
};

/// Adds a * b, of finite numbers, as the sum of two doubles: exact but for products below 2^-968, which are rounded to 2^-1074.
/// Products below 2^1022 stay below half of double's range, so that their sum has its place; others are an infinity.
inline void add_product(exact_sum& sum, side_store& side, double a, double b) {
  const double product = a * b;
  if (std::abs(product) >= 0x1p1022) {
    add(sum, side, std::numeric_limits<double>::infinity());
    return;
  }
  add(sum, side, product);
  add(sum, side, std::fma(a, b, -product));
}

/// How many doubles there were, and N sums of what was made of them.
template<std::size_t N>
struct double_sums {
  std::uint64_t count;
  std::array<exact_sum, N> sums;

  template<int Sign>
  static void merge(const states& to, rows into, const states& other, rows from) {
    for (std::size_t i = 0; i < into.size(); ++i) {
      auto& s = to.at<double_sums>(into[i]);
      const auto& o = other.at<double_sums>(from[i]);
      s.count += static_cast<std::uint64_t>(Sign) * o.count;
      for (std::size_t k = 0; k < N; ++k)
        if constexpr (Sign > 0)
          window::add(s.sums[k], *to.side, o.sums[k], *other.side);
        else
          window::subtract(s.sums[k], *to.side, o.sums[k], *other.side);
    }
  }
  static void adopt(const states& to, std::uint32_t i, const side_store& origin) {
    for (auto& sum : to.at<double_sums>(i).sums)
      window::adopt(sum, *to.side, origin);
  }
  static void encode(wire::writer& out, const states& from, std::uint32_t i) {
    const auto& s = from.at<double_sums>(i);
    out.varint(s.count);
    if (s.count != 0)
      for (const auto& sum : s.sums)
        put_sum(out, sum, *from.side);
  }
  static bool decode(wire::reader& in, const states& to, std::uint32_t i) {
    auto& s = to.at<double_sums>(i);
    s.count = in.varint();
    if (s.count == 0)
      s.sums = {};
    bool good = in.ok();
    for (std::size_t k = 0; good && s.count != 0 && k < N; ++k)
      good = read_sum(in, s.sums[k], *to.side);
    return good;
  }
};

/// All but add and finish.
template<std::size_t N>
constexpr aggregate_ops double_sums_entry{.size = sizeof(double_sums<N>),
                                          .merge = double_sums<N>::template merge<1>,
                                          .unmerge = double_sums<N>::template merge<-1>,
                                          .adopt = double_sums<N>::adopt,
                                          .encode = double_sums<N>::encode,
                                          .decode = double_sums<N>::decode};

[[nodiscard]] constexpr aggregate_ops adding(aggregate_ops entry, decltype(aggregate_ops::add) add) {
  entry.add = add;
  return entry;
}

[[nodiscard]] constexpr aggregate_ops finishing(aggregate_ops entry, decltype(aggregate_ops::finish) finish,
                                                const char* failure = nullptr,
                                                decltype(aggregate_ops::may_fail) may_fail = nullptr) {
  entry.finish = finish;
  entry.failure = failure;
  entry.may_fail = may_fail;
  return entry;
}

}  // namespace millrace::window
