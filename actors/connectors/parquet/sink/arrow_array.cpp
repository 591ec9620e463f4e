#include "actors/connectors/parquet/sink/arrow_array.hpp"

#include <array>
#include <memory>
#include <vector>

namespace millrace::sink {
namespace {

using data::type_id;

/// An array owns these.
struct held {
  data::column_ptr column;  // none for the rows as a whole
  std::array<const void*, 3> buffers{};
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
};

void release(ArrowArray* array) {
  const std::unique_ptr<held> own(static_cast<held*>(array->private_data));
  for (auto* child : own->pointers)
    if (child->release)
      child->release(child);
  array->release = nullptr;
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
  a.release = release;
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
  case type_id::float64:
    b[1] = c->doubles().data();
    break;
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

}  // namespace

ArrowArray export_rows(const data::batch& rows) {
  auto own = std::make_unique<held>();
  for (const auto& c : rows.columns)
    own->children.push_back(export_column(c));
  return finish(std::move(own), rows.rows, 0, 1);
}

}  // namespace millrace::sink
