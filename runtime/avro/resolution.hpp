// How data of a writer's schema are read as ones of a reader's: Avro's schema resolution, worked out once for two
// schemas. Pure; immutable, and read from any thread.
// Source: Apache Avro 1.11 specification, "Schema Resolution" and "Aliases".
#pragma once

#include "runtime/avro/schema.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::avro {

/// What a value is to its reader.
enum class content : std::uint8_t {
  nothing,  // it cannot be read, and reading::problem says why
  null,
  boolean,
  integer,
  real,
  text,
  binary,  // bytes and fixed without a logical type
  uuid,    // 16 bytes
  decimal,
  date,
  time,
  timestamp,
  symbol,  // of an enum
  record,
  array,
  map,
  one_of,
};

using reading_index = std::uint32_t;

/// A type of the writer's that is read as one of the reader's.
struct reading {
  kind from = kind::null;  // how the bytes are read
  content as = content::nothing;
  std::uint32_t size = 0;   // of a fixed
  int scale = 0;            // of a decimal
  std::int64_t micros = 1;  // a time, or a timestamp, counts so many
  std::string problem{};    // nothing, or a record that lacks a field: why
  /// An array and a map have one, a union one a branch.
  std::vector<reading_index> of{};
  type_index value = 0;  // of a map in the writer's schema: the type of its values
  /// By the writer's symbol the reader's, or itself where the reader's enum does not have it.
  struct symbol {
    std::string text;
    bool is_known = true;
  };
  std::vector<symbol> symbols{};

  /// A field of the writer's record: read as that field, or skipped.
  struct member {
    std::string name{};  // the reader's
    std::optional<reading_index> of{};
    type_index skipped = 0;  // of the writer's schema
  };
  std::vector<member> members{};  // in the writer's order
  /// A field that only the reader has, with its default.
  struct filled {
    std::string name;
    reading_index of;
    std::string datum;
  };
  std::vector<filled> defaults{};
  std::string name{};  // of a record and an enum, in the reader's schema
};

class resolution {
public:
  /// `reader` null: as the writer's schema says. Parts that do not fit each other are content::nothing; the error is one of
  /// schemas that would take too much memory together.
  [[nodiscard]] static expected<std::shared_ptr<const resolution>> of(schema_ptr writer, schema_ptr reader);

  [[nodiscard]] const schema& writer() const { return *writer_; }
  /// The schema of defaults: the reader's, or the writer's where there is none.
  [[nodiscard]] const schema& reader() const { return reader_ ? *reader_ : *writer_; }
  [[nodiscard]] const reading& root() const { return readings_.front(); }
  [[nodiscard]] const reading& operator[](reading_index i) const { return readings_[i]; }

private:
  friend class resolver;
  schema_ptr writer_;
  schema_ptr reader_;
  std::vector<reading> readings_;
};
using resolution_ptr = std::shared_ptr<const resolution>;

}  // namespace millrace::avro
