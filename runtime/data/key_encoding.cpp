#include "runtime/data/key_encoding.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace millrace::data {
namespace {

constexpr char present = 0x01;
constexpr std::uint64_t sign_bit = 1ULL << 63;

void append_big_endian(std::string& out, std::uint64_t v) {
  char bytes[8];
  for (int i = 7; i >= 0; --i, v >>= 8)
    bytes[i] = static_cast<char>(v & 0xFF);
  out.append(bytes, 8);
}

expected<std::uint64_t> take_big_endian(std::string_view& in) {
  if (in.size() < 8)
    return fatal_error(ec::corrupt, "an encoded key is cut off");
  std::uint64_t v = 0;
  for (int i = 0; i < 8; ++i)
    v = v << 8 | static_cast<unsigned char>(in[static_cast<std::size_t>(i)]);
  in.remove_prefix(8);
  return v;
}

std::uint64_t ordered_bits(double d) {
  if (d == 0)
    d = 0;  // -0
  if (std::isnan(d))
    d = std::numeric_limits<double>::quiet_NaN();
  const auto bits = std::bit_cast<std::uint64_t>(d);
  return (bits & sign_bit) ? ~bits : bits | sign_bit;
}

double from_ordered_bits(std::uint64_t v) {
  return std::bit_cast<double>((v & sign_bit) ? v & ~sign_bit : ~v);
}

void append_escaped(std::string& out, std::string_view text) {
  for (;;) {
    const auto zero = text.find('\0');
    out.append(text.substr(0, zero));
    if (zero == std::string_view::npos)
      break;
    out.push_back('\0');
    out.push_back('\xFF');
    text.remove_prefix(zero + 1);
  }
  out.append(2, '\0');
}

expected<std::string> take_escaped(std::string_view& in) {
  std::string text;
  for (;;) {
    const auto zero = in.find('\0');
    if (zero == std::string_view::npos || zero + 1 >= in.size())
      return fatal_error(ec::corrupt, "an encoded key is cut off");
    text.append(in.substr(0, zero));
    const char next = in[zero + 1];
    in.remove_prefix(zero + 2);
    if (next == '\0')
      return text;
    text.push_back('\0');
  }
}

constexpr unsigned char zero_numeric = 0x80;
constexpr unsigned char numeric_power_0 = 0xC0;

void append_numeric(std::string& out, const decimal& v) {
  if (v.is_zero()) {
    out.push_back(static_cast<char>(zero_numeric));
    return;
  }
  auto digits = text_of(decimal(abs(v).units(), 0));
  auto exponent = static_cast<int>(digits.size()) - v.scale();  // of ten: 0.d1d2... times it
  if (exponent % 2 != 0) {
    digits.insert(digits.begin(), '0');
    ++exponent;
  }
  digits.resize(digits.find_last_not_of('0') + 1);
  if (digits.size() % 2 != 0)
    digits.push_back('0');
  const unsigned char inverted = v.is_negative() ? 0xFF : 0;
  const auto put = [&](int byte) { out.push_back(static_cast<char>(byte ^ inverted)); };
  put(numeric_power_0 + exponent / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2)
    put((digits[i] - '0') * 10 + (digits[i + 1] - '0') + 1);
  put(0);
}

/// The value at the least scale it has; none for other bytes than append_numeric() writes.
std::optional<decimal> take_numeric(std::string_view& in) {
  if (in.empty())
    return std::nullopt;
  const auto first = static_cast<unsigned char>(in.front());
  in.remove_prefix(1);
  if (first == zero_numeric)
    return decimal();
  const bool minus = first < zero_numeric;
  const unsigned char inverted = minus ? 0xFF : 0;
  constexpr std::size_t most_digits = most_decimal_digits + 2;  // with a zero in front and one behind
  std::string digits;
  for (;; in.remove_prefix(1)) {
    if (in.empty())
      return std::nullopt;
    const int digit = static_cast<unsigned char>(in.front() ^ static_cast<char>(inverted)) - 1;
    if (digit < 0)
      break;
    if (digit > 99 || digits.size() == most_digits)
      return std::nullopt;
    digits.push_back(static_cast<char>('0' + digit / 10));
    digits.push_back(static_cast<char>('0' + digit % 10));
  }
  in.remove_prefix(1);
  if (digits.empty() || digits.starts_with("00") || digits.ends_with("00"))
    return std::nullopt;
  auto exponent = 2 * (static_cast<int>(first ^ inverted) - numeric_power_0);
  if (digits.ends_with('0'))
    digits.pop_back();
  if (digits.starts_with('0')) {
    digits.erase(digits.begin());
    --exponent;
  }
  const auto behind_point = static_cast<int>(digits.size()) - exponent;
  if (std::max(behind_point, exponent) > most_decimal_digits || digits.size() > most_decimal_digits)
    return std::nullopt;
  digits.append(static_cast<std::size_t>(std::max(0, -behind_point)), '0');
  unsigned __int128 units = 0;
  for (const char c : digits)
    units = units * 10 + static_cast<unsigned>(c - '0');
  return decimal_of(units, minus, std::max(0, behind_point));
}

/// Takes the first byte: whether a value follows, and not a null.
expected<bool> take_presence(std::string_view& in) {
  if (in.empty() || (in.front() != present && in.front() != absent_key))
    return fatal_error(ec::corrupt, "an encoded key is malformed");
  const bool is_present = in.front() == present;
  in.remove_prefix(1);
  return is_present;
}

}  // namespace

