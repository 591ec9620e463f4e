// count, sum and avg. They can all be undone exactly, which is what sliding windows live on.
#include "runtime/window/aggregate_entries.hpp"
#include "runtime/window/exact_sum.hpp"
#include "runtime/window/exact_sum_bytes.hpp"

#include <limits>

namespace millrace::window {
namespace {

void add_count(const states& to, rows into, const contribution&, rows) {
  for (const auto i : into)
    ++to.at<std::int64_t>(i);
}

template<int Sign>
void merge_count(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    to.at<std::uint64_t>(into[i]) += static_cast<std::uint64_t>(Sign) * other.at<std::uint64_t>(from[i]);
}

void encode_count(wire::writer& out, const states& from, std::uint32_t i) {
  out.varint(from.at<std::uint64_t>(i));
}

bool is_count(const std::int64_t& n) { return n >= 0; }

bool decode_count(wire::reader& in, const states& to, std::uint32_t i) {
  to.at<std::uint64_t>(i) = in.varint();
  return in.ok() && is_count(to.at<std::int64_t>(i));
}

void finish_count(const aggregate&, const states& from, rows of, data::column_builder& out,
                  std::vector<std::uint32_t>&) {
  for (const auto i : of)
    out.append_int(from.at<std::int64_t>(i));
}

/// 128 bits in two halves, because rows are aligned to 8 bytes only.
struct bigint_sum {
  std::uint64_t low, high;
  std::uint64_t count;

  [[nodiscard]] __int128 value() const {
    return static_cast<__int128>(static_cast<unsigned __int128>(high) << 64 | low);
  }
  void set(unsigned __int128 v) {
    low = static_cast<std::uint64_t>(v);
    high = static_cast<std::uint64_t>(v >> 64);
  }
  void add(__int128 v) { set(static_cast<unsigned __int128>(value()) + static_cast<unsigned __int128>(v)); }
  void subtract(__int128 v) {
    set(static_cast<unsigned __int128>(value()) - static_cast<unsigned __int128>(v));
  }
};

void add_bigint(const states& to, rows into, const contribution& of, rows from) {
  const auto values = of.argument->ints();
  for (std::size_t i = 0; i < into.size(); ++i) {
    auto& s = to.at<bigint_sum>(into[i]);
    s.add(values[from[i]]);
    ++s.count;
  }
}

template<int Sign>
void merge_bigint(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    const auto& o = other.at<bigint_sum>(from[i]);
    auto& s = to.at<bigint_sum>(into[i]);
    if constexpr (Sign > 0)
      s.add(o.value());
    else
      s.subtract(o.value());
    s.count += static_cast<std::uint64_t>(Sign) * o.count;
  }
}

void encode_bigint(wire::writer& out, const states& from, std::uint32_t i) {
  const auto& s = from.at<bigint_sum>(i);
  out.varint(s.count);
  out.svarint(static_cast<std::int64_t>(s.low));
  // The upper half is mostly the sign of the lower one.
  out.svarint(
      static_cast<std::int64_t>(s.high - static_cast<std::uint64_t>(static_cast<std::int64_t>(s.low) >> 63)));
}

bool is_bigint(const bigint_sum& s) { return (s.count != 0) | ((s.low | s.high) == 0); }

bool decode_bigint(wire::reader& in, const states& to, std::uint32_t i) {
  auto& s = to.at<bigint_sum>(i);
  s.count = in.varint();
  const auto low = in.svarint();
  s.low = static_cast<std::uint64_t>(low);
  s.high = static_cast<std::uint64_t>(in.svarint()) + static_cast<std::uint64_t>(low >> 63);
  return in.ok() && is_bigint(s);
}

void finish_bigint_sum(const aggregate&, const states& from, rows of, data::column_builder& out,
                       std::vector<std::uint32_t>& failed) {
  for (std::uint32_t n = 0; n < of.size(); ++n) {
    const auto& s = from.at<bigint_sum>(of[n]);
    const auto v = s.value();
    if (s.count == 0) {
      out.append_null();
    } else if (v < std::numeric_limits<std::int64_t>::min() || v > std::numeric_limits<std::int64_t>::max()) {
      failed.push_back(n);
      out.append_null();
    } else {
      out.append_int(static_cast<std::int64_t>(v));
    }
  }
}

void finish_bigint_average(const aggregate&, const states& from, rows of, data::column_builder& out,
                           std::vector<std::uint32_t>&) {
  for (const auto i : of) {
    const auto& s = from.at<bigint_sum>(i);
    if (s.count == 0)
      out.append_null();
    else
      out.append_double(rounded_average(s.value(), s.count));
  }
}

struct double_sum {
  exact_sum sum;
  std::uint64_t count;
};

void add_double(const states& to, rows into, const contribution& of, rows from) {
  const auto values = of.argument->doubles();
  for (std::size_t i = 0; i < into.size(); ++i) {
    auto& s = to.at<double_sum>(into[i]);
    add(s.sum, *to.side, values[from[i]]);
    ++s.count;
  }
}

void merge_double(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    auto& s = to.at<double_sum>(into[i]);
    const auto& o = other.at<double_sum>(from[i]);
    add(s.sum, *to.side, o.sum, *other.side);
    s.count += o.count;
  }
}

