#include "runtime/wire/batch_format.hpp"

#include "runtime/data/empty_object.hpp"
#include "runtime/wire/format_version.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>

namespace millrace::wire {
namespace {

using data::column;
using data::column_ptr;
using data::type;
using data::type_id;

constexpr std::uint8_t format_version = 2;
/// Offsets are int32, row numbers uint32: no column can be longer.
constexpr std::uint64_t max_rows = std::numeric_limits<std::int32_t>::max();

/// This byte precedes a column's buffers.
enum class presence : std::uint8_t { projected_away = 0, without_nulls = 1, with_nulls = 2 };

unexpected damaged(std::string_view what) {
  return fatal_error(ec::corrupt, "an encoded batch is damaged: " + std::string(what));
}

bool has_a_column(const data::batch& b) {
  return std::ranges::any_of(b.columns, [](const auto& c) { return c != nullptr; });
}

// ---- encoding

template<class T>
void put_values(writer& out, std::span<const T> values) {
  if (!values.empty())
    out.raw({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

void put_bits(writer& out, const std::vector<std::uint8_t>& bits) {
  put_values(out, std::span<const std::uint8_t>(bits));
}

/// Validity of rows that are all present.
void put_ones(writer& out, std::size_t rows) {
  for (; rows >= 8; rows -= 8)
    out.fixed(std::uint8_t{0xff});
  if (rows != 0)
    out.fixed(static_cast<std::uint8_t>((1U << rows) - 1));
}

/// The units, 16 bytes each, then the scales, one byte each.
void put_decimals(writer& out, std::span<const decimal> values) {
  std::string units(values.size() * sizeof(__int128), '\0');
  std::string scales(values.size(), '\0');
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto u = values[i].units();
    std::memcpy(units.data() + i * sizeof u, &u, sizeof u);
    scales[i] = static_cast<char>(values[i].scale());
  }
  out.raw(units);
  out.raw(scales);
}

void encode_column(writer& out, const column& c) {
  const bool validity = c.null_count() != 0 || is_empty_object(c.type());
  out.fixed(static_cast<std::uint8_t>(validity ? presence::with_nulls : presence::without_nulls));
  if (c.null_count() != 0)
    put_bits(out, c.validity());
  else if (validity)
    put_ones(out, c.size());
  switch (c.type().id()) {
  case type_id::boolean:
    return put_bits(out, c.bits());
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
    return put_values(out, c.ints());
  case type_id::float64:
    return put_values(out, c.doubles());
  case type_id::numeric:
    return put_decimals(out, c.decimals());
  case type_id::text:
  case type_id::json:
    put_values(out, c.offsets());
    return out.raw(c.bytes());
  case type_id::list:
    put_values(out, c.offsets());
    return encode_column(out, *c.children().front());
  case type_id::object:
    for (const auto& child : c.children())
      encode_column(out, *child);
    return;
  }
}

// ---- decoding

/// Copies n values; fails before it allocates when the bytes are not there.
template<class T>
bool take_values(reader& in, std::size_t n, std::vector<T>& out) {
  if (n > in.remaining() / sizeof(T)) {
    in.fail();
    return false;
  }
  out.resize(n);
  if (const auto raw = in.raw(n * sizeof(T)); !raw.empty())
    std::memcpy(out.data(), raw.data(), raw.size());
  return in.ok();
}

/// The same for decimals; false also where one is none of the type.
bool take_decimals(reader& in, const type& t, std::size_t n, column::buffers& out) {
  constexpr auto unit_bytes = sizeof(__int128);
  if (n > in.remaining() / (unit_bytes + 1)) {
    in.fail();
    return false;
  }
  const auto units = in.raw(n * unit_bytes);
  const auto scales = in.raw(n);
  if (!in.ok())
    return false;
  out.decimals.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    __int128 u = 0;
    std::memcpy(&u, units.data() + i * unit_bytes, unit_bytes);
    const int scale = static_cast<unsigned char>(scales[i]);
    if (!fits_decimal(u) || scale > most_decimal_digits)
      return false;
    out.decimals.emplace_back(u, scale);
    const bool present = out.validity.empty() || data::bit_at(out.validity, i);
    if (present && !data::holds(t, out.decimals.back()))
      return false;
  }
  return true;
}

bool take_bits(reader& in, std::size_t rows, std::vector<std::uint8_t>& out) {
  if (!take_values(in, (rows + 7) / 8, out))
    return false;
  const bool padding_is_zero = rows % 8 == 0 || out.back() >> (rows % 8) == 0;
  return padding_is_zero;
}

/// Reads offsets, which ascend from 0; the last one tells how much follows them.
bool take_offsets(reader& in, std::size_t rows, std::vector<std::int32_t>& out) {
  return take_values(in, rows + 1, out) && out.front() == 0 && std::is_sorted(out.begin(), out.end());
}

/// A null row's value is zero, empty, or null all the way down: columns promise it to their readers.
bool nulls_are_blank(const type& t, std::size_t rows, const column::buffers& b) {
  for (std::size_t i = 0; i < rows; ++i) {
    if (data::bit_at(b.validity, i))
      continue;
    switch (t.id()) {
    case type_id::boolean:
      if (data::bit_at(b.bits, i))
        return false;
      break;
    case type_id::bigint:
    case type_id::timestamp:
    case type_id::date:
      if (b.ints[i] != 0)
        return false;
      break;
    case type_id::float64:
      if (std::bit_cast<std::uint64_t>(b.doubles[i]) != 0)
        return false;
      break;
    case type_id::numeric:
      if (!b.decimals[i].is_zero() || b.decimals[i].scale() != 0)
        return false;
      break;
    case type_id::text:
    case type_id::json:
    case type_id::list:
      if (b.offsets[i] != b.offsets[i + 1])
        return false;
      break;
    case type_id::object:
      for (const auto& child : b.children)
        if (!child->is_null(i))
          return false;
      break;
    }
  }
  return true;
}

expected<column_ptr> decode_column(reader& in, const type& t, std::size_t rows, presence p);

expected<column_ptr> decode_child(reader& in, const type& t, std::size_t rows) {
  const presence p{in.fixed<std::uint8_t>()};
  if (p != presence::without_nulls && p != presence::with_nulls)
    return damaged("a nested column is missing");
  return decode_column(in, t, rows, p);
}

expected<void> taken(bool all) { return all ? expected<void>() : damaged("values of a column are cut off"); }

expected<void> decode_buffers(reader& in, const type& t, std::size_t rows, column::buffers& b) {
  switch (t.id()) {
  case type_id::boolean:
    if (!take_bits(in, rows, b.bits))
      return damaged("bits of a boolean column");
    return {};
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
    return taken(take_values(in, rows, b.ints));
  case type_id::float64:
    return taken(take_values(in, rows, b.doubles));
  case type_id::numeric:
    if (!take_decimals(in, t, rows, b))
      return damaged("values of a numeric column");
    return {};
  case type_id::text:
  case type_id::json:
    if (!take_offsets(in, rows, b.offsets))
      return damaged("offsets of a text column");
    b.bytes = in.raw(static_cast<std::size_t>(b.offsets.back()));
    if (!in.ok())
      return damaged("bytes of a text column are cut off");
    return {};
  case type_id::list: {
    if (!take_offsets(in, rows, b.offsets))
      return damaged("offsets of a list column");
    ASSIGN_OR_RETURN(auto elements,
                     decode_child(in, t.element(), static_cast<std::size_t>(b.offsets.back())));
    b.children.push_back(std::move(elements));
    return {};
  }
  case type_id::object:
    for (const auto& member : t.fields()) {
      ASSIGN_OR_RETURN(auto child, decode_child(in, member.type, rows));
      b.children.push_back(std::move(child));
    }
    return {};
  }
  return damaged("unknown type");
}

expected<column_ptr> decode_column(reader& in, const type& t, std::size_t rows, presence p) {
  column::buffers b;
  std::size_t nulls = 0;
  const bool validity_always = is_empty_object(t);  // its values have no other bytes
  if (p == presence::without_nulls && validity_always)
    return damaged("objects without members that no bytes stand for");
  if (p == presence::with_nulls) {
    if (!take_bits(in, rows, b.validity))
      return damaged("validity of a column");
    nulls = rows;
    for (const auto byte : b.validity)
      nulls -= static_cast<std::size_t>(std::popcount(byte));
    if (nulls == 0 && !validity_always)
      return damaged("validity of a column without nulls");
    if (nulls == 0)
      b.validity.clear();
  }
  RETURN_IF_ERROR(decode_buffers(in, t, rows, b));
  if (nulls != 0 && !nulls_are_blank(t, rows, b))
    return damaged("a null row has a value");
  return column::from_buffers(t, rows, nulls, std::move(b));
}

expected<type> decode_type_at(reader& in, int depth);

/// `depth` is that of the fields' types.
expected<std::vector<data::field>> decode_fields(reader& in, int depth) {
  const auto count = in.varint();
  if (count > in.remaining() / 2)  // a name's length and a type are two bytes at least
    return damaged("more columns than bytes");
  std::vector<data::field> fields;
  fields.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string name(in.string());
    ASSIGN_OR_RETURN(auto t, decode_type_at(in, depth));
    fields.push_back({std::move(name), std::move(t)});
  }
  return fields;
}

expected<type> decode_type_at(reader& in, int depth) {
  if (depth > max_type_depth)
    return damaged("types nest too deep");
  const auto id = in.fixed<std::uint8_t>();
  if (!in.ok())
    return damaged("a type is cut off");
  if (id > static_cast<std::uint8_t>(type_id::date))
    return damaged("unknown type " + std::to_string(id));
  switch (type_id{id}) {
  case type_id::object: {
    ASSIGN_OR_RETURN(auto fields, decode_fields(in, depth + 1));
    return type::object_of(std::move(fields));
  }
  case type_id::list: {
    ASSIGN_OR_RETURN(auto element, decode_type_at(in, depth + 1));
    return type::list_of(std::move(element));
  }
  case type_id::numeric: {
    const auto precision = in.fixed<std::uint8_t>();
    const auto scale = in.fixed<std::uint8_t>();
    const bool is_plain = precision == 0 && scale == 0;
    if (!in.ok() || !(is_plain || data::is_numeric(precision, scale)))
      return damaged("precision and scale of a numeric");
    return type::numeric_of(precision, scale);
  }
  default:
    return type(type_id{id});
  }
}

}  // namespace

void encode_type(writer& out, const type& t) {
  out.fixed(static_cast<std::uint8_t>(t.id()));
  if (t.id() == type_id::list)
    encode_type(out, t.element());
  if (t.id() == type_id::numeric) {
    out.fixed(static_cast<std::uint8_t>(t.precision()));
    out.fixed(static_cast<std::uint8_t>(t.scale()));
  }
  if (t.id() == type_id::object) {
    out.varint(t.fields().size());
    for (const auto& member : t.fields()) {
      out.string(member.name);
      encode_type(out, member.type);
    }
  }
}

expected<type> decode_type(reader& in) { return decode_type_at(in, 1); }

void encode_batch(writer& out, const data::batch& b) {
  const std::size_t columns = b.schema ? b.schema->size() : 0;
  assert(b.rows <= max_unbacked || has_a_column(b));
  out.fixed(format_version);
  out.varint(columns);
  for (std::size_t i = 0; i < columns; ++i) {
    out.string((*b.schema)[i].name);
    encode_type(out, (*b.schema)[i].type);
  }
  out.varint(b.rows);
  for (std::size_t i = 0; i < columns; ++i) {
    if (b.columns[i])
      encode_column(out, *b.columns[i]);
    else
      out.fixed(static_cast<std::uint8_t>(presence::projected_away));
  }
}

expected<data::batch> decode_batch(reader& in) {
  RETURN_IF_ERROR(read_format_version(in, "an encoded batch", format_version));
  if (!in.ok())
    return damaged("it is cut off");
  ASSIGN_OR_RETURN(auto fields, decode_fields(in, 1));
  data::batch b{std::make_shared<const data::schema>(std::move(fields)), {}, 0};
  const auto rows = in.varint();
  if (!in.ok() || rows > max_rows)
    return damaged("number of rows");
  b.rows = rows;
  b.columns.reserve(b.schema->size());
  const auto most_unbacked = std::max<std::uint64_t>(max_unbacked, in.remaining() * 8);
  for (const auto& f : *b.schema) {
    const auto p = in.fixed<std::uint8_t>();
    if (!in.ok() || p > static_cast<std::uint8_t>(presence::with_nulls))
      return damaged("a column is cut off");
    if (presence{p} == presence::projected_away) {
      b.columns.emplace_back();
      continue;
    }
    ASSIGN_OR_RETURN(auto c, decode_column(in, f.type, rows, presence{p}));
    b.columns.push_back(std::move(c));
  }
  if (!has_a_column(b) && rows > most_unbacked)
    return damaged("rows without a column");
  return b;
}

}  // namespace millrace::wire
