#include "runtime/window/partials.hpp"

#include "runtime/data/key_encoding.hpp"
#include "runtime/window/buffer.hpp"
#include "runtime/window/keyed_table.hpp"
#include "runtime/window/slices.hpp"
#include "runtime/window/window.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace millrace::window {
namespace {

/// Encodes and hashes the keys of a batch, column types decided once a batch and not once a row. Each key is
/// preceded by the 4-byte ordinal of its slice in the frame, so that a lane groups by (slice, key) in one
/// table. Used by partials_builder.
class key_encoder {
public:
  static constexpr std::size_t prefix = sizeof(std::uint32_t);

  key_encoder(std::uint32_t shards, std::vector<bool> only) : shards_(shards), only_(std::move(only)) {}

  /// Takes the rows `from` of the key columns, ordinals[i] being from[i]'s slice; with `only`, leaves those
  /// of other shards out. Then keys(), rows() and shards() are equally long.
  void encode(std::span<const data::column_ptr> columns, std::span<const std::uint32_t> from,
              std::span<const std::uint32_t> ordinals);

  /// Spreads one key's slices over the table; its own inverse.
  [[nodiscard]] static std::uint32_t mixed_tag(std::uint32_t tag, std::uint32_t ordinal) {
    return tag ^ ordinal * 0x9E3779B1U;  // 2^32 by the golden ratio
  }

  [[nodiscard]] key_list keys() const { return {bytes_, ends_, tags_}; }
  [[nodiscard]] std::span<const std::uint32_t> rows() const { return rows_; }
  [[nodiscard]] std::span<const std::uint32_t> shards() const { return key_shards_; }

private:
  template<class Append>
  void encode_with(std::span<const std::uint32_t> from, std::span<const std::uint32_t> ordinals,
                   Append append);

  std::uint32_t shards_;
  std::vector<bool> only_;  // one a shard; empty: all
  buffer arena_;
  std::string scratch_;
  const char* bytes_ = nullptr;
  std::vector<std::uint32_t> ends_, tags_, rows_, key_shards_;
};

/// data::append_key writes these bytes around a text without NUL bytes, and around integers.
constexpr char present = 0x01;

char* put_integer(char* to, std::int64_t v) {
  *to++ = present;
  const auto big_endian = __builtin_bswap64(static_cast<std::uint64_t>(v) ^ 1ULL << 63);
  std::memcpy(to, &big_endian, sizeof big_endian);
  return to + sizeof big_endian;
}

char* put_text(char* to, std::string_view text) {
  *to++ = present;
  if (!text.empty())
    std::memcpy(to, text.data(), text.size());
  to += text.size();
  *to++ = 0;
  *to++ = 0;
  return to;
}

template<class Append>
void key_encoder::encode_with(std::span<const std::uint32_t> from, std::span<const std::uint32_t> ordinals,
                              Append append) {
  const auto n = from.size();
  ends_.resize(n);
  tags_.resize(n);
  rows_.resize(n);
  key_shards_.resize(n);
  std::size_t kept = 0;
  std::uint32_t begin = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::string_view key = append(begin, ordinals[i], from[i]);
    const auto hash = data::hash_key(key.substr(prefix));
    const auto shard = shard_of_slot(slot_of(hash), shards_);
    if (!only_.empty() && !only_[shard])
      continue;  // the next key overwrites it
    begin += static_cast<std::uint32_t>(key.size());
    ends_[kept] = begin;
    tags_[kept] = mixed_tag(tag_of(hash), ordinals[i]);
    rows_[kept] = from[i];
    key_shards_[kept++] = shard;
  }
  ends_.resize(kept);
  tags_.resize(kept);
  rows_.resize(kept);
  key_shards_.resize(kept);
}