void unmerge_double(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    auto& s = to.at<double_sum>(into[i]);
    const auto& o = other.at<double_sum>(from[i]);
    subtract(s.sum, *to.side, o.sum, *other.side);
    s.count -= o.count;
  }
}

void adopt_double(const states& to, std::uint32_t i, const side_store& origin) {
  adopt(to.at<double_sum>(i).sum, *to.side, origin);
}

void encode_double(wire::writer& out, const states& from, std::uint32_t i) {
  const auto& s = from.at<double_sum>(i);
  out.varint(s.count);
  if (s.count != 0)
    put_sum(out, s.sum, *from.side);
}

bool decode_double(wire::reader& in, const states& to, std::uint32_t i) {
  auto& s = to.at<double_sum>(i);
  s.count = in.varint();
  if (s.count == 0) {
    s.sum = {};
    return in.ok();
  }
  return read_sum(in, s.sum, *to.side);
}

template<bool Average>
void finish_double(const aggregate&, const states& from, rows of, data::column_builder& out,
                   std::vector<std::uint32_t>&) {
  for (const auto i : of) {
    const auto& s = from.at<double_sum>(i);
    if (s.count == 0) {
      out.append_null();
      continue;
    }
    out.append_double(Average ? rounded_average(s.sum, *from.side, s.count) : rounded(s.sum, *from.side));
  }
}

}  // namespace

const aggregate_ops count_entry{.size = sizeof(std::int64_t),
                                .add = add_count,
                                .merge = merge_count<1>,
                                .unmerge = merge_count<-1>,
                                .encode = encode_count,
                                .decode = decode_count,
                                .are_states = are_all<std::int64_t, is_count>,
                                .finish = finish_count};
const aggregate_ops bigint_sum_entry{.size = sizeof(bigint_sum),
                                     .add = add_bigint,
                                     .merge = merge_bigint<1>,
                                     .unmerge = merge_bigint<-1>,
                                     .encode = encode_bigint,
                                     .decode = decode_bigint,
                                     .are_states = are_all<bigint_sum, is_bigint>,
                                     .finish = finish_bigint_sum,
                                     .failure =
                                         "is beyond bigint: the row is set apart; sum a double instead, "
                                         "as in sum(x::double precision)"};
const aggregate_ops bigint_average_entry{.size = sizeof(bigint_sum),
                                         .add = add_bigint,
                                         .merge = merge_bigint<1>,
                                         .unmerge = merge_bigint<-1>,
                                         .encode = encode_bigint,
                                         .decode = decode_bigint,
                                         .are_states = are_all<bigint_sum, is_bigint>,
                                         .finish = finish_bigint_average};
const aggregate_ops double_sum_entry{.size = sizeof(double_sum),
                                     .add = add_double,
                                     .merge = merge_double,
                                     .unmerge = unmerge_double,
                                     .adopt = adopt_double,
                                     .encode = encode_double,
                                     .decode = decode_double,
                                     .finish = finish_double<false>};
const aggregate_ops double_average_entry{.size = sizeof(double_sum),
                                         .add = add_double,
                                         .merge = merge_double,
                                         .unmerge = unmerge_double,
                                         .adopt = adopt_double,
                                         .encode = encode_double,
                                         .decode = decode_double,
                                         .finish = finish_double<true>};

}  // namespace millrace::window