void append_key(std::string& out, const column& c, std::size_t row) {
  if (c.is_null(row)) {
    out.push_back(absent_key);
    return;
  }
  out.push_back(present);
  switch (c.type().id()) {
  case type_id::boolean:
    out.push_back(c.boolean_at(row) ? 1 : 0);
    break;
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
    append_big_endian(out, static_cast<std::uint64_t>(c.ints()[row]) ^ sign_bit);
    break;
  case type_id::float64:
    append_big_endian(out, ordered_bits(c.doubles()[row]));
    break;
  case type_id::numeric:
    append_numeric(out, c.decimals()[row]);
    break;
  case type_id::text:
  case type_id::json:
    append_escaped(out, c.text_at(row));
    break;
  case type_id::object:
  case type_id::list:
    assert(!"nested columns are not keys");
    break;
  }
}

std::uint64_t hash_key(std::string_view encoded) { return XXH3_64bits(encoded.data(), encoded.size()); }

expected<void> decode_key(std::string_view& in, column_builder& out) {
  ASSIGN_OR_RETURN(const bool is_present, take_presence(in));
  if (!is_present) {
    out.append_null();
    return {};
  }
  switch (out.type().id()) {
  case type_id::boolean:
    if (in.empty())
      return fatal_error(ec::corrupt, "an encoded key is cut off");
    out.append_boolean(in.front() != 0);
    in.remove_prefix(1);
    return {};
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
    return take_big_endian(in).map([&](auto v) { out.append_int(static_cast<std::int64_t>(v ^ sign_bit)); });
  case type_id::float64:
    return take_big_endian(in).map([&](auto v) { out.append_double(from_ordered_bits(v)); });
  case type_id::text:
  case type_id::json:
    return take_escaped(in).map([&](const std::string& v) { out.append_text(v); });
  case type_id::numeric: {
    const auto taken = take_numeric(in);
    const auto v = taken ? fitted(*taken, out.type()) : std::nullopt;
    if (!v)
      return fatal_error(ec::corrupt, "an encoded key is not a numeric");
    out.append_decimal(*v);
    return {};
  }
  default:
    return our_error("nested columns are not keys");
  }
}

expected<std::optional<decimal>> decode_numeric(std::string_view& in) {
  ASSIGN_OR_RETURN(const bool is_present, take_presence(in));
  if (!is_present)
    return std::optional<decimal>();
  const auto v = take_numeric(in);
  if (!v)
    return fatal_error(ec::corrupt, "an encoded key is not a numeric");
  return v;
}