void key_encoder::encode(std::span<const data::column_ptr> columns, std::span<const std::uint32_t> from,
                         std::span<const std::uint32_t> ordinals) {
  const auto* single = columns.size() == 1 && columns[0]->null_count() == 0 ? columns[0].get() : nullptr;
  arena_.clear();
  if (single != nullptr && single->type().is_int()) {
    auto* base = reinterpret_cast<char*>(arena_.extend(from.size() * (prefix + 9)));
    bytes_ = base;
    const auto values = single->ints();
    encode_with(from, ordinals, [&](std::uint32_t at, std::uint32_t ordinal, std::uint32_t row) {
      std::memcpy(base + at, &ordinal, prefix);
      const auto* end = put_integer(base + at + prefix, values[row]);
      return std::string_view(base + at, static_cast<std::size_t>(end - base) - at);
    });
  } else if (single != nullptr && single->type().is_bytes() &&
             single->bytes().find('\0') == std::string::npos) {
    auto* base = reinterpret_cast<char*>(arena_.extend(single->bytes().size() + from.size() * (prefix + 3)));
    bytes_ = base;
    encode_with(from, ordinals, [&](std::uint32_t at, std::uint32_t ordinal, std::uint32_t row) {
      std::memcpy(base + at, &ordinal, prefix);
      const auto* end = put_text(base + at + prefix, single->text_at(row));
      return std::string_view(base + at, static_cast<std::size_t>(end - base) - at);
    });
  } else {
    scratch_.clear();
    encode_with(from, ordinals, [&](std::uint32_t at, std::uint32_t ordinal, std::uint32_t row) {
      scratch_.resize(at);
      scratch_.append(reinterpret_cast<const char*>(&ordinal), prefix);
      for (const auto& c : columns)
        data::append_key(scratch_, *c, row);
      return std::string_view(scratch_).substr(at);
    });
    bytes_ = scratch_.data();
  }
}

struct slice_hash {
  std::size_t operator()(const slice_key& k) const {
    return static_cast<std::size_t>(k.slice) * 0x9E3779B97F4A7C15ULL ^ static_cast<std::size_t>(k.eligible);
  }
};

/// Consecutive records mostly lie in the same slice: the last answer, and how far it holds.
struct last_slice {
  event_micros from = 0, before = 0;                   // times
  event_micros watermark_from = 0, watermark_to = -1;  // watermarks
  std::uint32_t ordinal = 0;

  [[nodiscard]] bool holds(event_micros time, event_micros watermark) const {
    return time >= from && time < before && watermark >= watermark_from && watermark <= watermark_to;
  }
};

/// Grouping pays only if a frame's keys repeat. If at least seven of eight rows are the only ones of their
/// key, this many times the frame's records are listed as they come, before a frame is grouped again to see.
constexpr std::uint64_t listed_per_grouped = 16;
bool hardly_repeat(std::size_t keys, std::uint64_t records) { return keys >= records - records / 8; }

}  // namespace

std::size_t byte_size(const partials& p) { return p.byte_size(); }

bool reads_places(const definition& d) {
  return std::any_of(d.aggregates.begin(), d.aggregates.end(), [](const aggregate& a) {
    const auto* ops = find_aggregate(a);
    return ops != nullptr && ops->by_place;
  });
}

using order_columns = std::span<const data::column_ptr>;

struct partials_builder::impl {
  impl(const definition& d, std::vector<bool> only)
      : window(d), rows(std::make_shared<const layout>(d.aggregates)), table(rows),
        encoder(d.shards, std::move(only)), listed(d.shards) {}

  std::uint32_t ordinal_of(const slice_key& k) {
    const auto [at, fresh] = ordinals.try_emplace(k, static_cast<std::uint32_t>(slices.size()));
    if (fresh)
      slices.push_back(k);
    return at->second;
  }

  /// Times and watermarks that surely have the same answer.
  [[nodiscard]] last_slice range_of(const slice_key& k, event_micros watermark) const {
    if (window.kind == shape::global)
      return {no_watermark, end_of_time, no_watermark, end_of_time, 0};
    if (window.kind == shape::interval)
      return {k.slice, k.slice + 1, watermark, watermark, 0};
    const bool session = window.kind == shape::session;
    last_slice l{k.slice, session ? k.slice + 1 : next_bound(window, k.slice), watermark, watermark, 0};
    // The watermark does not matter while no window end of the slice, nor a record of a session, is passed.
    if (k.eligible == (session ? k.slice : l.before)) {
      l.watermark_from = no_watermark;
      l.watermark_to = std::min(plus(l.before - 1, window.allowed_lateness), end_of_time - 1);
    }
    return l;
  }

