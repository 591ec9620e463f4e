// bit_and, bit_or and bit_xor of bigint. bit_and keeps the bits that were 0 in any value, so that the empty state of each is
// zeros. bit_xor is its own inverse; of the others what leaves a sliding window is merged again where it may have set a bit.
#include "runtime/window/aggregate_entries.hpp"

namespace millrace::window {
namespace {

struct bits {
  std::uint64_t set;
  std::uint64_t count;
};

enum class bit_function { all, any, odd };

template<bit_function F>
std::uint64_t combined(std::uint64_t a, std::uint64_t b) {
  return F == bit_function::odd ? a ^ b : a | b;
}

/// A value as a state has it, and back.
template<bit_function F>
std::uint64_t turned(std::uint64_t v) {
  return F == bit_function::all ? ~v : v;
}

template<bit_function F>
void add_bits(const states& to, rows into, const contribution& of, rows from) {
  const auto values = of.argument->ints();
  for (std::size_t i = 0; i < into.size(); ++i) {
    auto& s = to.at<bits>(into[i]);
    s.set = combined<F>(s.set, turned<F>(static_cast<std::uint64_t>(values[from[i]])));
    ++s.count;
  }
}

template<bit_function F>
void merge_bits(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    const auto o = other.at<bits>(from[i]);
    auto& s = to.at<bits>(into[i]);
    s.set = combined<F>(s.set, o.set);
    s.count += o.count;
  }
}

/// A part that has set no bit leaves the others as they are.
template<bit_function F>
void unmerge_bits(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    const auto o = other.at<bits>(from[i]);
    auto& s = to.at<bits>(into[i]);
    if (F == bit_function::odd)
      s.set ^= o.set;
    s.count -= o.count;
  }
}

bool rests_on_bits(const states&, std::uint32_t, const states& part, std::uint32_t j) {
  return part.at<bits>(j).set != 0;
}

void encode_bits(wire::writer& out, const states& from, std::uint32_t i) {
  const auto& s = from.at<bits>(i);
  out.varint(s.count);
  if (s.count != 0)
    out.fixed(s.set);
}

bool is_bits(const bits& s) { return (s.count != 0) | (s.set == 0); }

bool decode_bits(wire::reader& in, const states& to, std::uint32_t i) {
  auto& s = to.at<bits>(i);
  s = {};
  s.count = in.varint();
  if (s.count != 0)
    s.set = in.fixed<std::uint64_t>();
  return in.ok();
}

template<bit_function F>
void finish_bits(const aggregate&, const states& from, rows of, data::column_builder& out,
                 std::vector<std::uint32_t>&) {
  for (const auto i : of) {
    const auto& s = from.at<bits>(i);
    if (s.count == 0)
      out.append_null();
    else
      out.append_int(static_cast<std::int64_t>(turned<F>(s.set)));
  }
}

template<bit_function F>
constexpr aggregate_ops of_bits{.size = sizeof(bits),
                                .add = add_bits<F>,
                                .merge = merge_bits<F>,
                                .unmerge = unmerge_bits<F>,
                                .rests_on = F == bit_function::odd ? nullptr : rests_on_bits,
                                .encode = encode_bits,
                                .decode = decode_bits,
                                .are_states = are_all<bits, is_bits>,
                                .finish = finish_bits<F>};

}  // namespace

const aggregate_ops bit_and_entry = of_bits<bit_function::all>;
const aggregate_ops bit_or_entry = of_bits<bit_function::any>;
const aggregate_ops bit_xor_entry = of_bits<bit_function::odd>;

}  // namespace millrace::window
