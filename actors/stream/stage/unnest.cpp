#include "actors/stream/stage/unnest.hpp"

#include "runtime/expression/bind/unnest.hpp"

#include <fmt/format.h>

namespace millrace::stage {
namespace {

std::size_t bytes_of(const data::column& c, std::size_t row) {
  switch (c.type().id()) {
  case data::type_id::text:
  case data::type_id::json:
    return sizeof(std::int32_t) + c.text_at(row).size();
  case data::type_id::list: {
    std::size_t bytes = sizeof(std::int32_t);
    for (auto i = c.offsets()[row]; i < c.offsets()[row + 1]; ++i)
      bytes += bytes_of(*c.children()[0], static_cast<std::size_t>(i));
    return bytes;
  }
  case data::type_id::object: {
    std::size_t bytes = 1;
    for (const auto& member : c.children())
      bytes += bytes_of(*member, row);
    return bytes;
  }
  case data::type_id::numeric:
    return sizeof(decimal);
  default:
    return sizeof(std::int64_t);
  }
}

}  // namespace

std::size_t bytes_of_row(const data::batch& b, std::size_t row) {
  std::size_t bytes = sizeof(std::uint32_t);
  for (const auto& c : b.columns)
    bytes += c ? bytes_of(*c, row) : 0;
  return bytes;
}

const expression::bound* unnested_by(const config::step& s) {
  for (const auto& column : s.columns)
    if (const auto* list = expression::unnested_by(column.value))
      return list;
  return nullptr;
}

position place_of(position record, std::uint32_t ordinal) {
  constexpr int bits = 22;
  static_assert(most_bytes_of_a_record / sizeof(std::uint32_t) <= 1U << bits);
  const auto minor = static_cast<std::uint64_t>(record.minor);
  const auto high = static_cast<std::uint64_t>(record.major) << bits | minor >> (63 - bits);
  const auto low = (minor << bits & ~(1ULL << 63)) | ordinal;
  return {static_cast<std::int64_t>(high), static_cast<std::int64_t>(low)};
}

std::vector<std::uint32_t> ordinals_of(const rows& in) {
  std::vector<std::uint32_t> out(in.origin.size(), 0);
  for (std::size_t i = 1; i < out.size(); ++i)
    out[i] = in.origin[i] == in.origin[i - 1] ? out[i - 1] + 1 : 0;
  return out;
}

unnested_rows unnest(const rows& in, const data::column& list, std::span<const std::size_t> kept) {
  unnested_rows out;
  const auto& elements = *list.children()[0];
  std::vector<std::uint32_t> from;
  std::vector<std::uint32_t> taken;
  std::size_t bytes = 0;  // bytes of this row's record
  out.empty.resize(in.batch.rows, false);
  for (std::uint32_t row = 0; row < in.batch.rows; ++row) {
    const auto begin = static_cast<std::uint32_t>(list.offsets()[row]);
    const auto end = list.is_null(row) ? begin : static_cast<std::uint32_t>(list.offsets()[row + 1]);
    out.empty[row] = begin == end;
    if (row == 0 || in.origin[row] != in.origin[row - 1])
      bytes = 0;
    std::size_t beside = sizeof(std::uint32_t);
    for (const auto c : kept)
      beside += bytes_of(*in.batch.columns[c], row);
    bytes += beside * (end - begin);
    for (auto i = begin; i < end && bytes <= most_bytes_of_a_record; ++i)
      bytes += bytes_of(elements, i);
    if (bytes > most_bytes_of_a_record) {
      out.refused.push_back({row, fmt::format("the rows of its list's {} elements take more than {} bytes; "
                                              "leave large columns out of the select",
                                              end - begin, most_bytes_of_a_record)});
      continue;
    }
    for (auto i = begin; i < end; ++i) {
      from.push_back(row);
      out.rows.origin.push_back(in.origin[row]);
      if (!in.moment.empty())
        out.rows.moment.push_back(in.moment[row]);
      taken.push_back(i);
    }
  }
  auto& batch = out.rows.batch;
  batch.schema = in.batch.schema;
  batch.rows = taken.size();
  batch.columns.resize(in.batch.columns.size());
  for (const auto c : kept)
    batch.columns[c] = data::take(*in.batch.columns[c], from);
  batch.columns.push_back(data::take(elements, taken));
  return out;
}

}  // namespace millrace::stage
