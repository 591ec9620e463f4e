#include "runtime/data/column.hpp"

#include <algorithm>

namespace millrace::data {

std::size_t column::byte_size() const {
  std::size_t n = sizeof(column) + validity_.size() + bits_.size() + ints_.size() * 8 + doubles_.size() * 8 +
                  decimals_.size() * sizeof(decimal) + offsets_.size() * 4 + bytes_.size();
  for (const auto& c : children_)
    n += c->byte_size();
  return n;
}

column_ptr column::from_buffers(data::type type, std::size_t size, std::size_t null_count, buffers b) {
  auto c = std::make_shared<column>();
  c->type_ = std::move(type);
  c->size_ = size;
  c->null_count_ = null_count;
  c->validity_ = std::move(b.validity);
  c->bits_ = std::move(b.bits);
  c->ints_ = std::move(b.ints);
  c->doubles_ = std::move(b.doubles);
  c->decimals_ = std::move(b.decimals);
  c->offsets_ = std::move(b.offsets);
  c->bytes_ = std::move(b.bytes);
  c->children_ = std::move(b.children);
  return c;
}

column_builder::column_builder(data::type type) {
  c_ = std::make_shared<column>();
  c_->type_ = std::move(type);
  reset();
  for (const auto& f : c_->type_.fields())
    children_.emplace_back(f.type);
  if (c_->type_.id() == type_id::list)
    children_.emplace_back(c_->type_.element());
}

void column_builder::reset() {
  if (c_->type_.is_bytes() || c_->type_.id() == type_id::list)
    c_->offsets_.push_back(0);
}

void column_builder::reserve(std::size_t rows) {
  switch (c_->type_.id()) {
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
    c_->ints_.reserve(rows);
    break;
  case type_id::float64:
    c_->doubles_.reserve(rows);
    break;
  case type_id::numeric:
    c_->decimals_.reserve(rows);
    break;
  case type_id::text:
  case type_id::json:
  case type_id::list:
    c_->offsets_.reserve(rows + 1);
    break;
  case type_id::boolean:
    c_->bits_.reserve((rows + 7) / 8);
    break;
  case type_id::object:
    break;
  }
}

void column_builder::mark_present() {
  auto& c = *c_;
  if ((c.size_ & 7) == 0)
    c.validity_.push_back(0);
  set_bit(c.validity_, c.size_);
}

void column_builder::valid(std::size_t count) {
  if (c_->null_count_ == 0) {  // no bitmap yet
    c_->size_ += count;
    return;
  }
  for (; count > 0; --count)
    valid();
}

void column_builder::append_ints(std::span<const std::int64_t> values) {
  c_->ints_.insert(c_->ints_.end(), values.begin(), values.end());
  valid(values.size());
}

void column_builder::append_doubles(std::span<const double> values) {
  c_->doubles_.insert(c_->doubles_.end(), values.begin(), values.end());
  valid(values.size());
}

void column_builder::append_decimals(std::span<const decimal> values) {
  c_->decimals_.insert(c_->decimals_.end(), values.begin(), values.end());
  valid(values.size());
}

void column_builder::append_nulls(std::size_t count) {
  auto& c = *c_;
  const auto rows = c.size_ + count;
  const auto bytes = (rows + 7) / 8;
  switch (c.type_.id()) {
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
    c.ints_.resize(rows);
    break;
  case type_id::float64:
    c.doubles_.resize(rows);
    break;
  case type_id::numeric:
    c.decimals_.resize(rows);
    break;
  case type_id::boolean:
    c.bits_.resize(bytes);
    break;
  case type_id::text:
  case type_id::json:
    c.offsets_.resize(rows + 1, c.offsets_.back());
    break;
  case type_id::list:
    c.offsets_.resize(rows + 1, static_cast<std::int32_t>(children_[0].size()));
    break;
  case type_id::object:
    break;  // the members follow when they are asked for
  }
  grow_validity(rows);
  c.null_count_ += count;
  c.size_ = rows;
}

void column_builder::grow_validity(std::size_t rows) {
  auto& c = *c_;
  if (c.null_count_ == 0) {  // the first null: everything before it is present
    c.validity_.assign(c.size_ / 8, 0xFF);
    if ((c.size_ & 7) != 0)
      c.validity_.push_back(static_cast<std::uint8_t>((1U << (c.size_ & 7)) - 1));
  }
  c.validity_.resize((rows + 7) / 8);
}

void column_builder::append_boolean(bool v) {
  if ((c_->size_ & 7) == 0)
    c_->bits_.push_back(0);
  if (v)
    set_bit(c_->bits_, c_->size_);
  valid();
}

void column_builder::append_list() {
  c_->offsets_.push_back(static_cast<std::int32_t>(children_[0].size()));
  valid();
}

void column_builder::append_from(const column& other, std::size_t row) {
  if (other.is_null(row))
    return append_null();
  switch (other.type().id()) {
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
    return append_int(other.ints()[row]);
  case type_id::float64:
    return append_double(other.doubles()[row]);
  case type_id::numeric:
    return append_decimal(other.decimals()[row]);
  case type_id::boolean:
    return append_boolean(other.boolean_at(row));
  case type_id::text:
  case type_id::json:
    return append_text(other.text_at(row));
  case type_id::object:
    for (std::size_t i = 0; i < children_.size(); ++i)
      child(i).append_from(*other.children()[i], row);
    return append_object();
  case type_id::list:
    for (auto i = other.offsets()[row]; i < other.offsets()[row + 1]; ++i)
      children_[0].append_from(*other.children()[0], static_cast<std::size_t>(i));
    return append_list();
  }
}

/// The values have no null among them.
void column_builder::append_texts(const column& other, std::size_t from, std::size_t to) {
  const auto offsets = other.offsets();
  const auto begin = static_cast<std::size_t>(offsets[from]);
  const auto shift = static_cast<std::int32_t>(c_->bytes_.size()) - offsets[from];
  c_->bytes_.append(other.bytes(), begin, static_cast<std::size_t>(offsets[to]) - begin);
  for (auto i = from + 1; i <= to; ++i)
    c_->offsets_.push_back(offsets[i] + shift);
  valid(to - from);
}

template<class At>
void column_builder::append_presence(const column& other, std::size_t count, At at) {
  std::size_t nulls = 0;
  for (std::size_t i = 0; other.null_count() != 0 && i < count; ++i)
    nulls += bit_at(other.validity(), at(i)) ? 0 : 1;
  if (nulls == 0)
    return valid(count);
  auto& c = *c_;
  grow_validity(c.size_ + count);
  for (std::size_t i = 0; i < count; ++i)
    if (bit_at(other.validity(), at(i)))
      set_bit(c.validity_, c.size_ + i);
  c.null_count_ += nulls;
  c.size_ += count;
}

/// A null row has a value like others: 0, an empty text or list, nulls as members.
template<class At>
void column_builder::append_some(const column& other, std::size_t count, At at) {
  auto& c = *c_;
  const auto gather = [&](auto& to, const auto& from) {
    const auto first = to.size();
    to.resize(first + count);
    for (std::size_t i = 0; i < count; ++i)
      to[first + i] = from[at(i)];
  };
  switch (c.type_.id()) {
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
    gather(c.ints_, other.ints());
    break;
  case type_id::float64:
    gather(c.doubles_, other.doubles());
    break;
  case type_id::numeric:
    gather(c.decimals_, other.decimals());
    break;
  case type_id::boolean:
    c.bits_.resize((c.size_ + count + 7) / 8);
    for (std::size_t i = 0; i < count; ++i)
      if (other.boolean_at(at(i)))
        set_bit(c.bits_, c.size_ + i);
    break;
  case type_id::text:
  case type_id::json:
    put_texts(count, [&](std::size_t i) { return other.text_at(at(i)); });
    break;
  case type_id::object:
    for (std::size_t i = 0; i < children_.size(); ++i)
      child(i).append_some(*other.children()[i], count, at);
    break;
  case type_id::list:
    for (std::size_t i = 0; i < count; ++i) {
      const auto from = static_cast<std::size_t>(other.offsets()[at(i)]);
      children_[0].append_range(*other.children()[0], from,
                                static_cast<std::size_t>(other.offsets()[at(i) + 1]));
      c.offsets_.push_back(static_cast<std::int32_t>(children_[0].size()));
    }
    break;
  }
  append_presence(other, count, at);
}

void column_builder::append_rows(const column& other, std::span<const std::uint32_t> rows) {
  append_some(other, rows.size(), [&](std::size_t i) -> std::size_t { return rows[i]; });
}

void column_builder::append_range(const column& other, std::size_t from, std::size_t to) {
  const auto id = other.type().id();
  if (other.null_count() != 0 || id == type_id::boolean || id == type_id::object || id == type_id::list) {
    append_some(other, to - from, [&](std::size_t i) { return from + i; });
  } else if (id == type_id::float64) {
    append_doubles(other.doubles().subspan(from, to - from));
  } else if (id == type_id::numeric) {
    append_decimals(other.decimals().subspan(from, to - from));
  } else if (other.type().is_bytes()) {
    append_texts(other, from, to);
  } else {
    append_ints(other.ints().subspan(from, to - from));
  }
}

void column_builder::cut(std::size_t rows) {
  auto& c = *c_;
  const auto cut_bits = [&](std::vector<std::uint8_t>& bits) {
    bits.resize((rows + 7) / 8);
    if ((rows & 7) != 0)
      bits.back() = static_cast<std::uint8_t>(bits.back() & ((1U << (rows & 7)) - 1));
  };
  if (c.null_count_ != 0) {
    for (auto i = rows; i < c.size_; ++i)
      c.null_count_ -= bit_at(c.validity_, i) ? 0 : 1;
    cut_bits(c.validity_);
    if (c.null_count_ == 0)
      c.validity_.clear();
  }
  c.size_ = rows;
  switch (c.type_.id()) {
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
    return c.ints_.resize(rows);
  case type_id::float64:
    return c.doubles_.resize(rows);
  case type_id::numeric:
    return c.decimals_.resize(rows);
  case type_id::boolean:
    return cut_bits(c.bits_);
  case type_id::text:
  case type_id::json:
    c.offsets_.resize(rows + 1);
    return c.bytes_.resize(static_cast<std::size_t>(c.offsets_.back()));
  case type_id::object:
    for (auto& child : children_)  // also one that is as long: a list in it may have elements of an open row
      child.cut(std::min(rows, child.size()));
    return;
  case type_id::list:
    c.offsets_.resize(rows + 1);
    return children_[0].cut(static_cast<std::size_t>(c.offsets_.back()));
  }
}

column_ptr column_builder::finish() {
  for (std::size_t i = 0; i < children_.size(); ++i)
    c_->children_.push_back(child(i).finish());
  auto done = std::move(c_);
  c_ = std::make_shared<column>();
  c_->type_ = done->type_;
  reset();
  return done;
}

column_ptr take(const column& c, std::span<const std::uint32_t> rows) {
  column_builder out(c.type());
  out.append_rows(c, rows);
  return out.finish();
}

column_ptr slice(const column& c, std::size_t from, std::size_t to) {
  column_builder out(c.type());
  out.reserve(to - from);
  out.append_range(c, from, to);
  return out.finish();
}

}  // namespace millrace::data
