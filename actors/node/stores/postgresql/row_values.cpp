#include "actors/node/stores/postgresql/row_values.hpp"

#include <utility>

namespace millrace::postgresql_chain {

std::string text_of(std::uint64_t bits) { return std::to_string(static_cast<std::int64_t>(bits)); }

std::uint64_t number_in(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes)
    number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

std::optional<std::vector<std::uint64_t>> one_row(const answer& a, std::size_t columns) {
  if (a.rows.size() != 1 || a.rows.front().size() != columns)
    return std::nullopt;
  std::vector<std::uint64_t> out;
  for (const auto& value : a.rows.front())
    out.push_back(number_in(value));
  return out;
}

std::optional<record> record_in(std::span<std::string> columns) {
  constexpr std::size_t columns_of_a_record = 7;
  if (columns.size() != columns_of_a_record || columns[0].empty())
    return std::nullopt;
  // A kind that is none does not fit the checksum of the columns.
  return record{number_in(columns[0]),
                number_in(columns[1]),
                chain::life_of(number_in(columns[2])),
                static_cast<record_kind>(number_in(columns[3]) & 0xff),
                number_in(columns[4]),
                number_in(columns[5]),
                std::move(columns[6])};
}

}  // namespace millrace::postgresql_chain
