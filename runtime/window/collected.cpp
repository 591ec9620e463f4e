#include "runtime/window/collected.hpp"

#include <utility>

namespace millrace::window::collected {
namespace {

std::uint32_t own(const states& s, std::uint32_t i) {
  auto& at = s.at<state>(i).collection;
  if (at == 0)
    at = s.side->add_collection();
  return static_cast<std::uint32_t>(at);
}

/// The other collection may lie in the same side store.
void take(const states& to, std::uint32_t i, const side_store& origin, std::uint64_t theirs) {
  const auto mine = own(to, i);
  to.side->change(mine,
                  [&](collection& c) { c.merge(origin.collected(static_cast<std::uint32_t>(theirs))); });
}

void append_number(std::string& out, std::int64_t v) {
  const auto bits = __builtin_bswap64(static_cast<std::uint64_t>(v) ^ 1ULL << 63);
  out.append(reinterpret_cast<const char*>(&bits), sizeof bits);
}

/// None is another's prefix: a zero byte is followed by 0xFF, the end is two of them.
void append_text(std::string& out, std::string_view text) {
  for (auto zero = text.find('\0'); zero != text.npos; zero = text.find('\0')) {
    out.append(text.substr(0, zero + 1)).push_back('\xFF');
    text.remove_prefix(zero + 1);
  }
  out.append(text).append(2, '\0');
}

}  // namespace

void append_place(std::string& out, const contribution& of, std::uint32_t record) {
  append_number(out, of.times[record]);
  append_text(out, of.log_of(record));
  append_number(out, of.positions[record].major);
  append_number(out, of.positions[record].minor);
}

void add(const states& to, std::uint32_t i, collection::entry e) {
  to.side->change(own(to, i), [&](collection& c) { c.add(std::move(e)); });
}

void merge(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    if (const auto theirs = other.at<state>(from[i]).collection; theirs != 0)
      take(to, into[i], *other.side, theirs);
}

void unmerge(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    if (const auto theirs = static_cast<std::uint32_t>(other.at<state>(from[i]).collection); theirs != 0)
      to.side->change(own(to, into[i]), [&](collection& mine) {
        other.side->change(theirs, [&](collection& part) { mine.unmerge(part); });
      });
}

/// A collection that has overflowed keeps none of its entries.
bool rests_on(const states& merged, std::uint32_t i, const states& part, std::uint32_t j) {
  const auto at = static_cast<std::uint32_t>(part.at<state>(j).collection);
  return at != 0 && !part.side->collected(at).empty() && entries(merged, i) == nullptr;
}

void adopt(const states& to, std::uint32_t i, const side_store& origin) {
  if (const auto theirs = std::exchange(to.at<state>(i).collection, 0); theirs != 0)
    take(to, i, origin, theirs);
}

const std::vector<collection::entry>* entries(const states& from, std::uint32_t i) {
  static const std::vector<collection::entry> none;
  const auto at = static_cast<std::uint32_t>(from.at<state>(i).collection);
  if (at == 0)
    return &none;
  bool overflowed = false;
  from.side->change(at, [&](collection& c) { overflowed = c.overflowed(); });
  // The entries are put in order now, so that sorted() changes nothing.
  const std::vector<collection::entry>* all = nullptr;
  from.side->change(at, [&](collection& c) { all = &c.sorted(); });
  return overflowed ? nullptr : all;
}

std::uint64_t count(const std::vector<collection::entry>& all) {
  std::uint64_t out = 0;
  for (const auto& e : all)
    out += e.count;
  return out;
}

void encode(wire::writer& out, const states& from, std::uint32_t i) {
  const auto* all = entries(from, i);
  out.fixed(static_cast<std::uint8_t>(all == nullptr));
  if (all == nullptr)
    return;
  out.varint(all->size());
  for (const auto& e : *all) {
    out.string(e.bytes);
    out.varint(e.value_at);
    out.varint(e.count);
  }
}

bool decode(wire::reader& in, const states& to, std::uint32_t i) {
  const auto overflowed = in.fixed<std::uint8_t>();
  if (!in.ok() || overflowed > 1)
    return false;
  collection read;
  if (overflowed != 0)
    read.overflow();
  for (auto n = overflowed != 0 ? 0 : in.varint(); n > 0 && in.ok(); --n) {
    collection::entry e;
    e.bytes = in.string();
    const auto at = in.varint();
    e.count = in.varint();
    if (!in.ok() || at > e.bytes.size() || e.count == 0)
      return false;
    e.value_at = static_cast<std::uint32_t>(at);
    read.add(std::move(e));
  }
  if (to.at<state>(i).collection != 0 || !read.empty())
    to.side->change(own(to, i), [&](collection& c) { c = std::move(read); });
  return in.ok();
}

}  // namespace millrace::window::collected
