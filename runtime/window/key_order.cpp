#include "runtime/window/key_order.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace millrace::window {
namespace {

/// Comparisons cost less than counting below this number.
constexpr std::size_t worth_counting = 1024;
/// One pass looks at so many bits at most: its counts stay within the first cache.
constexpr unsigned digit_bits = 11;

/// Returns eight bytes of a key from `at` on, as a number that compares as they do; zeros after the key's
/// end.
std::uint64_t eight_bytes(std::string_view key, std::size_t at) {
  char bytes[8] = {};
  if (at < key.size())
    std::memcpy(bytes, key.data() + at, std::min<std::size_t>(key.size() - at, 8));
  std::uint64_t v;
  std::memcpy(&v, bytes, 8);
  return __builtin_bswap64(v);
}

/// Returns how many bytes all of these keys begin with in common: keys such as user00017 differ only in later
/// ones.
std::size_t common_bytes(const row_store& store, const std::vector<std::uint32_t>& of) {
  if (of.empty())
    return 0;
  const auto first = store.key(of.front());
  auto common = first.size();
  for (const auto r : of) {
    const auto key = store.key(r);
    common = std::min(common, key.size());
    if (std::memcmp(first.data(), key.data(), common) != 0)
      common = static_cast<std::size_t>(
          std::mismatch(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(common), key.begin())
              .first -
          first.begin());
  }
  return common;
}

/// Numbers without the upper bits of each byte that are the same in all of them: they compare as before, and
/// digits keep four bits of eight.
class bit_narrower {
public:
  /// `differing`: the bits in which not all numbers are the same.
  explicit bit_narrower(std::uint64_t differing) {
    for (unsigned byte = 0; byte < 8; ++byte) {
      const auto width = static_cast<unsigned>(std::bit_width((differing >> (8 * byte)) & 0xff));
      parts_[byte] = {8 * byte - bits_, ((std::uint64_t{1} << width) - 1) << bits_};
      bits_ += width;
    }
  }
  [[nodiscard]] unsigned bits() const { return bits_; }
  [[nodiscard]] std::uint64_t operator()(std::uint64_t v) const {
    std::uint64_t out = 0;
    for (const auto& p : parts_)
      out |= (v >> p.shift) & p.mask;
    return out;
  }

private:
  struct part {
    unsigned shift;
    std::uint64_t mask;
  };
  std::array<part, 8> parts_{};
  unsigned bits_ = 0;
};

/// A row with what it is sorted by: apart, or in one word where both have room.
struct wide_entry {
  std::uint64_t value;
  std::uint32_t row;
  wide_entry() = default;
  wide_entry(std::uint64_t v, std::uint32_t r) : value(v), row(r) {}
};
struct narrow_entry {
  std::uint64_t word;
  narrow_entry() = default;
  narrow_entry(std::uint64_t v, std::uint32_t r) : word(v << 32 | r) {}
};
std::uint64_t value_of(const wide_entry& e) { return e.value; }
std::uint32_t row_of(const wide_entry& e) { return e.row; }
std::uint64_t value_of(const narrow_entry& e) { return e.word >> 32; }
std::uint32_t row_of(const narrow_entry& e) { return static_cast<std::uint32_t>(e.word); }

/// Sorts by value, least digit first; the result lies in either buffer.
template<class Entry>
std::span<Entry> counting_passes(std::span<Entry> from, std::span<Entry> to, unsigned bits) {
  const auto passes = (bits + digit_bits - 1) / digit_bits;
  for (unsigned pass = 0, shift = 0; pass < passes; ++pass) {
    const auto width = (bits - shift) / (passes - pass);
    const auto digit = [&](const Entry& e) { return (value_of(e) >> shift) & ((1U << width) - 1); };
    std::array<std::uint32_t, 1U << digit_bits> at{};
    for (const auto& e : from)
      ++at[digit(e)];
    std::uint32_t before = 0;
    for (std::size_t d = 0; d >> width == 0; ++d)
      before += std::exchange(at[d], before);
    for (const auto& e : from)
      to[at[digit(e)]++] = e;
    std::swap(from, to);
    shift += width;
  }
  return from;
}

template<class Entry>
void sort_entries(const row_store& store, std::vector<std::uint32_t>& of,
                  const std::vector<std::uint64_t>& values, const bit_narrower& narrow) {
  const auto n = of.size();
  const auto memory = std::make_unique_for_overwrite<Entry[]>(2 * n);
  std::span<Entry> sorted(memory.get(), n);
  for (std::size_t i = 0; i < n; ++i)
    sorted[i] = {narrow(values[i]), of[i]};
  if (n < worth_counting)
    std::sort(sorted.begin(), sorted.end(),
              [](const Entry& a, const Entry& b) { return value_of(a) < value_of(b); });
  else
    sorted = counting_passes(sorted, std::span(memory.get() + n, n), narrow.bits());
  for (std::size_t same = 0; same < n;) {
    auto end = same + 1;
    while (end < n && value_of(sorted[end]) == value_of(sorted[same]))
      ++end;
    if (end - same > 1)
      std::sort(sorted.begin() + static_cast<std::ptrdiff_t>(same),
                sorted.begin() + static_cast<std::ptrdiff_t>(end),
                [&](const Entry& a, const Entry& b) { return store.key(row_of(a)) < store.key(row_of(b)); });
    same = end;
  }
  for (std::size_t i = 0; i < n; ++i)
    of[i] = row_of(sorted[i]);
}

}  // namespace

void sort_by_key(const row_store& store, std::vector<std::uint32_t>& of) {
  if (of.size() < 2)
    return;
  std::vector<std::uint64_t> values;
  values.reserve(of.size());
  const auto common = common_bytes(store, of);
  std::uint64_t differing = 0;
  for (std::size_t i = 0; i < of.size(); ++i) {
    store.prefetch_ahead(of, i);
    values.push_back(eight_bytes(store.key(of[i]), common));
    differing |= values.back() ^ values.front();
  }
  const bit_narrower narrow(differing);
  if (narrow.bits() <= 32)
    sort_entries<narrow_entry>(store, of, values, narrow);
  else
    sort_entries<wide_entry>(store, of, values, narrow);
}

}  // namespace millrace::window
