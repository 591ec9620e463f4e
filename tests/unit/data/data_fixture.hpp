// Random columns of any type, for the tests of the data layer.
#pragma once

#include "runtime/base/time.hpp"
#include "runtime/data/batch.hpp"

#include <cmath>
#include <limits>
#include <random>

namespace millrace::data {

class random_columns {
public:
  explicit random_columns(unsigned seed) : random_(seed) {}

  [[nodiscard]] std::uint64_t number() { return random_(); }
  [[nodiscard]] bool chance(unsigned one_in) { return random_() % one_in == 0; }

  [[nodiscard]] std::string text() {
    static constexpr char bytes[] = {'a', 'b', '\0', '\x01', '\xff', '"', ','};
    std::string out(random_() % 6, 'a');
    for (auto& c : out)
      c = bytes[random_() % sizeof bytes];
    return out;
  }
  [[nodiscard]] double real() {
    constexpr double inf = std::numeric_limits<double>::infinity();
    constexpr double special[] = {0.0, -0.0, 1, -1, 1e-300, -1e300, inf, -inf, NAN, 0.5};
    return chance(2) ? special[random_() % 10]
                     : static_cast<double>(static_cast<std::int64_t>(random_())) / 3;
  }
  [[nodiscard]] std::int64_t integer() {
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t special[] = {0, 1, -1, least, least + 1, std::numeric_limits<std::int64_t>::max()};
    return chance(2) ? special[random_() % 6] : static_cast<std::int64_t>(random_() >> random_() % 60);
  }

  /// Draws one of that precision and scale, or any for a plain numeric: edges, few digits, zeros at the end, equal numbers of
  /// different scales.
  [[nodiscard]] decimal exact(const type& t) {
    const auto precision = t.precision() != 0 ? t.precision() : most_decimal_digits;
    const auto scale = t.precision() != 0 ? t.scale()
                       : chance(2)        ? static_cast<int>(random_() % 4)
                                          : static_cast<int>(random_() % (most_decimal_digits + 1));
    const auto most = static_cast<__int128>(power_of_ten(precision));
    const __int128 special[] = {0, 1, -1, most - 1, 1 - most, most / 10, -most / 10, 10, 100, -100};
    if (chance(3))
      return {special[random_() % 10] % most, scale};
    const auto digits = static_cast<int>(random_() % static_cast<unsigned>(precision)) + 1;
    auto units = static_cast<unsigned __int128>(random_()) << 64 | random_();
    units %= power_of_ten(digits);
    if (chance(3))
      units = units / 10 * 10;
    const auto v = static_cast<__int128>(units);
    return {chance(2) ? -v : v, scale};
  }

  void append(column_builder& out) {
    if (chance(5))
      return out.append_null();
    switch (out.type().id()) {
    case type_id::boolean:
      return out.append_boolean(chance(2));
    case type_id::bigint:
    case type_id::timestamp:
      return out.append_int(integer());
    case type_id::date:
      return out.append_int(first_date + std::abs(integer() % (last_date - first_date)));
    case type_id::float64:
      return out.append_double(real());
    case type_id::numeric:
      return out.append_decimal(exact(out.type()));
    case type_id::text:
    case type_id::json:
      return out.append_text(text());
    case type_id::object:
      for (std::size_t i = 0; i < out.type().fields().size(); ++i)
        append(out.child(i));
      return out.append_object();
    case type_id::list:
      for (auto n = random_() % 4; n != 0; --n)
        append(out.child(0));
      return out.append_list();
    }
  }

private:
  std::mt19937_64 random_;
};

inline std::vector<type> scalar_types() {
  return {type_id::boolean,   type_id::bigint, type_id::float64, type_id::text,
          type_id::timestamp, type_id::json,   type_id::numeric, type_id::date};
}
inline std::vector<type> all_types() {
  auto types = scalar_types();
  types.push_back(type::numeric_of(10, 2));
  types.push_back(type::numeric_of(38, 38));
  types.push_back(type::list_of(type::numeric_of(5, 0)));
  types.push_back(type::list_of(type_id::text));
  types.push_back(
      type::object_of({{"n", type_id::bigint}, {"at", type::object_of({{"lat", type_id::float64}})}}));
  types.push_back(type::list_of(type::object_of({{"tags", type::list_of(type_id::boolean)}})));
  return types;
}

}  // namespace millrace::data