bool skip_key(std::string_view& in, const type& t) {
  const auto type = t.id();
  const auto is_present = take_presence(in);
  if (!is_present || !*is_present)
    return is_present.has_value();
  if (type == type_id::text || type == type_id::json) {
    for (auto zero = in.find('\0'); zero != std::string_view::npos && zero + 1 < in.size();
         zero = in.find('\0')) {
      const char next = in[zero + 1];
      in.remove_prefix(zero + 2);
      if (next == '\0')
        return true;
    }
    return false;
  }
  if (type == type_id::numeric) {
    const auto v = take_numeric(in);
    return v && fitted(*v, t);
  }
  const std::size_t size = type == type_id::boolean                           ? 1
                           : type == type_id::object || type == type_id::list ? in.size() + 1
                                                                              : 8;
  if (in.size() < size)
    return false;
  in.remove_prefix(size);
  return true;
}

namespace {

std::size_t zeros_in(std::string_view bytes) {
  constexpr std::size_t block = 240;  // a sum of bytes fits a byte, and its lanes a register
  std::size_t zeros = 0;
  const auto count = [&](const char* from, std::size_t n) {
    std::uint8_t here = 0;
    for (std::size_t i = 0; i < n; ++i)
      here = static_cast<std::uint8_t>(here + (from[i] == '\0' ? 1 : 0));
    zeros += here;
  };
  for (; bytes.size() >= block; bytes.remove_prefix(block))
    count(bytes.data(), block);
  count(bytes.data(), bytes.size());
  return zeros;
}

/// Each text begins and ends as one does, and has no zero between: there are no more of them than the ends have.
/// False also for texts with escaped zeros.
bool are_plain_texts(std::string_view encoded, std::span<const std::uint32_t> ends) {
  bool good = true;
  std::size_t texts = 0;
  const auto* begin = encoded.data();
  for (const auto at : ends) {
    const auto* end = encoded.data() + at;
    if (end - begin >= 3) {
      good &= (begin[0] == present) & (end[-2] == '\0') & (end[-1] == '\0');
      ++texts;
    } else {
      good &= end - begin == 1 && begin[0] == absent_key;
    }
    begin = end;
  }
  return good && zeros_in(encoded) == 2 * texts;
}

/// The same for values of so many bytes.
bool are_plain_values(std::string_view encoded, std::span<const std::uint32_t> ends, std::ptrdiff_t size) {
  bool good = true;
  const auto* begin = encoded.data();
  for (const auto at : ends) {
    const auto* end = encoded.data() + at;
    good &= (end - begin == 1 + size && begin[0] == present) || (end - begin == 1 && begin[0] == absent_key);
    begin = end;
  }
  return good;
}

}  // namespace

bool are_ends(std::string_view encoded, std::span<const std::uint32_t> ends) {
  if (ends.empty())
    return encoded.empty();
  bool descend = false;
  for (std::size_t i = 1; i < ends.size(); ++i)
    descend |= ends[i] < ends[i - 1];
  return !descend && ends.back() == encoded.size();
}

bool are_keys(std::string_view encoded, std::span<const std::uint32_t> ends, const type& t) {
  if (!are_ends(encoded, ends))
    return false;
  const auto type = t.id();
  switch (type) {
  case type_id::boolean:
    return are_plain_values(encoded, ends, 1);
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
  case type_id::float64:
    return are_plain_values(encoded, ends, 8);
  default:
    break;
  }
  if ((type == type_id::text || type == type_id::json) && are_plain_texts(encoded, ends))
    return true;
  std::uint32_t begin = 0;
  return std::ranges::all_of(ends, [&](std::uint32_t end) {
    auto part = encoded.substr(begin, end - begin);
    begin = end;
    return skip_key(part, t) && part.empty();
  });
}

}  // namespace millrace::data
