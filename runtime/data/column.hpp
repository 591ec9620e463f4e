// Immutable typed columns with validity, in Arrow's layout: a validity bitmap (bit 1 = present, least
// significant bit first; absent when nothing is null), fixed-width values, or int32 offsets and bytes.
// Booleans are bit-packed too. Columns are shared by pointer and may be read from any thread; a
// column_builder belongs to one thread.
#pragma once

#include "runtime/base/decimal.hpp"
#include "runtime/data/type.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::data {

class column;
using column_ptr = std::shared_ptr<const column>;

[[nodiscard]] inline bool bit_at(const std::vector<std::uint8_t>& bits, std::size_t i) {
  return (bits[i >> 3] >> (i & 7)) & 1;
}
inline void set_bit(std::vector<std::uint8_t>& bits, std::size_t i) {
  bits[i >> 3] = static_cast<std::uint8_t>(bits[i >> 3] | (1U << (i & 7)));
}

class column {
public:
  [[nodiscard]] const data::type& type() const { return type_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t null_count() const { return null_count_; }
  [[nodiscard]] bool is_null(std::size_t i) const { return null_count_ != 0 && !bit_at(validity_, i); }

  /// bigint, timestamp and date. The value of a null row is 0.
  [[nodiscard]] std::span<const std::int64_t> ints() const {
    assert(type_.is_int());
    return ints_;
  }
  [[nodiscard]] std::span<const double> doubles() const {
    assert(type_.id() == type_id::float64);
    return doubles_;
  }
  /// numeric. Those of numeric(p,s) have scale s; the value of a null row is 0 at scale 0.
  [[nodiscard]] std::span<const decimal> decimals() const {
    assert(type_.id() == type_id::numeric);
    return decimals_;
  }
  [[nodiscard]] bool boolean_at(std::size_t i) const {
    assert(type_.id() == type_id::boolean);
    return bit_at(bits_, i);
  }
  /// text and json; empty for a null row. Valid as long as the column.
  [[nodiscard]] std::string_view text_at(std::size_t i) const {
    return {bytes_.data() + offsets_[i], static_cast<std::size_t>(offsets_[i + 1] - offsets_[i])};
  }

  /// Arrow's buffers, for export and the wire. validity() is empty when nothing is null.
  [[nodiscard]] const std::vector<std::uint8_t>& validity() const { return validity_; }
  [[nodiscard]] const std::vector<std::uint8_t>& bits() const { return bits_; }
  [[nodiscard]] std::span<const std::int32_t> offsets() const { return offsets_; }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  /// An object has one a member; a list has one, its elements (offsets() delimit them).
  [[nodiscard]] const std::vector<column_ptr>& children() const { return children_; }

  /// Bytes held in memory, about.
  [[nodiscard]] std::size_t byte_size() const;

  /// The buffers of a column; those that its type does not use are empty.
  struct buffers {
    std::vector<std::uint8_t> validity;
    std::vector<std::uint8_t> bits;
    std::vector<std::int64_t> ints;
    std::vector<double> doubles;
    std::vector<decimal> decimals;
    std::vector<std::int32_t> offsets;
    std::string bytes;
    std::vector<column_ptr> children;
  };
  /// A column of whole buffers, as the wire brings them. The caller has checked that they fit type and size.
  [[nodiscard]] static column_ptr from_buffers(data::type type, std::size_t size, std::size_t null_count,
                                               buffers b);

private:
  friend class column_builder;
  data::type type_;
  std::size_t size_ = 0;
  std::size_t null_count_ = 0;
  std::vector<std::uint8_t> validity_;
  std::vector<std::uint8_t> bits_;
  std::vector<std::int64_t> ints_;
  std::vector<double> doubles_;
  std::vector<decimal> decimals_;
  std::vector<std::int32_t> offsets_;
  std::string bytes_;
  std::vector<column_ptr> children_;
};

/// Builds one column front to back. Each append_* must fit the type. Text beyond 2 GiB in one column is a bug
/// of the caller: batches are cut at some thousand rows and 1 MiB.
class column_builder {
public:
  explicit column_builder(data::type type);
  void reserve(std::size_t rows);

