// Columns and a batch in Arrow's C data interface: the consumer reads our buffers in place, but for numerics, of which it gets
// the units. The structures are the
// interface's own, fixed for good; Arrow's headers bring the same ones.
#pragma once

#include "runtime/data/batch.hpp"

#include <cstdint>

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
extern "C" {
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  std::int64_t flags;
  std::int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  std::int64_t length;
  std::int64_t null_count;
  std::int64_t offset;
  std::int64_t n_buffers;
  std::int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};
}
#endif

namespace millrace::sink {

/// A struct of these columns, each nullable. It owns its texts until its release is called, by the consumer.
[[nodiscard]] ArrowSchema export_columns(const data::schema& columns);

/// A struct array of the batch's columns, none of which may be a null pointer. It keeps them alive until its
/// release is called, by the consumer.
[[nodiscard]] ArrowArray export_rows(const data::batch& rows);

}  // namespace millrace::sink
