// count, sum and avg. They can all be undone exactly, which is what sliding windows live on.
#include "runtime/window/aggregate_entries.hpp"
#include "runtime/window/sum_states.hpp"

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

struct bigint_sum {
  wide_int sum;
  std::uint64_t count;
};

void add_bigint(const states& to, rows into, const contribution& of, rows from) {
  const auto values = of.argument->ints();
  for (std::size_t i = 0; i < into.size(); ++i) {
    auto& s = to.at<bigint_sum>(into[i]);
    s.sum.add<1>(values[from[i]]);
    ++s.count;
  }
}

template<int Sign>
void merge_bigint(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    const auto& o = other.at<bigint_sum>(from[i]);
    auto& s = to.at<bigint_sum>(into[i]);
    s.sum.add<Sign>(o.sum.value());
    s.count += static_cast<std::uint64_t>(Sign) * o.count;
  }
}

void encode_bigint(wire::writer& out, const states& from, std::uint32_t i) {
  const auto& [sum, count] = from.at<bigint_sum>(i);
  const auto low = static_cast<std::int64_t>(sum.low);
  out.varint(count);
  out.svarint(low);
  // The upper half is mostly the sign of the lower one.
  out.svarint(static_cast<std::int64_t>(sum.high - static_cast<std::uint64_t>(low >> 63)));
}

bool is_bigint(const bigint_sum& s) { return (s.count != 0) | ((s.sum.low | s.sum.high) == 0); }

bool decode_bigint(wire::reader& in, const states& to, std::uint32_t i) {
  auto& s = to.at<bigint_sum>(i);
  s.count = in.varint();
  const auto low = in.svarint();
  s.sum.low = static_cast<std::uint64_t>(low);
  s.sum.high = static_cast<std::uint64_t>(in.svarint()) + static_cast<std::uint64_t>(low >> 63);
  return in.ok() && is_bigint(s);
}

void finish_bigint_sum(const aggregate&, const states& from, rows of, data::column_builder& out,
                       std::vector<std::uint32_t>& failed) {
  for (std::uint32_t n = 0; n < of.size(); ++n) {
    const auto& s = from.at<bigint_sum>(of[n]);
    const auto v = s.sum.value();
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
      out.append_double(rounded_average(s.sum.value(), s.count));
  }
}

using double_sum = double_sums<1>;

void add_double(const states& to, rows into, const contribution& of, rows from) {
  const auto values = of.argument->doubles();
  for (std::size_t i = 0; i < into.size(); ++i) {
    auto& s = to.at<double_sum>(into[i]);
    add(s.sums[0], *to.side, values[from[i]]);
    ++s.count;
  }
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
    const auto& sum = s.sums[0];
    out.append_double(Average ? rounded_average(sum, *from.side, s.count) : rounded(sum, *from.side));
  }
}

constexpr aggregate_ops of_bigint{.size = sizeof(bigint_sum),
                                  .add = add_bigint,
                                  .merge = merge_bigint<1>,
                                  .unmerge = merge_bigint<-1>,
                                  .encode = encode_bigint,
                                  .decode = decode_bigint,
                                  .are_states = are_all<bigint_sum, is_bigint>};
constexpr aggregate_ops of_double = adding(double_sums_entry<1>, add_double);

}  // namespace

const aggregate_ops count_entry{.size = sizeof(std::int64_t),
                                .add = add_count,
                                .merge = merge_count<1>,
                                .unmerge = merge_count<-1>,
                                .encode = encode_count,
                                .decode = decode_count,
                                .are_states = are_all<std::int64_t, is_count>,
                                .finish = finish_count};
const aggregate_ops bigint_sum_entry =
    finishing(of_bigint, finish_bigint_sum,
              "is beyond bigint: the row is set apart; sum a double instead, as in sum(x::double precision)");
const aggregate_ops bigint_average_entry = finishing(of_bigint, finish_bigint_average);
const aggregate_ops double_sum_entry = finishing(of_double, finish_double<false>);
const aggregate_ops double_average_entry = finishing(of_double, finish_double<true>);

}  // namespace millrace::window
