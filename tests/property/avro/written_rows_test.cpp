// Random columns, and a random schema that they fit: other orders of fields, unions either way around, narrower types, fields of
// its own with defaults. Rows that are written by it and read by the parser are the same rows.
// MILLRACE_SEED replays one schema, MILLRACE_SEEDS says how many run.
#include "actors/parsers/avro/avro_parser.hpp"
#include "runtime/avro/row_encoder.hpp"
#include "runtime/base/hex_digits.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"
#include "tests/support/chunk_of.hpp"
#include "tests/support/schedules.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace millrace;
using data::type_id;

namespace {

/// A column, the type that the schema has for it, and what appends a random value.
struct made_column {
  data::type of;
  std::string schema;
  std::function<void(data::column_builder&)> append;
};

class column_maker {
public:
  explicit column_maker(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

  made_column nullable(int depth) {
    auto c = column(depth);
    if (below(2) == 0)
      return c;
    c.schema =
        below(2) == 0 ? fmt::format(R"(["null",{}])", c.schema) : fmt::format(R"([{},"null"])", c.schema);
    c.append = [this, own = std::move(c.append)](auto& b) {
      if (below(4) == 0)
        b.append_null();
      else
        own(b);
    };
    return c;
  }

  made_column object(std::size_t count, int depth) {
    std::vector<data::field> columns;
    std::vector<std::string> fields;
    std::vector<std::function<void(data::column_builder&)>> values;
    for (std::size_t i = 0; i < count; ++i) {
      auto c = nullable(depth);
      const auto name = fmt::format("c{}", i);
      columns.push_back({name, c.of});
      fields.push_back(
          below(4) == 0 ? fmt::format(R"({{"name":"f{}","aliases":["x","{}"],"type":{}}})", i, name, c.schema)
                        : fmt::format(R"({{"name":"{}","type":{}}})", name, c.schema));
      values.push_back(std::move(c.append));
    }
    constexpr std::string_view own[] = {
        R"({"name":"o0","type":"long","default":7})", R"({"name":"o1","type":["null","string"]})",
        R"({"name":"o2","type":{"type":"array","items":"int"},"default":[1,2]})"};
    for (const auto field : own)
      if (below(3) == 0)
        fields.emplace_back(field);
    std::shuffle(fields.begin(), fields.end(), random_);
    std::string all;
    for (const auto& f : fields)
      all += (all.empty() ? "" : ",") + f;
    auto append = [values](data::column_builder& b) {
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i](b.child(i));
      b.append_object();
    };
    return {data::type::object_of(columns),
            fmt::format(R"({{"type":"record","name":"R{}","fields":[{}]}})", names_++, all), append};
  }

private:
  made_column column(int depth) {
    switch (below(depth > 0 ? 16 : 13)) {
    case 0:
      return {type_id::boolean, R"("boolean")", [this](auto& b) { b.append_boolean(below(2) == 0); }};
    case 1:
      return {type_id::bigint, R"("int")",
              [this](auto& b) { b.append_int(static_cast<std::int32_t>(random_())); }};
    case 2:
      return {type_id::bigint, R"("long")",
              [this](auto& b) { b.append_int(static_cast<std::int64_t>(random_()) >> below(64)); }};
    case 3:
      return {type_id::float64, below(2) == 0 ? R"("float")" : R"("double")",
              [this](auto& b) { b.append_double(static_cast<double>(below(2'000)) / 8 - 100); }};
    case 4:
      return {type_id::text, R"("string")",
              [this](auto& b) { b.append_text(std::string(below(200), 'x') + "ü"); }};
    case 5:
      return {type_id::text,
              fmt::format(R"({{"type":"enum","name":"E{}","symbols":["A","B","C"]}})", names_++),
              [this](auto& b) { b.append_text(std::string(1, static_cast<char>('A' + below(3)))); }};
    case 6:
      return {type_id::text, R"("bytes")",
              [this](auto& b) { b.append_text(data::base64(bytes(below(40)))); }};
    case 7: {
      const auto size = below(20);
      return {type_id::text, fmt::format(R"({{"type":"fixed","name":"F{}","size":{}}})", names_++, size),
              [this, size](auto& b) { b.append_text(data::base64(bytes(size))); }};
    }
    case 8:
      return {type_id::text,
              below(2) == 0 ? std::string(R"({"type":"string","logicalType":"uuid"})")
                            : fmt::format(R"({{"type":"fixed","name":"U{}","size":16,"logicalType":"uuid"}})",
                                          names_++),
              [this](auto& b) {
                auto digits = hex_of(bytes(16));
                for (const std::size_t at : {8, 13, 18, 23})
                  digits.insert(at, 1, '-');
                b.append_text(digits);
              }};
    case 9: {
      const bool millis = below(2) == 0;
      return {type_id::timestamp,
              fmt::format(R"({{"type":"long","logicalType":"{}timestamp-{}"}})",
                          below(2) == 0 ? "local-" : "", millis ? "millis" : "micros"),
              [this, millis](auto& b) {
                const auto t =
                    static_cast<std::int64_t>(random_() % 4'000'000'000'000'000) - 2'000'000'000'000'000;
                b.append_int(millis ? t / 1'000 * 1'000 : t);
              }};
    }
    case 10:
      return {type_id::date, R"({"type":"int","logicalType":"date"})",
              [this](auto& b) { b.append_int(static_cast<std::int64_t>(below(40'000)) - 20'000); }};
    case 11: {
      const auto precision = static_cast<int>(1 + below(38));
      const auto scale = static_cast<int>(below(static_cast<std::size_t>(precision) + 1));
      const auto decimals =
          fmt::format(R"("logicalType":"decimal","precision":{},"scale":{})", precision, scale);
      return {data::type::numeric_of(precision, scale),
              below(2) == 0 ? fmt::format(R"({{"type":"bytes",{}}})", decimals)
                            : fmt::format(R"({{"type":"fixed","name":"D{}","size":{},{}}})", names_++,
                                          16 + below(3), decimals),
              [this, precision, scale](auto& b) {
                const auto most = static_cast<__int128>(power_of_ten(precision));
                const auto units =
                    static_cast<__int128>(static_cast<unsigned __int128>(random_()) << 64 | random_()) >>
                    below(127);
                b.append_decimal({units % most, scale});
              }};
    }
    case 12:
      return {type_id::json, R"({"type":"map","values":["null","long","string"]})", [this](auto& b) {
                std::string text = "{";
                for (std::size_t i = 0; i < below(4); ++i)
                  text += fmt::format(R"({}"k{}":{})", i > 0 ? "," : "", i,
                                      below(3) == 0   ? "null"
                                      : below(2) == 0 ? "-5"
                                                      : R"("v")");
                b.append_text(text + "}");
              }};
    case 13:
      return object(1 + below(3), depth - 1);
    default: {
      auto item = nullable(depth - 1);
      return {data::type::list_of(item.of), fmt::format(R"({{"type":"array","items":{}}})", item.schema),
              [this, own = item.append](auto& b) {
                for (auto n = below(4); n > 0; --n)
                  own(b.child(0));
                b.append_list();
              }};
    }
    }
  }

  std::string bytes(std::size_t size) {
    std::string out;
    for (std::size_t i = 0; i < size; ++i)
      out += static_cast<char>(random_());
    return out;
  }

  std::mt19937_64 random_;
  int names_ = 0;
};

std::vector<std::string> json_of(const data::batch& b) {
  std::vector<std::string> out(b.rows);
  for (std::size_t i = 0; i < b.rows; ++i)
    data::append_json_row(out[i], b, i);
  return out;
}

void check_seed(std::uint64_t seed) {
  CAPTURE(seed);
  column_maker make(seed);
  const auto row = make.object(1 + make.below(6), 3);
  INFO(row.schema);
  const auto schema = avro::parse_schema(row.schema);
  REQUIRE(schema);
  data::column_builder values(row.of);
  constexpr std::size_t count = 20;
  for (std::size_t i = 0; i < count; ++i)
    row.append(values);
  data::batch rows;
  rows.schema = std::make_shared<data::schema>(row.of.fields());
  rows.columns = values.finish()->children();
  rows.rows = count;
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < rows.columns.size(); ++i)
    columns.push_back(i);
  auto encoder = avro::row_encoder::of(*schema, *rows.schema, columns, false);
  if (!encoder)
    FAIL(encoder.error().front().message);
  std::vector<std::string> records(count);
  for (std::size_t i = 0; i < count; ++i)
    if (!encoder->append(records[i], rows, i))
      FAIL(encoder->why());

  parser::parser_options options;
  options.schema = rows.schema;
  options.declared = rows.schema->size();
  options.used.assign(options.declared, true);
  options.formats.resize(options.declared);
  // Aliases are the reader's: in its schema each field has the name of the column.
  auto text = row.schema;
  constexpr std::string_view other_name = R"("name":"f)";
  for (auto at = text.find(other_name); at != std::string::npos; at = text.find(other_name))
    text[at + other_name.size() - 1] = 'c';
  options.schema_text = std::make_shared<const std::string>(text);
  const auto parser = parser::make_avro_parser(options, parser::prefix_form::none);
  REQUIRE(parser);
  const auto p = (*parser)->parse(test::chunk_of(records, false));
  for (const auto& d : p.dead)
    FAIL_CHECK(d.error);
  CHECK(json_of(p.rows) == json_of(rows));
}

}  // namespace

TEST_CASE("rows that are written by a schema they fit are read back as the same rows") {
  const test::seeds seeds(300);
  seeds.check([](std::uint64_t seed) {
    check_seed(seed);
    return std::optional<std::string>();
  });
}
