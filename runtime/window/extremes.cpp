// min and max. Each takes the order of the encoded keys (data/key_encoding.hpp): NaN is the greatest double,
// texts go by their bytes. -0 is below 0, so that which of the two comes out is no matter of arrival; of equal
// numerics that of the greatest scale comes out.
#include "runtime/window/aggregate_entries.hpp"
#include "runtime/window/value_bytes.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace millrace::window {
namespace {

/// Values as integers in the order of the type.
struct integral {
  static std::int64_t ordered(const data::column& c, std::uint32_t row) { return c.ints()[row]; }
  static void append(data::column_builder& out, std::int64_t v) { out.append_int(v); }
};

struct boolean {
  static std::int64_t ordered(const data::column& c, std::uint32_t row) { return c.boolean_at(row) ? 1 : 0; }
  static void append(data::column_builder& out, std::int64_t v) { out.append_boolean(v != 0); }
};

struct floating {
  static std::int64_t ordered(const data::column& c, std::uint32_t row) {
    auto d = c.doubles()[row];
    if (std::isnan(d))
      d = std::numeric_limits<double>::quiet_NaN();
    return flip(std::bit_cast<std::int64_t>(d));
  }
  static void append(data::column_builder& out, std::int64_t v) {
    out.append_double(std::bit_cast<double>(flip(v)));
  }
  /// Negative doubles order the other way round; its own inverse.
  static std::int64_t flip(std::int64_t bits) {
    return bits ^ static_cast<std::int64_t>(static_cast<std::uint64_t>(bits >> 63) >> 1);
  }
};

struct extreme {
  std::int64_t value;
  std::uint64_t present;
};

template<bool Greatest>
void take(extreme& s, std::int64_t v) {
  if (s.present == 0 || (Greatest ? v > s.value : v < s.value))
    s = {v, 1};
}

template<class Kind, bool Greatest>
void add_values(const states& to, rows into, const contribution& of, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    take<Greatest>(to.at<extreme>(into[i]), Kind::ordered(*of.argument, from[i]));
}

template<bool Greatest>
void merge_values(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    if (const auto& o = other.at<extreme>(from[i]); o.present != 0)
      take<Greatest>(to.at<extreme>(into[i]), o.value);
}

bool rests_on_value(const states& merged, std::uint32_t i, const states& part, std::uint32_t j) {
  const auto& p = part.at<extreme>(j);
  return p.present != 0 && p.value == merged.at<extreme>(i).value;
}

void encode_value(wire::writer& out, const states& from, std::uint32_t i) {
  const auto& s = from.at<extreme>(i);
  out.fixed(static_cast<std::uint8_t>(s.present));
  if (s.present != 0)
    out.fixed(s.value);
}

template<class Kind>
bool is_value(const extreme& s) {
  const bool in_range = !std::is_same_v<Kind, boolean> || static_cast<std::uint64_t>(s.value) <= 1;
  return in_range & ((s.present == 1) | ((s.present | static_cast<std::uint64_t>(s.value)) == 0));
}

template<class Kind>
bool decode_value(wire::reader& in, const states& to, std::uint32_t i) {
  auto& s = to.at<extreme>(i);
  s = {};
  s.present = in.fixed<std::uint8_t>();
  if (s.present != 0)
    s.value = in.fixed<std::int64_t>();
  return in.ok() && is_value<Kind>(s);
}

template<class Kind>
void finish_values(const aggregate&, const states& from, rows of, data::column_builder& out,
                   std::vector<std::uint32_t>&) {
  for (const auto i : of) {
    const auto& s = from.at<extreme>(i);
    if (s.present != 0)
      Kind::append(out, s.value);
    else
      out.append_null();
  }
}

struct text_extreme {
  std::uint64_t text;  // a number in the side store, 0 for none
};

template<bool Greatest>
void take(text_extreme& s, side_store& side, std::string_view v) {
  if (s.text == 0)
    s.text = side.add_text(v);
  else if (const auto now = side.text(static_cast<std::uint32_t>(s.text)); Greatest ? v > now : v < now)
    side.set_text(static_cast<std::uint32_t>(s.text), v);
}

template<bool Greatest>
void add_texts(const states& to, rows into, const contribution& of, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    take<Greatest>(to.at<text_extreme>(into[i]), *to.side, of.argument->text_at(from[i]));
}

template<bool Greatest>
void merge_texts(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    if (const auto& o = other.at<text_extreme>(from[i]); o.text != 0)
      take<Greatest>(to.at<text_extreme>(into[i]), *to.side,
                     other.side->text(static_cast<std::uint32_t>(o.text)));
}

bool rests_on_text(const states& merged, std::uint32_t i, const states& part, std::uint32_t j) {
  const auto p = static_cast<std::uint32_t>(part.at<text_extreme>(j).text);
  const auto m = static_cast<std::uint32_t>(merged.at<text_extreme>(i).text);
  return p != 0 && part.side->text(p) == merged.side->text(m);
}

void adopt_text(const states& to, std::uint32_t i, const side_store& origin) {
  auto& s = to.at<text_extreme>(i);
  if (s.text != 0)
    s.text = to.side->add_text(origin.text(static_cast<std::uint32_t>(s.text)));
}

void encode_text(wire::writer& out, const states& from, std::uint32_t i) {
  const auto& s = from.at<text_extreme>(i);
  out.fixed(static_cast<std::uint8_t>(s.text != 0));
  if (s.text != 0)
    out.string(from.side->text(static_cast<std::uint32_t>(s.text)));
}

bool decode_text(wire::reader& in, const states& to, std::uint32_t i) {
  auto& s = to.at<text_extreme>(i);
  const auto present = in.fixed<std::uint8_t>();
  if (!in.ok() || present > 1)
    return false;
  if (present == 0) {
    s.text = 0;
    return true;
  }
  const auto text = in.string();
  if (s.text == 0)
    s.text = to.side->add_text(text);
  else
    to.side->set_text(static_cast<std::uint32_t>(s.text), text);
  return in.ok();
}

void finish_texts(const aggregate&, const states& from, rows of, data::column_builder& out,
                  std::vector<std::uint32_t>&) {
  for (const auto i : of) {
    const auto& s = from.at<text_extreme>(i);
    if (s.text != 0)
      out.append_text(from.side->text(static_cast<std::uint32_t>(s.text)));
    else
      out.append_null();
  }
}

struct decimal_extreme {
  std::uint64_t low, high;  // the units
  std::uint64_t scale;      // and 1; 0 for none

