// Random windows and joins draw numbers and values of columns here, and make columns and keys of them.
#pragma once

#include "runtime/data/key_encoding.hpp"
#include "tests/property/window/oracle.hpp"

#include <initializer_list>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace millrace::window::oracle {

struct dice {
  std::mt19937_64 engine;
  std::int64_t between(std::int64_t a, std::int64_t b) {
    return a + static_cast<std::int64_t>(engine() % static_cast<std::uint64_t>(b - a + 1));
  }
  bool chance(int percent) { return between(1, 100) <= percent; }
  template<class T>
  T one_of(std::initializer_list<T> of) {
    return *(of.begin() + between(0, static_cast<std::int64_t>(of.size()) - 1));
  }
};

[[nodiscard]] inline value random_value(dice& d, data::type_id type, int variety) {
  value v{type, d.chance(10), 0, 0, {}};
  if (v.null)
    return v;
  switch (type) {
  case data::type_id::float64:
    v.number = d.one_of<double>({static_cast<double>(d.between(-variety, variety)), 0.1, -0.0, 0.0, 1e16,
                                 -1e16, static_cast<double>(d.between(1, 1'000'000)) / 100});
    if (d.chance(4))
      v.number = d.one_of<double>({std::numeric_limits<double>::max(), -std::numeric_limits<double>::max(),
                                   std::numeric_limits<double>::denorm_min(), 1e-300, 1e300, -1e-310});
    if (d.chance(1))
      v.number =
          d.one_of<double>({std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity()});
    break;
  case data::type_id::text:
    v.text = d.one_of<std::string>({"", std::string("\0", 1), std::string("a\0b", 3), "a", "ab", "user",
                                    "a long text that is stored beside", "\xC3\xA9"});
    if (d.chance(60))
      v.text += std::to_string(d.between(0, variety));
    break;
  case data::type_id::boolean:
    v.integer = d.between(0, 1);
    break;
  case data::type_id::numeric:
    v.exact = decimal(d.between(-variety, variety), 0);
    if (d.chance(60))  // the same number with zeros behind it, or another one
      v.exact =
          decimal(v.exact.units() * static_cast<__int128>(power_of_ten(static_cast<int>(d.between(0, 2)))),
                  static_cast<int>(d.between(0, 2)));
    if (d.chance(3))
      v.exact =
          decimal(d.one_of<__int128>({static_cast<__int128>(power_of_ten(most_decimal_digits)) - 1,
                                      1 - static_cast<__int128>(power_of_ten(most_decimal_digits)), 1, 0}),
                  d.one_of({0, 1, 19, most_decimal_digits}));
    break;
  default:
    v.integer = d.between(-variety, variety);
    if (d.chance(3))
      v.integer = d.one_of<std::int64_t>(
          {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()});
  }
  return v;
}

inline void append(data::column_builder& b, const value& v) {
  if (v.null)
    b.append_null();
  else if (v.type == data::type_id::float64)
    b.append_double(v.number);
  else if (v.type == data::type_id::numeric)
    b.append_decimal(v.exact);
  else if (v.type == data::type_id::text)
    b.append_text(v.text);
  else if (v.type == data::type_id::boolean)
    b.append_boolean(v.integer != 0);
  else
    b.append_int(v.integer);
}

/// The column of what `member` gives of each record.
template<class Record, class Member>
[[nodiscard]] data::column_ptr column_of(const std::vector<const Record*>& of, data::type_id type,
                                         Member member) {
  data::column_builder b(type);
  for (const auto* r : of)
    append(b, member(*r));
  return b.finish();
}

[[nodiscard]] inline std::string encoded_key(const definition& w, const std::vector<value>& keys) {
  std::string out;
  for (std::size_t k = 0; k < w.keys.size(); ++k) {
    data::column_builder b(w.keys[k].type);
    append(b, keys[k]);
    data::append_key(out, *b.finish(), 0);
  }
  return out;
}

[[nodiscard]] inline std::uint32_t shard_of(const definition& w, const std::vector<value>& keys) {
  return shard_of_slot(slot_of(data::hash_key(encoded_key(w, keys))), w.shards);
}

}  // namespace millrace::window::oracle
