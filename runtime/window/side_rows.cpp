// An entry is the place of a row, where there is an argument whether it is true, then the values of the row's columns. Their order does not matter, so they lie as they are:
// -0 and every NaN come out as they came in.
#include "runtime/window/side_rows.hpp"

#include "runtime/window/collected.hpp"
#include "runtime/window/value_bytes.hpp"

namespace millrace::window {
namespace {

void append_value(wire::writer& out, const data::column& c, std::size_t row) {
  out.fixed(static_cast<std::uint8_t>(c.is_null(row) ? 0 : 1));
  if (c.is_null(row))
    return;
  switch (c.type().id()) {
  case data::type_id::boolean:
    return out.fixed(static_cast<std::uint8_t>(c.boolean_at(row) ? 1 : 0));
  case data::type_id::bigint:
  case data::type_id::timestamp:
  case data::type_id::date:
    return out.fixed(c.ints()[row]);
  case data::type_id::float64:
    return out.fixed(c.doubles()[row]);
  case data::type_id::numeric:
    return put_decimal(out, c.decimals()[row]);
  case data::type_id::text:
  case data::type_id::json:
    return out.string(c.text_at(row));
  case data::type_id::object:
    for (const auto& member : c.children())
      append_value(out, *member, row);
    return;
  case data::type_id::list: {
    const auto from = c.offsets()[row];
    const auto to = c.offsets()[row + 1];
    out.varint(static_cast<std::uint64_t>(to - from));
    for (auto i = from; i < to; ++i)
      append_value(out, *c.children().front(), static_cast<std::size_t>(i));
    return;
  }
  }
}

/// Reads a value of the builder's type; `in` fails, and the rest is null, where the bytes are none.
void take_value(wire::reader& in, data::column_builder& out) {
  const auto present = in.fixed<std::uint8_t>();
  if (present > 1)
    in.fail();
  if (present == 0 || !in.ok())
    return out.append_null();
  switch (out.type().id()) {
  case data::type_id::boolean:
    return out.append_boolean(in.fixed<std::uint8_t>() != 0);
  case data::type_id::bigint:
  case data::type_id::timestamp:
  case data::type_id::date:
    return out.append_int(in.fixed<std::int64_t>());
  case data::type_id::float64:
    return out.append_double(in.fixed<double>());
  case data::type_id::numeric:
    if (const auto taken = take_decimal(in))
      if (const auto v = data::fitted(*taken, out.type()))
        return out.append_decimal(*v);
    in.fail();
    return out.append_null();
  case data::type_id::text:
  case data::type_id::json:
    return out.append_text(in.string());
  case data::type_id::object:
    for (std::size_t i = 0; i < out.type().fields().size(); ++i)
      take_value(in, out.child(i));
    return out.append_object();
  case data::type_id::list:
    for (auto n = in.varint(); n > 0 && in.ok(); --n)
      take_value(in, out.child(0));
    return out.append_list();
  }
}

void add_rows(const states& to, rows into, const contribution& of, rows from) {
  std::string place;
  wire::writer values;
  for (std::size_t i = 0; i < into.size(); ++i) {
    place.clear();
    collected::append_place(place, of, from[i]);
    if (of.argument != nullptr)
      place.push_back(!of.argument->is_null(from[i]) && of.argument->boolean_at(from[i]) ? '\1' : '\0');
    values = wire::writer(values.take());
    for (const auto& column : of.order)
      append_value(values, *column, from[i]);
    collection::entry e;
    e.value_at = static_cast<std::uint32_t>(place.size());
    e.bytes.reserve(place.size() + values.size());
    e.bytes.append(place).append(values.bytes());
    collected::add(to, into[i], std::move(e));
  }
}

/// Rows are formed by side_rows and not by this.
void refuse(const aggregate&, const states&, rows of, data::column_builder& out,
            std::vector<std::uint32_t>&) {
  for (std::size_t i = 0; i < of.size(); ++i)
    out.append_null();
}

}  // namespace

constinit const aggregate_ops side_rows_entry = [] {
  auto out = collected::ops(add_rows, refuse);
  out.by_place = out.takes_nulls = true;
  return out;
}();

side_rows::side_rows(const aggregate& side) {
  for (const auto& f : *side.row)
    columns_.emplace_back(f.type);
}

std::optional<std::uint64_t> side_rows::count(const states& of, std::uint32_t row) {
  const auto* const all = collected::entries(of, row);
  return all == nullptr ? std::nullopt : std::optional(collected::count(*all));
}

void side_rows::append(const collection::entry& e) {
  for (auto n = e.count; n > 0; --n) {
    wire::reader in(std::string_view(e.bytes).substr(e.value_at));
    for (auto& c : columns_)
      take_value(in, c);
    ++size_;
  }
}

std::vector<data::column_ptr> side_rows::finish() {
  std::vector<data::column_ptr> out;
  for (auto& c : columns_) {
    c.append_null();
    out.push_back(c.finish());
  }
  size_ = 0;
  return out;
}

}  // namespace millrace::window
