#include "actors/connectors/parquet/sink/arrow_array.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

namespace millrace::sink {
namespace {

using data::type_id;

/// An array owns these.
struct held {
  data::column_ptr column;      // none for the rows as a whole
  std::vector<__int128> units;  // of a numeric, whose values have their scales beside them here
  std::vector<std::int32_t> days;
  std::array<const void*, 3> buffers{};
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
};

struct held_names {
  std::string format, name;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

template<class Held, class Structure>
void release(Structure* of) {
  const std::unique_ptr<Held> own(static_cast<Held*>(of->private_data));
  for (auto* child : own->pointers)
    if (child->release)
      child->release(child);
  of->release = nullptr;
}

ArrowArray finish(std::unique_ptr<held> own, std::size_t rows, std::size_t nulls, std::int64_t buffers) {
  for (auto& child : own->children)
    own->pointers.push_back(&child);
  ArrowArray a{};
  a.length = static_cast<std::int64_t>(rows);
  a.null_count = static_cast<std::int64_t>(nulls);
  a.n_buffers = buffers;
  a.buffers = own->buffers.data();
  a.n_children = static_cast<std::int64_t>(own->children.size());
  a.children = own->pointers.data();
  a.release = release<held>;
  a.private_data = own.release();
  return a;
}

ArrowArray export_column(const data::column_ptr& c) {
  auto own = std::make_unique<held>();
  own->column = c;
  auto& b = own->buffers;
  b[0] = c->null_count() == 0 ? nullptr : c->validity().data();
  std::int64_t buffers = 2;
  switch (c->type().id()) {
  case type_id::boolean:
    b[1] = c->bits().data();
    break;
  case type_id::bigint:
  case type_id::timestamp:
    b[1] = c->ints().data();
    break;
  case type_id::date: {  // 32 bits
    const auto values = c->ints();
    own->days.assign(values.begin(), values.end());
    b[1] = own->days.data();
    break;
  }
  case type_id::float64:
    b[1] = c->doubles().data();
    break;
  case type_id::numeric: {
    const auto values = c->decimals();
    own->units.resize(values.size());
    std::transform(values.begin(), values.end(), own->units.begin(),
                   [](const decimal& v) { return v.units(); });
    b[1] = own->units.data();
    break;
  }
  case type_id::text:
  case type_id::json:
    b[1] = c->offsets().data();
    b[2] = c->bytes().data();
    buffers = 3;
    break;
  case type_id::list:
    b[1] = c->offsets().data();
    break;
  case type_id::object:
    buffers = 1;
    break;
  }
  for (const auto& child : c->children())
    own->children.push_back(export_column(child));
  return finish(std::move(own), c->size(), c->null_count(), buffers);
}

std::string format_of(const data::type& t) {
  switch (t.id()) {
  case type_id::boolean:
    return "b";
  case type_id::bigint:
    return "l";
  case type_id::float64:
    return "g";
  case type_id::numeric:  // 128 bits; the sink's check lets none of any scale through
    return fmt::format("d:{},{}", t.precision(), t.scale());
  case type_id::text:
  case type_id::json:
    return "u";
  case type_id::timestamp:
    return "tsu:UTC";
  case type_id::date:
    return "tdD";
  case type_id::list:
    return "+l";
  case type_id::object:
    break;
  }
  return "+s";
}

ArrowSchema finish(std::unique_ptr<held_names> own) {
  for (auto& child : own->children)
    own->pointers.push_back(&child);
  ArrowSchema s{};
  s.format = own->format.c_str();
  s.name = own->name.c_str();
  s.flags = ARROW_FLAG_NULLABLE;
  s.n_children = static_cast<std::int64_t>(own->children.size());
  s.children = own->pointers.data();
  s.release = release<held_names>;
  s.private_data = own.release();
  return s;
}

ArrowSchema export_field(const std::string& name, const data::type& t) {
  auto own = std::make_unique<held_names>();
  own->format = format_of(t);
  own->name = name;
  if (t.id() == type_id::list)
    own->children.push_back(export_field("element", t.element()));
  else if (t.id() == type_id::object)
    for (const auto& f : t.fields())
      own->children.push_back(export_field(f.name, f.type));
  return finish(std::move(own));
}

}  // namespace

ArrowSchema export_columns(const data::schema& columns) {
  auto own = std::make_unique<held_names>();
  own->format = "+s";
  for (const auto& f : columns)
    own->children.push_back(export_field(f.name, f.type));
  return finish(std::move(own));
}

ArrowArray export_rows(const data::batch& rows) {
  auto own = std::make_unique<held>();
  for (const auto& c : rows.columns)
    own->children.push_back(export_column(c));
  return finish(std::move(own), rows.rows, 0, 1);
}

}  // namespace millrace::sink