  void append_null() { append_nulls(1); }
  void append_nulls(std::size_t count);
  void append_int(std::int64_t v) {  // bigint and timestamp
    c_->ints_.push_back(v);
    valid();
  }
  void append_double(double v) {
    c_->doubles_.push_back(v);
    valid();
  }
  /// The caller has checked that it fits numeric(p,s).
  void append_decimal(const decimal& v) {
    c_->decimals_.push_back(v);
    valid();
  }
  void append_boolean(bool v);
  void append_text(std::string_view v) {  // text and json
    c_->bytes_.append(v);
    c_->offsets_.push_back(static_cast<std::int32_t>(c_->bytes_.size()));
    valid();
  }
  /// Many present values at once (bigint and timestamp; double; numeric).
  void append_ints(std::span<const std::int64_t> values);
  void append_doubles(std::span<const double> values);
  void append_decimals(std::span<const decimal> values);
  /// Present texts at once, the one at `i` is text_of(i) (text and json).
  template<class TextOf>
  void append_texts(std::size_t count, TextOf text_of) {
    put_texts(count, text_of);
    valid(count);
  }
  /// The value of another column of the same type.
  void append_from(const column& other, std::size_t row);
  /// The values of rows [from, to).
  void append_range(const column& other, std::size_t from, std::size_t to);
  /// The values of these rows, in that order.
  void append_rows(const column& other, std::span<const std::uint32_t> rows);
  /// Nested: append to the children (builders in member order; of a list the one element builder), then close
  /// the row. Ask for a child in each row: one that was held while its object was null is behind.
  [[nodiscard]] column_builder& child(std::size_t i) {
    auto& c = children_[i];
    if (c_->type_.id() == type_id::object && c.size() < c_->size_)
      c.append_nulls(c_->size_ - c.size());  // the rows in which the object is null
    return c;
  }
  void append_object() { valid(); }
  void append_list();  // all elements appended to child(0) since the last row

  /// Drops all that was appended behind that many rows, also what a child has of a row that is not closed.
  void cut(std::size_t rows);

  [[nodiscard]] std::size_t size() const { return c_->size_; }
  [[nodiscard]] const data::type& type() const { return c_->type_; }
  /// The last value of bigint, timestamp or date; none where it is null. There is a row.
  [[nodiscard]] std::optional<std::int64_t> last_int() const {
    return c_->null_count_ != 0 && !bit_at(c_->validity_, c_->size_ - 1) ? std::nullopt
                                                                         : std::optional(c_->ints_.back());
  }
  /// The column; the builder is empty afterwards and may be used again.
  [[nodiscard]] column_ptr finish();

private:
  /// Most texts are short, and a call of memcpy costs more than they.
  static void copy_text(char* to, std::string_view text) {
    const char* const from = text.data();
    const auto size = text.size();
    const auto ends = [&](auto word) {  // two that may overlap
      std::memcpy(&word, from, sizeof word);
      auto last = word;
      std::memcpy(&last, from + size - sizeof word, sizeof word);
      std::memcpy(to, &word, sizeof word);
      std::memcpy(to + size - sizeof word, &last, sizeof word);
    };
    if (size > 16)
      std::memcpy(to, from, size);
    else if (size >= 8)
      ends(std::uint64_t{});
    else if (size >= 4)
      ends(std::uint32_t{});
    else if (size >= 2)
      ends(std::uint16_t{});
    else if (size == 1)
      *to = *from;
  }
  void append_texts(const column& other, std::size_t from, std::size_t to);
  /// The values of texts; they are present or not by what follows.
  template<class TextOf>
  void put_texts(std::size_t count, TextOf text_of) {
    auto& bytes = c_->bytes_;
    auto& offsets = c_->offsets_;
    auto end = bytes.size();
    const auto first = offsets.size();
    offsets.resize(first + count);
    for (std::size_t i = 0; i < count; ++i)
      offsets[first + i] = static_cast<std::int32_t>(end += std::string_view(text_of(i)).size());
    bytes.resize(end);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view text = text_of(i);
      copy_text(bytes.data() + (offsets[first + i] - static_cast<std::int32_t>(text.size())), text);
    }
  }
  /// The values of rows at(0), at(1) and so on of another column.
  template<class At>
  void append_some(const column& other, std::size_t count, At at);
  template<class At>
  void append_presence(const column& other, std::size_t count, At at);
  /// Makes room in the bitmap for so many rows, null until they are marked.
  void grow_validity(std::size_t rows);
  void valid() {
    if (c_->null_count_ != 0)
      mark_present();
    ++c_->size_;
  }
  void mark_present();  // sets the bit in the bitmap
  void valid(std::size_t count);
  void reset();

  std::shared_ptr<column> c_;
  std::vector<column_builder> children_;
};

/// Rows of a column, by index, in that order (indices may repeat).
[[nodiscard]] column_ptr take(const column& c, std::span<const std::uint32_t> rows);
/// Rows [from, to).
[[nodiscard]] column_ptr slice(const column& c, std::size_t from, std::size_t to);

}  // namespace millrace::data
