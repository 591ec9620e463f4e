// Reads an Avro datum straight into the builders of columns, by a plan that is made once for a writer's schema, a reader's
// and the declared columns. What no column needs is skipped.
#pragma once

#include "actors/parsers/parser.hpp"
#include "actors/parsers/record_budget.hpp"
#include "actors/parsers/row_builder.hpp"
#include "actors/parsers/typed_value.hpp"
#include "runtime/avro/cursor.hpp"
#include "runtime/avro/json_text.hpp"
#include "runtime/avro/resolution.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::parser {

/// How one value of the datum becomes one of a column, of a nested column's member or of a list's element.
struct avro_step {
  enum class op : std::uint8_t {
    fails,    // no value of it can, and `problem` says why
    null,     //
    integer,  // int and long as bigint
    text,     // string as text
    real,     // double as double
    moment,   // long as timestamp
    parsed,   // string as another type
    scalar,   // any other scalar, by the rules of typed_value
    json,
    object,  // a record
    chosen,  // members of a map
    list,
    one_of,
  };
  op what = op::fails;
  bool is_short = false;         // an int, of 32 bits
  std::int8_t null_branch = -1;  // of a union of null and this value
  avro::reading_index from = 0;
  const avro::reading* how = nullptr;
  std::string problem{};
  std::unique_ptr<typed_value> value{};
  std::vector<avro_step> of{};  // of a list its element, of a union one a branch

  /// A field of a record in the writer's order, some one after another that are skipped, or a chosen member of a map.
  struct entry {
    static constexpr std::size_t skipped = static_cast<std::size_t>(-1);
    std::size_t to = skipped;  // a column, or a member
    std::vector<avro::passing> passed{};
    std::string name{};
    std::string datum{};                // of a default
    std::unique_ptr<avro_step> step{};  // null where it is skipped
  };
  std::vector<entry> entries{};
  std::vector<entry> defaults{};
  /// A column or member that is null, and what a check says of it.
  struct lacking {
    std::size_t to;
    std::string name;
    std::string problem;
  };
  std::vector<lacking> absent{};
  std::size_t element_bytes = 0;     // of a list: what an element takes of the record's budget
  const avro::schema* in = nullptr;  // what is skipped is of this schema
};

/// Declared columns that are to be read.
struct avro_columns {
  std::vector<data::field> fields;
  std::vector<parser_options::timestamp_format> formats;  // one a column, or fewer
  std::vector<bool> used;
};

class record_decoder {
public:
  record_decoder(avro::resolution_ptr how, const avro_columns& columns);

  /// Appends a value to each used column. False leaves why() as the error, and what was appended is to be taken back.
  [[nodiscard]] bool decode(std::string_view datum, row_builder& rows);
  [[nodiscard]] const std::string& why() const { return why_; }

  struct misfit {
    std::size_t column;
    std::string problem;
  };
  /// Columns of which no record can give all values, or that have no field.
  [[nodiscard]] std::vector<misfit> misfits() const;

private:
  using op = avro_step::op;

  [[nodiscard]] avro_step plan(avro::reading_index from, const data::type& to,
                               const parser_options::timestamp_format& format, const avro::schema* in);
  void plan_record(const avro::reading& r, const avro_columns& to, const avro::schema* in, avro_step& out);
  void plan_union(const avro::reading& r, const data::type& to,
                  const parser_options::timestamp_format& format, const avro::schema* in, avro_step& out);
  void plan_scalar(const avro::reading& r, const data::type& to,
                   const parser_options::timestamp_format& format, avro_step& out);

  template<class BuilderOf>
  bool read_record(avro_step& s, avro::cursor& at, BuilderOf builder_of);
  bool read(avro_step& s, avro::cursor& at, data::column_builder& out);
  bool read_other(avro_step& s, avro::cursor& at, data::column_builder& out);
  bool read_scalar(avro_step& s, avro::cursor& at, data::column_builder& out);
  bool read_list(avro_step& s, avro::cursor& at, data::column_builder& out);
  bool read_members(avro_step& s, avro::cursor& at, data::column_builder& out);
  bool fail(std::string why) {
    why_ = std::move(why);
    return false;
  }
  bool unreadable(const avro_step& s, const avro::cursor& at);

  avro::resolution_ptr how_;
  avro_step root_;
  avro::json_text json_;
  record_budget budget_;
  std::size_t bytes_of_defaults_ = 0;  // that each record has
  std::size_t steps_ = 0;
  std::string scratch_;
  std::vector<std::optional<avro::cursor>> places_;  // a stack over maps
  std::string path_;
  std::string why_;
};

}  // namespace millrace::parser
