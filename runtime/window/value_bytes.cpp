#include "runtime/window/value_bytes.hpp"

#include "runtime/data/key_encoding.hpp"
#include "runtime/data/plain_numeric.hpp"

namespace millrace::window {
namespace {

/// `out` is none for a null.
bool take_numeric(std::string_view& in, std::optional<decimal>& out) {
  const auto v = data::decode_numeric(in);
  if (!v)
    return false;
  out = *v;
  if (!out)
    return true;
  if (in.empty())
    return false;
  const int scale = static_cast<unsigned char>(in.front());
  in.remove_prefix(1);
  out = scale <= most_decimal_digits ? at_scale(*out, scale) : std::nullopt;
  return out.has_value();
}

}  // namespace

void append_value_bytes(std::string& out, const data::column& c, std::size_t row) {
  data::append_key(out, c, row);
  if (data::is_plain_numeric(c.type()) && !c.is_null(row))
    out.push_back(static_cast<char>(c.decimals()[row].scale()));
}

bool read_value_bytes(std::string_view& in, data::column_builder& out) {
  if (!data::is_plain_numeric(out.type()))
    return data::decode_key(in, out).has_value();
  std::optional<decimal> v;
  if (!take_numeric(in, v))
    return false;
  if (v)
    out.append_decimal(*v);
  else
    out.append_null();
  return true;
}

bool skip_value_bytes(std::string_view& in, const data::type& t) {
  std::optional<decimal> v;
  return data::is_plain_numeric(t) ? take_numeric(in, v) : data::skip_key(in, t);
}

void put_decimal(wire::writer& out, const decimal& v) {
  out.fixed(static_cast<std::uint8_t>(v.scale()));
  out.fixed(v.low());
  out.fixed(v.high());
}

std::optional<decimal> take_decimal(wire::reader& in) {
  const int scale = in.fixed<std::uint8_t>();
  const auto low = in.fixed<std::uint64_t>();
  const auto high = in.fixed<std::uint64_t>();
  const auto units = units_of_words(low, high);
  if (in.ok() && scale <= most_decimal_digits && fits_decimal(units))
    return decimal(units, scale);
  in.fail();
  return std::nullopt;
}

}  // namespace millrace::window
