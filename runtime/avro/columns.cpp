#include "runtime/avro/columns.hpp"

#include "runtime/base/decimal.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::avro {
namespace {

using data::type_id;

// Records that name others several times multiply: a short schema could ask for any number.
constexpr std::size_t most_members = 10'000;
// Deeper ones are json.
constexpr std::size_t deepest_column = 32;

class column_maker {
public:
  explicit column_maker(const schema& s) : schema_(s) {}

  std::vector<data::field> fields_of(type_index record) {
    open_.push_back(record);
    std::vector<data::field> out;
    for (const auto& f : schema_[record].fields) {
      if (++members_ > most_members)
        break;
      out.push_back({f.name, type_of(f.of)});
    }
    open_.pop_back();
    return out;
  }
  [[nodiscard]] bool too_many() const { return members_ > most_members; }

private:
  data::type type_of(type_index i) {
    const auto& t = schema_[i];
    switch (t.means) {
    case meaning::none:
      break;
    case meaning::decimal:
      return t.precision <= most_decimal_digits ? data::type::numeric_of(t.precision, t.scale)
                                                : data::type(type_id::numeric);
    case meaning::uuid:
    case meaning::time_millis:
    case meaning::time_micros:
      return type_id::text;
    case meaning::date:
      return type_id::date;
    case meaning::timestamp_millis:
    case meaning::timestamp_micros:
      return type_id::timestamp;
    }
    switch (t.is) {
    case kind::null:
    case kind::map:
      return type_id::json;
    case kind::boolean:
      return type_id::boolean;
    case kind::int32:
    case kind::int64:
      return type_id::bigint;
    case kind::float32:
    case kind::float64:
      return type_id::float64;
    case kind::bytes:
    case kind::string:
    case kind::enumeration:
    case kind::fixed:
      return type_id::text;
    case kind::record:
      return record_type(i);
    case kind::array:
      return list_type(t.of.front());
    case kind::one_of:
      return union_type(t);
    }
    return type_id::json;
  }

  data::type record_type(type_index i) {
    const bool is_open = std::ranges::find(open_, i) != open_.end();
    if (is_open || schema_[i].fields.empty() || open_.size() + lists_ >= deepest_column)
      return type_id::json;
    return data::type::object_of(fields_of(i));
  }

  data::type list_type(type_index item) {
    if (open_.size() + lists_ >= deepest_column)
      return type_id::json;
    ++lists_;
    auto element = type_of(item);
    --lists_;
    return data::type::list_of(std::move(element));
  }

  data::type union_type(const type& t) {
    std::optional<type_index> only;
    for (const auto b : t.of)
      if (schema_[b].is != kind::null) {
        if (only)
          return type_id::json;
        only = b;
      }
    return only ? type_of(*only) : data::type(type_id::json);
  }

  const schema& schema_;
  std::vector<type_index> open_;  // records around
  std::size_t lists_ = 0;         // around
  std::size_t members_ = 0;
};

}  // namespace

expected<std::vector<data::field>> columns_of(const schema& s) {
  const auto& root = s.root();
  if (root.is != kind::record || root.fields.empty())
    return user_error(ec::invalid_argument,
                      fmt::format("the Avro schema is {}{}; expected a record, whose fields are the columns",
                                  describe(s, s.root_index()),
                                  root.is == kind::record ? " without fields" : ""));
  column_maker maker(s);
  auto out = maker.fields_of(s.root_index());
  if (maker.too_many())
    return user_error(
        ec::invalid_argument,
        fmt::format("the Avro schema has more than {} fields, with those of the records in them; declare "
                    "the columns in \"schema\"",
                    most_members));
  return out;
}

}  // namespace millrace::avro