  void assign_rows(const input& in, std::vector<std::uint32_t>& late) {
    const auto side = in.side.value_or(0);
    if (window.kind == shape::interval)
      last = {};  // it may be that of another side
    kept.resize(in.times.size());
    kept_ordinals.resize(in.times.size());
    std::size_t n = 0;
    for (std::uint32_t r = 0; r < in.times.size(); ++r) {
      const auto time = in.times[r];
      const auto watermark = in.watermarks[r];
      if (!last.holds(time, watermark)) {
        const auto k = assign(window, time, watermark, side);
        if (!k) {
          late.push_back(r);
          continue;
        }
        last = range_of(*k, watermark);
        last.ordinal = ordinal_of(*k);
      }
      kept[n] = r;
      kept_ordinals[n++] = last.ordinal;
    }
    kept.resize(n);
    kept_ordinals.resize(n);
  }

  /// The records `from` into the rows `found`, one for one.
  void add_aggregates(const input& in, row_store& store, std::span<const std::uint32_t> found,
                      std::span<const std::uint32_t> from) {
    for (std::size_t a = 0; a < rows->slots.size(); ++a) {
      if (in.side && *in.side != a)
        continue;
      const auto* argument = in.arguments[a].get();
      const contribution of{
          argument, &window.aggregates[a], in.orders.empty() ? order_columns{} : in.orders[a],
          in.times, in.positions,          in.log,
          in.logs};
      const auto* filter = in.filters[a].get();
      const auto& add = rows->slots[a].ops->add;
      const bool nulls =
          argument != nullptr && argument->null_count() != 0 && !rows->slots[a].ops->takes_nulls;
      if (!nulls && filter == nullptr) {
        add(store.column(a), found, of, from);
        continue;
      }
      chosen_into.clear();
      chosen_from.clear();
      for (std::size_t i = 0; i < from.size(); ++i) {
        const auto r = from[i];
        if ((filter != nullptr && (filter->is_null(r) || !filter->boolean_at(r))) ||
            (nulls && argument->is_null(r)))
          continue;
        chosen_into.push_back(found[i]);
        chosen_from.push_back(r);
      }
      add(store.column(a), chosen_into, of, chosen_from);
    }
  }

  void add(const input& in, std::vector<std::uint32_t>& late) {
    assign_rows(in, late);
    encoder.encode(in.keys, kept, kept_ordinals);
    if (to_list != 0)
      list(in);
    else
      group(in);
  }

  void group(const input& in) {
    table.locate(encoder.keys(), found);
    const auto shards = encoder.shards();
    const auto tags = encoder.keys().tags;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i] == entries.size())
        entries.push_back({shards[i], tags[i], 0});
      ++entries[found[i]].records;
    }
    grouped += found.size();
    add_aggregates(in, table.store(), found, encoder.rows());
  }

  /// Adds a row for each record, with any key, straight to what the frame carries.
  void list(const input& in);

  /// Decides whether the next frame is listed, by what this one was.
  void judge() {
    if (to_list == 0 && hardly_repeat(entries.size(), grouped))
      to_list = grouped * listed_per_grouped;
    else
      to_list -= std::min(to_list, listed_records);
    grouped = listed_records = 0;
  }

  /// Numbers below n by shard, and by slice within one.
  template<class Ordinal, class Shard>
  const std::vector<std::uint32_t>& ordered(std::size_t n, Ordinal ordinal_of_row, Shard shard_of_row);
  std::shared_ptr<partials> extract(std::span<const std::uint32_t> of);

  [[nodiscard]] std::string_view prefixed_key(std::uint32_t row) const { return table.store().key(row); }
  [[nodiscard]] static std::uint32_t ordinal_in(std::string_view prefixed_key) {
    std::uint32_t o;
    std::memcpy(&o, prefixed_key.data(), sizeof o);
    return o;
  }

  void clear() {
    judge();
    table.clear();
    entries.clear();
    slices.clear();
    ordinals.clear();
    last = {};
  }

  struct entry {
    std::uint32_t shard;
    std::uint32_t tag;  // the tag in this table: with the ordinal of the slice in it
    std::uint32_t records;
  };

  definition window;
  layout_ptr rows;
  keyed_table table;
  key_encoder encoder;
  std::vector<entry> entries;     // one a row of the table
  std::vector<slice_key> slices;  // indexed by ordinal
  std::unordered_map<slice_key, std::uint32_t, slice_hash> ordinals;
  last_slice last;
  std::vector<std::shared_ptr<partials>> listed;  // one a shard, for a frame that is not grouped
  std::uint64_t to_list = 0;                      // records, before a frame is grouped again
  std::uint64_t grouped = 0, listed_records = 0;  // records of this frame
  std::vector<std::uint32_t> kept, kept_ordinals, found, listed_from, chosen_into, chosen_from, order,
      reorder, counts;
};

