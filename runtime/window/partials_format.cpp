// u8 version | varint n, n state sizes (of the aggregates, in order) | varint rows | varint n, n groups:
//   svarint slice, svarint eligible, varint records, varint rows
// varint bytes of all keys, keys | u32 end of each key | u32 tag of each key
// states, row by row: raw where no aggregate has side storage, else as captures have them
#include "runtime/window/partials_format.hpp"

#include "runtime/window/slices.hpp"
#include "runtime/window/state_bytes.hpp"

#include <fmt/format.h>

#include <cstring>
#include <span>
#include <utility>

namespace millrace::window {
namespace {

constexpr std::uint8_t format_version = 1;

void put_numbers(wire::writer& out, std::span<const std::uint32_t> numbers) {
  out.raw({reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()});
}

/// Empty, and `in` has failed, where there are not so many.
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

unexpected malformed(std::string_view where) {
  return fatal_error(ec::corrupt, fmt::format("partial aggregates are malformed ({})", where));
}

}  // namespace

void encode_partials(wire::writer& out, const partials& p) {
  const auto& store = p.rows();
  const auto& l = store.layout();
  out.fixed(format_version);
  out.varint(l.slots.size());
  for (const auto& slot : l.slots)
    out.varint(slot.ops->size);
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
  for (std::uint32_t r = 0; r < store.size(); ++r)
    if (l.has_side)
      put_states(out, store, r);
    else
      out.raw(store.states_of(r));
}

partials_reader::partials_reader(definition d)
    : window_(std::move(d)), layout_(std::make_shared<const layout>(window_.aggregates)) {}

expected<partials_ptr> partials_reader::read(wire::reader& in) const {
  if (const auto version = in.fixed<std::uint8_t>(); in.ok() && version != format_version)
    return fatal_error(
        ec::unsupported,
        fmt::format("partial aggregates have format {}, this program reads {}", version, format_version));
  bool same = in.varint() == layout_->slots.size();
  for (std::size_t a = 0; same && a < layout_->slots.size(); ++a)
    same = in.varint() == layout_->slots[a].ops->size;
  if (!in.ok() || !same)
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
  const auto bytes_of_states = layout_->stride - sizeof(std::uint64_t);
  p->rows_.reserve(rows, keys.size());
  std::uint32_t begin = 0;
  for (std::uint32_t r = 0; r < rows; ++r) {
    const auto end = p->ends_[r];
    if (end < begin || end > keys.size() || !valid_key(window_, keys.substr(begin, end - begin)))
      return malformed("a key");
    const auto key = keys.substr(begin, end - begin);
    begin = end;
    if (layout_->has_side) {
      p->rows_.append(key);
      if (!read_states(in, p->rows_, r))
        return malformed("an aggregate");
      continue;
    }
    const auto states = in.raw(bytes_of_states);
    if (!in.ok())
      return malformed("cut off");
    p->rows_.append_states(key, states);
  }
  if (begin != keys.size())
    return malformed("a key");
  if (!layout_->has_side)
    for (std::size_t a = 0; a < layout_->slots.size(); ++a)
      if (const auto is_state = layout_->slots[a].ops->is_state; is_state != nullptr)
        for (std::uint32_t r = 0; r < rows; ++r)
          if (!is_state(p->rows_.column(a), r))
            return malformed("an aggregate");
  return p;
}

}  // namespace millrace::window
