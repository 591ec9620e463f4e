// u8 version | varint n, n state sizes (of the aggregates, in order) | varint rows | varint n, n groups:
//   svarint slice, svarint eligible, varint records, varint rows
// varint bytes of all keys, keys | u32 end of each key | u32 tag of each key
// states, row by row: raw where no aggregate has side storage, else as captures have them
#include "runtime/window/partials_format.hpp"

#include "runtime/window/slices.hpp"
#include "runtime/window/state_bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <utility>

namespace millrace::window {
namespace {

constexpr std::uint8_t format_version = 1;

void put_numbers(wire::writer& out, std::span<const std::uint32_t> numbers) {
  out.raw({reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()});
}

/// Reads n numbers; returns none, and `in` has failed, where there are fewer.
std::vector<std::uint32_t> read_numbers(wire::reader& in, std::size_t n) {
  const auto bytes =
      n <= in.remaining() / sizeof(std::uint32_t) ? in.raw(n * sizeof(std::uint32_t)) : std::string_view();
  std::vector<std::uint32_t> numbers(bytes.size() / sizeof(std::uint32_t));
  if (!numbers.empty())
    std::memcpy(numbers.data(), bytes.data(), bytes.size());
  if (numbers.size() != n)
    in.fail();
  return numbers;
}

/// Writes the states as they lie in memory, without the heads between them: collected in a block that stays
/// in the processor's cache.
void put_plain_states(wire::writer& out, const row_store& store) {
  const auto rows_at_once = std::min<std::size_t>(128, store.size());
  const auto each = store.bytes_of_states();
  std::string block(rows_at_once * each, '\0');
  for (std::size_t r = 0; r < store.size(); r += rows_at_once) {
    const auto n = std::min(rows_at_once, store.size() - r);
    store.copy_states(r, n, block.data());
    out.raw({block.data(), n * each});
  }
}

/// The caller has checked that the bytes are there.
bool read_plain_states(wire::reader& in, std::string_view keys, std::span<const std::uint32_t> ends,
                       row_store& to) {
  to.append_all(keys, ends, in.raw(ends.size() * to.bytes_of_states()));
  const auto& slots = to.layout().slots;
  for (std::size_t a = 0; a < slots.size(); ++a)
    if (const auto are_states = slots[a].ops->are_states;
        are_states != nullptr && !are_states(to.column(a), to.size()))
      return false;
  return true;
}
bool read_states_with_side(wire::reader& in, std::string_view keys, std::span<const std::uint32_t> ends,
                           row_store& to) {
  to.reserve(ends.size(), keys.size());
  std::uint32_t begin = 0;
  for (const auto end : ends) {
    const auto row = to.append(keys.substr(begin, end - begin));
    begin = end;
    if (!read_states(in, to, row))
      return false;
  }
  return true;
}

unexpected malformed(std::string_view where) {
  return fatal_error(ec::corrupt, fmt::format("partial aggregates are malformed ({})", where));
}

}  // namespace

void encode_partials(wire::writer& out, const partials& p) {
  const auto& store = p.rows();
  const auto& l = store.layout();
  out.expect(store.key_bytes() +
             store.size() * (2 * sizeof(std::uint32_t) + (l.has_side ? 0 : store.bytes_of_states())) +
             p.groups().size() * sizeof(partials::group) + 64);
  out.fixed(format_version);
  put_sizes(out, l);
  out.varint(store.size());
  out.varint(p.groups().size());
  for (const auto& g : p.groups()) {
    out.svarint(g.at.slice);
    out.svarint(g.at.eligible);
    out.varint(g.records);
    out.varint(g.count);
  }
  partials::group all_rows;
  all_rows.count = static_cast<std::uint32_t>(store.size());
  const auto all = p.keys(all_rows);
  out.string({all.bytes, store.key_bytes()});
  put_numbers(out, all.ends);
  put_numbers(out, all.tags);
  if (l.has_side)
    for (std::uint32_t r = 0; r < store.size(); ++r)
      put_states(out, store, r);
  else
    put_plain_states(out, store);
}

partials_reader::partials_reader(definition d)
    : window_(std::move(d)), layout_(std::make_shared<const layout>(window_.aggregates)) {}

expected<partials_ptr> partials_reader::read(wire::reader& in) const {
  if (const auto version = in.fixed<std::uint8_t>(); in.ok() && version != format_version)
    return fatal_error(
        ec::unsupported,
        fmt::format("partial aggregates have format {}, this program reads {}", version, format_version));
  if (!has_sizes(in, *layout_))
    return malformed("of another window");
  auto p = std::make_shared<partials>(layout_);
  const auto rows = in.varint();
  std::uint64_t grouped = 0;
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    partials::group g;
    g.at.slice = in.svarint();
    g.at.eligible = in.svarint();
    g.records = in.varint();
    const auto count = in.varint();
    if (!in.ok() || !is_slice(window_, g.at) || count == 0 || count > rows - grouped || g.records < count)
      return malformed("a slice");
    g.first = static_cast<std::uint32_t>(grouped);
    g.count = static_cast<std::uint32_t>(count);
    grouped += count;
    p->groups_.push_back(g);
  }
  const auto keys = in.string();
  p->ends_ = read_numbers(in, rows);
  p->tags_ = read_numbers(in, rows);
  if (!in.ok() || grouped != rows)
    return malformed("cut off");
  if (!layout_->has_side && rows * p->rows_.bytes_of_states() > in.remaining())
    return malformed("cut off");
  if (!valid_keys(window_, keys, p->ends_))
    return malformed("a key");
  if (!(layout_->has_side ? read_states_with_side : read_plain_states)(in, keys, p->ends_, p->rows_))
    return malformed("an aggregate");
  return p;
}

}  // namespace millrace::window
