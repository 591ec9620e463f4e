#include "runtime/avro/scalar_value.hpp"

#include "runtime/base/hex_digits.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

namespace millrace::avro {
namespace {

constexpr std::int64_t micros_a_second = 1'000'000;
constexpr std::int64_t seconds_a_day = 86'400;

/// A big-endian number in two's complement, of any length.
bool read_units(std::string_view bytes, int scale, decimal& out) {
  constexpr std::size_t most = sizeof(__int128);
  const bool minus = !bytes.empty() && (static_cast<unsigned char>(bytes.front()) & 0x80) != 0;
  const char sign = minus ? '\xFF' : '\0';
  while (bytes.size() > most && bytes.front() == sign)
    bytes.remove_prefix(1);
  if (bytes.size() > most)
    return false;
  auto units = minus ? ~static_cast<unsigned __int128>(0) : static_cast<unsigned __int128>(0);
  for (const char c : bytes)
    units = units << 8 | static_cast<unsigned char>(c);
  const auto number = static_cast<__int128>(units);
  if ((number < 0) != minus || !fits_decimal(number))
    return false;
  int kept = scale;
  auto rest = number;
  for (; kept > most_decimal_digits && rest % 10 == 0; --kept)
    rest /= 10;
  if (kept > most_decimal_digits) {
    if (number != 0)
      return false;
    kept = most_decimal_digits;
  }
  out = decimal(rest, kept);
  return true;
}

/// HH:MM:SS, and the microseconds where there are some.
bool read_time_of_day(std::int64_t v, std::int64_t micros, std::string& out) {
  if (v < 0 || v >= seconds_a_day * micros_a_second / micros)
    return false;
  v *= micros;
  const auto seconds = v / micros_a_second;
  out = fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (const auto rest = v % micros_a_second; rest != 0)
    out += fmt::format(".{:06}", rest);
  return true;
}

std::string uuid_of(std::string_view bytes) {
  auto out = hex_of(bytes);
  for (const std::size_t hyphen : {8, 13, 18, 23})
    out.insert(hyphen, 1, '-');
  return out;
}

/// Values that are read from bytes of a length: bytes, string and fixed.
bool read_bytes(const reading& how, cursor& at, scalar_value& out, std::string& scratch, std::string& why) {
  std::string_view bytes;
  if (how.from == kind::fixed ? !at.fixed(how.size, bytes) : !at.bytes(bytes)) {
    why = unreadable(how.from, at);
    return false;
  }
  switch (how.as) {
  case content::decimal: {
    decimal v;
    if (!read_units(bytes, how.scale, v)) {
      why = fmt::format("the decimal of {} bytes at scale {} has more than {} digits", bytes.size(),
                        how.scale, most_decimal_digits);
      return false;
    }
    out = v;
    return true;
  }
  case content::uuid:
    scratch = uuid_of(bytes);
    out = std::string_view(scratch);
    return true;
  case content::binary:
    scratch = data::base64(bytes);
    out = std::string_view(scratch);
    return true;
  default:
    out = bytes;
    return true;
  }
}

bool read_number(const reading& how, cursor& at, scalar_value& out, std::string& scratch, std::string& why) {
  std::int64_t v = 0;
  if (how.from == kind::int32 ? !at.short_integer(v) : !at.integer(v)) {
    why = unreadable(how.from, at);
    return false;
  }
  switch (how.as) {
  case content::real:
    out = static_cast<double>(v);
    return true;
  case content::date:
    if (!is_date(v)) {
      why = fmt::format("the date of {} days after 1970 {}", v, beyond_timestamps);
      return false;
    }
    out = date_value{v};
    return true;
  case content::timestamp: {
    std::int64_t micros = 0;
    if (__builtin_mul_overflow(v, how.micros, &micros) || !is_timestamp(micros)) {
      why = fmt::format("the timestamp of {} {} after 1970 {}", v,
                        how.micros == 1 ? "microseconds" : "milliseconds", beyond_timestamps);
      return false;
    }
    out = timestamp_value{micros};
    return true;
  }
  case content::time:
    if (!read_time_of_day(v, how.micros, scratch)) {
      why = fmt::format("the time of {} {} after midnight lies outside of a day", v,
                        how.micros == 1 ? "microseconds" : "milliseconds");
      return false;
    }
    out = std::string_view(scratch);
    return true;
  default:
    out = v;
    return true;
  }
}

}  // namespace

std::string unreadable(kind k, const cursor& at) {
  if (at.ended())
    return fmt::format("the record ends before its {} does", word_of(k));
  return fmt::format("the bytes are not a valid {}", word_of(k));
}

std::string no_branch(std::size_t branch, std::size_t count, const cursor& at) {
  if (at.ended())
    return "the record ends before its union does";
  return fmt::format("the union's branch {} is not there: it has {}", static_cast<std::int64_t>(branch),
                     count);
}

std::string wrong_block_size(kind k, std::uint64_t said, std::uint64_t found) {
  return fmt::format("a block of the {} says that it has {} bytes, and has {}", word_of(k), said, found);
}

std::string too_many_empty_items() {
  return fmt::format("the array has more than {} items without a byte", most_empty_items);
}

bool read_scalar(const reading& how, cursor& at, scalar_value& out, std::string& scratch, std::string& why) {
  bool read = false;
  bool flag = false;
  double real = 0;
  switch (how.from) {
  case kind::null:
    out = null_value{};
    return true;
  case kind::boolean:
    read = at.boolean(flag);
    out = flag;
    break;
  case kind::float32:
    read = at.float32(real);
    out = real;
    break;
  case kind::float64:
    read = at.float64(real);
    out = real;
    break;
  case kind::int32:
  case kind::int64:
    return read_number(how, at, out, scratch, why);
  case kind::bytes:
  case kind::string:
  case kind::fixed:
    return read_bytes(how, at, out, scratch, why);
  case kind::enumeration: {
    std::size_t symbol = 0;
    if (!at.index(how.symbols.size(), symbol)) {
      why = at.ended() ? unreadable(how.from, at)
                       : fmt::format("the enum's symbol {} is not there: it has {}",
                                     static_cast<std::int64_t>(symbol), how.symbols.size());
      return false;
    }
    const auto& known = how.symbols[symbol];
    if (!known.is_known) {
      why = fmt::format("the writer's symbol {} is none of the reader's enum {}, which has no default",
                        data::excerpt(known.text), data::excerpt(how.name));
      return false;
    }
    out = std::string_view(known.text);
    return true;
  }
  default:
    why = how.problem;
    return false;
  }
  if (!read)
    why = unreadable(how.from, at);
  return read;
}

}  // namespace millrace::avro