  [[nodiscard]] decimal value() const { return {units_of_words(low, high), static_cast<int>(scale) - 1}; }
};

template<bool Greatest>
void take(decimal_extreme& s, const decimal& v) {
  if (s.scale != 0) {
    const auto now = s.value();
    const auto order = v <=> now;
    if (order == 0 ? v.scale() <= now.scale() : (order > 0) != Greatest)
      return;
  }
  s = {v.low(), v.high(), static_cast<std::uint64_t>(v.scale()) + 1};
}

template<bool Greatest>
void add_decimals(const states& to, rows into, const contribution& of, rows from) {
  const auto values = of.argument->decimals();
  for (std::size_t i = 0; i < into.size(); ++i)
    take<Greatest>(to.at<decimal_extreme>(into[i]), values[from[i]]);
}

template<bool Greatest>
void merge_decimals(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    if (const auto& o = other.at<decimal_extreme>(from[i]); o.scale != 0)
      take<Greatest>(to.at<decimal_extreme>(into[i]), o.value());
}

bool rests_on_decimal(const states& merged, std::uint32_t i, const states& part, std::uint32_t j) {
  const auto& p = part.at<decimal_extreme>(j);
  const auto& m = merged.at<decimal_extreme>(i);
  return p.scale != 0 && p.scale == m.scale && p.low == m.low && p.high == m.high;
}

void encode_decimal(wire::writer& out, const states& from, std::uint32_t i) {
  const auto& s = from.at<decimal_extreme>(i);
  out.fixed(static_cast<std::uint8_t>(s.scale != 0));
  if (s.scale != 0)
    put_decimal(out, s.value());
}

bool decode_decimal(wire::reader& in, const states& to, std::uint32_t i) {
  auto& s = to.at<decimal_extreme>(i);
  s = {};
  const auto present = in.fixed<std::uint8_t>();
  if (present > 1)
    return false;
  if (present != 0)
    if (const auto v = take_decimal(in))
      take<true>(s, *v);
  return in.ok();
}

bool is_decimal(const decimal_extreme& s) {
  return s.scale == 0 ? (s.low | s.high) == 0
                      : s.scale <= most_decimal_digits + 1 && fits_decimal(s.value().units());
}

/// Only damaged bytes have values that the column cannot have.
void finish_decimals(const aggregate& what, const states& from, rows of, data::column_builder& out,
                     std::vector<std::uint32_t>& failed) {
  for (std::uint32_t n = 0; n < of.size(); ++n) {
    const auto& s = from.at<decimal_extreme>(of[n]);
    const auto v = s.scale != 0 ? data::fitted(s.value(), what.result) : std::nullopt;
    if (v) {
      out.append_decimal(*v);
      continue;
    }
    if (s.scale != 0)
      failed.push_back(n);
    out.append_null();
  }
}

template<class Kind, bool Greatest>
constexpr aggregate_ops values_entry{.size = sizeof(extreme),
                                     .add = add_values<Kind, Greatest>,
                                     .merge = merge_values<Greatest>,
                                     .rests_on = rests_on_value,
                                     .encode = encode_value,
                                     .decode = decode_value<Kind>,
                                     .are_states = are_all<extreme, is_value<Kind>>,
                                     .finish = finish_values<Kind>};

template<bool Greatest>
constexpr aggregate_ops texts_entry{.size = sizeof(text_extreme),
                                    .add = add_texts<Greatest>,
                                    .merge = merge_texts<Greatest>,
                                    .rests_on = rests_on_text,
                                    .adopt = adopt_text,
                                    .encode = encode_text,
                                    .decode = decode_text,
                                    .finish = finish_texts};

template<bool Greatest>
constexpr aggregate_ops decimals_entry{.size = sizeof(decimal_extreme),
                                       .add = add_decimals<Greatest>,
                                       .merge = merge_decimals<Greatest>,
                                       .rests_on = rests_on_decimal,
                                       .encode = encode_decimal,
                                       .decode = decode_decimal,
                                       .are_states = are_all<decimal_extreme, is_decimal>,
                                       .finish = finish_decimals};

template<bool Greatest>
const aggregate_ops* find(data::type_id type) {
  switch (type) {
  case data::type_id::bigint:
  case data::type_id::timestamp:
  case data::type_id::date:
    return &values_entry<integral, Greatest>;
  case data::type_id::float64:
    return &values_entry<floating, Greatest>;
  case data::type_id::numeric:
    return &decimals_entry<Greatest>;
  case data::type_id::boolean:
    return &values_entry<boolean, Greatest>;
  case data::type_id::text:
    return &texts_entry<Greatest>;
  default:
    return nullptr;
  }
}

}  // namespace

const aggregate_ops* find_extreme(bool greatest, data::type_id type) {
  return greatest ? find<true>(type) : find<false>(type);
}

}  // namespace millrace::window