namespace {

/// Stable: `to` gets the rows of `from` in the order of key_of, which is below `keys`.
template<class KeyOf>
void counting_sort(const std::vector<std::uint32_t>& from, std::vector<std::uint32_t>& to,
                   std::vector<std::uint32_t>& counts, std::size_t keys, KeyOf key_of) {
  if (keys / 4 > from.size()) {  // a few records of a frame that knows many slices
    to = from;
    std::stable_sort(to.begin(), to.end(), [&](auto a, auto b) { return key_of(a) < key_of(b); });
    return;
  }
  counts.assign(keys + 1, 0);
  for (const auto r : from)
    ++counts[key_of(r) + 1];
  for (std::size_t i = 1; i <= keys; ++i)
    counts[i] += counts[i - 1];
  to.resize(from.size());
  for (const auto r : from)
    to[counts[key_of(r)]++] = r;
}

}  // namespace

template<class Ordinal, class Shard>
const std::vector<std::uint32_t>& partials_builder::impl::ordered(std::size_t n, Ordinal ordinal_of_row,
                                                                  Shard shard_of_row) {
  order.resize(n);
  std::iota(order.begin(), order.end(), 0U);
  if (slices.size() > 1) {
    counting_sort(order, reorder, counts, slices.size(), ordinal_of_row);
    order.swap(reorder);
  }
  if (window.shards > 1) {
    counting_sort(order, reorder, counts, window.shards, shard_of_row);
    order.swap(reorder);
  }
  return order;
}

void partials_builder::impl::list(const input& in) {
  const auto keys = encoder.keys();
  const auto shards = encoder.shards();
  const auto from = encoder.rows();
  const auto ordinal_at = [&](std::uint32_t i) { return ordinal_in(keys.key(i)); };
  const std::span of = ordered(keys.size(), ordinal_at, [&](std::uint32_t i) { return shards[i]; });
  for (std::size_t i = 0; i < of.size();) {
    const auto shard = shards[of[i]];
    if (!listed[shard])
      listed[shard] = std::make_shared<partials>(rows);
    auto& p = *listed[shard];
    found.clear();
    listed_from.clear();
    for (auto current = ~0U; i < of.size() && shards[of[i]] == shard; ++i) {
      const auto key = keys.key(of[i]);
      if (const auto o = ordinal_in(key); o != current) {
        current = o;
        if (p.groups_.empty() || p.groups_.back().at != slices[o])  // else it goes on from the batch before
          p.groups_.push_back({slices[o], 0, static_cast<std::uint32_t>(p.rows_.size()), 0});
      }
      found.push_back(p.rows_.append(key.substr(key_encoder::prefix)));
      listed_from.push_back(from[of[i]]);
      p.ends_.push_back(static_cast<std::uint32_t>(p.rows_.key_bytes()));
      p.tags_.push_back(key_encoder::mixed_tag(keys.tags[of[i]], current));  // mixing is its own inverse
      ++p.groups_.back().records;
      ++p.groups_.back().count;
    }
    add_aggregates(in, p.rows_, found, listed_from);
  }
  listed_records += of.size();
}

std::shared_ptr<partials> partials_builder::impl::extract(std::span<const std::uint32_t> of) {
  auto p = std::make_shared<partials>(rows);
  std::size_t key_bytes = 0;
  for (const auto r : of)
    key_bytes += prefixed_key(r).size() - key_encoder::prefix;
  p->rows_.reserve(of.size(), key_bytes);
  p->ends_.reserve(of.size());
  p->tags_.reserve(of.size());
  auto current = ~0U;
  for (const auto r : of) {
    const auto o = ordinal_in(prefixed_key(r));
    if (o != current) {
      current = o;
      p->groups_.push_back({slices[o], 0, static_cast<std::uint32_t>(p->rows_.size()), 0});
    }
    p->rows_.append_copy(prefixed_key(r).substr(key_encoder::prefix), table.store(), r);
    p->ends_.push_back(static_cast<std::uint32_t>(p->rows_.key_bytes()));
    p->tags_.push_back(key_encoder::mixed_tag(entries[r].tag, o));  // mixing is its own inverse
    p->groups_.back().records += entries[r].records;
    ++p->groups_.back().count;
  }
  return p;
}

std::uint64_t records_in(const partials& p) {
  std::uint64_t out = 0;
  for (const auto& g : p.groups())
    out += g.records;
  return out;
}

partials_builder::partials_builder(const definition& d, std::vector<bool> only)
    : impl_(std::make_unique<impl>(d, std::move(only))) {}
partials_builder::~partials_builder() = default;
partials_builder::partials_builder(partials_builder&&) noexcept = default;
partials_builder& partials_builder::operator=(partials_builder&&) noexcept = default;

void partials_builder::add(const input& in, std::vector<std::uint32_t>& late) { impl_->add(in, late); }

std::size_t partials_builder::byte_size() const {
  auto n = impl_->table.store().used_bytes() + impl_->entries.size() * 2 * sizeof(std::uint32_t);
  for (const auto& p : impl_->listed)
    if (p)
      n += p->rows_.used_bytes() + p->rows_.size() * 2 * sizeof(std::uint32_t);
  return n;
}

bool partials_builder::empty() const { return impl_->entries.empty() && impl_->listed_records == 0; }

largest_key partials_builder::largest() const {
  const auto& m = *impl_;
  largest_key out;
  std::uint32_t at = 0;
  for (std::uint32_t r = 0; r < m.entries.size(); ++r)
    if (m.entries[r].records > out.records) {
      out.records = m.entries[r].records;
      at = r;
    }
  const auto tag_of_key = [&](std::uint32_t r) {
    return key_encoder::mixed_tag(m.entries[r].tag, impl::ordinal_in(m.prefixed_key(r)));
  };
  if (out.records != 0) {
    out.shard = m.entries[at].shard;
    out.tag = tag_of_key(at);
  }
  if (out.records != 0 && m.slices.size() > 1) {
    out.records = 0;
    for (std::uint32_t r = 0; r < m.entries.size(); ++r)
      if (m.entries[r].shard == out.shard && tag_of_key(r) == out.tag)
        out.records += m.entries[r].records;
  }
  if (out.records == 1)  // as any other
    out.records = 0;
  out.of = m.grouped + m.listed_records;
  return out;
}

std::vector<partials_ptr> partials_builder::finish() {
  auto& m = *impl_;
  std::vector<partials_ptr> by_shard(m.window.shards);
  std::ranges::move(m.listed, by_shard.begin());
  const std::span order = m.ordered(
      m.entries.size(), [&](std::uint32_t r) { return impl::ordinal_in(m.prefixed_key(r)); },
      [&](std::uint32_t r) { return m.entries[r].shard; });
  for (std::size_t from = 0; from < order.size();) {
    const auto shard = m.entries[order[from]].shard;
    auto to = from + 1;
    while (to < order.size() && m.entries[order[to]].shard == shard)
      ++to;
    by_shard[shard] = m.extract(order.subspan(from, to - from));
    from = to;
  }
  m.clear();
  return by_shard;
}

}  // namespace millrace::window
