// Random columns, and a random Protobuf schema that they fit: numbers of fields, widths, packing, presence. Rows that are written by
// it and read by the parser are the same rows.
#include "actors/connectors/kafka/sink/record_encoder.hpp"
#include "actors/parsers/protobuf/protobuf_parser.hpp"
#include "actors/parsers/protobuf/schema_files.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"
#include "tests/support/chunk_of.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <functional>
#include <random>
#include <set>

using namespace millrace;
using data::type_id;

namespace {

struct random_field {
  data::type of;
  std::string type;  // in the schema, with the messages that it needs in front
  std::string messages{};
  std::function<void(data::column_builder&)> append;
  bool may_be_optional = true;
};

class message_maker {
public:
  explicit message_maker(unsigned seed) : random_(seed) {}

  random_field message(std::size_t count, int depth) {
    std::string within;
    std::string fields;
    std::vector<data::field> columns;
    std::vector<std::function<void(data::column_builder&)>> values;
    std::set<std::size_t> numbers;
    const auto name = fmt::format("M{}", names_++);
    for (std::size_t i = 0; i < count; ++i) {
      auto f = field(depth);
      auto number = 1 + below(40);
      while (!numbers.insert(number).second)
        number += 1 + below(100'000);
      const bool is_message = f.of.id() == type_id::object || f.of.id() == type_id::timestamp;
      const bool is_optional = f.may_be_optional && (is_message || below(2) == 0);
      if (is_optional)
        f.append = [this, own = std::move(f.append)](auto& b) {
          if (below(4) == 0)
            b.append_null();
          else
            own(b);
        };
      within += f.messages;
      fields += fmt::format(" {}{} c{} = {};", is_optional ? "optional " : "", f.type, i, number);
      columns.push_back({fmt::format("c{}", i), f.of});
      values.push_back(std::move(f.append));
    }
    fields += fmt::format(" string unused = {};", 200'000'000);
    return {data::type::object_of(columns), name, fmt::format("message {} {{{}{} }} ", name, within, fields),
            [values](data::column_builder& b) {
              for (std::size_t i = 0; i < values.size(); ++i)
                values[i](b.child(i));
              b.append_object();
            }};
  }

private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

  random_field field(int depth) {
    if (depth > 0 && below(5) == 0)
      return message(1 + below(4), depth - 1);
    if (depth > 0 && below(4) == 0) {
      auto f = below(4) == 0 ? message(1 + below(3), depth - 1) : scalar();
      return {data::type::list_of(f.of), "repeated " + f.type, f.messages,
              [this, own = f.append](auto& b) {
                for (auto n = below(5); n > 0; --n)
                  own(b.child(0));
                b.append_list();
              },
              false};
    }
    if (below(8) == 0)
      return {type_id::json,
              "map<string, sint64>",
              {},
              [this](auto& b) {
                std::string text;
                for (std::size_t i = 0; i < below(4); ++i)
                  text += fmt::format(R"({}"k{}":{})", text.empty() ? "" : ",", text.size(),
                                      static_cast<std::int64_t>(random_()));
                b.append_text("{" + text + "}");
              },
              false};
    return scalar();
  }

  random_field scalar() {
    switch (below(8)) {
    case 0:
      return {type_id::boolean, "bool", {}, [this](auto& b) { b.append_boolean(below(2) == 0); }};
    case 1: {
      constexpr const char* types[] = {"int32", "sint32", "sfixed32"};
      return {type_id::bigint, types[below(3)], {}, [this](auto& b) {
                b.append_int(static_cast<std::int32_t>(random_()) >> below(32));
              }};
    }
    case 2: {
      constexpr const char* types[] = {"int64", "sint64", "sfixed64"};
      return {type_id::bigint, types[below(3)], {}, [this](auto& b) {
                b.append_int(static_cast<std::int64_t>(random_()) >> below(64));
              }};
    }
    case 3:
      return {type_id::bigint, below(2) == 0 ? "uint32" : "fixed32", {}, [this](auto& b) {
                b.append_int(static_cast<std::uint32_t>(random_()) >> below(32));
              }};
    case 4:
      return {data::type::numeric_of(20, 0), below(2) == 0 ? "uint64" : "fixed64", {}, [this](auto& b) {
                b.append_decimal({static_cast<__int128>(random_() >> below(64)), 0});
              }};
    case 5:
      return {type_id::float64, below(2) == 0 ? "float" : "double", {}, [this](auto& b) {
                b.append_double(static_cast<double>(below(2'000)) / 8 - 100);
              }};
    case 6:
      return {type_id::timestamp, "google.protobuf.Timestamp", {}, [this](auto& b) {
                b.append_int(static_cast<std::int64_t>(random_() % 4'000'000'000'000'000) -
                             2'000'000'000'000'000);
              }};
    default:
      break;
    }
    if (below(3) == 0)
      return {type_id::text, "K", {}, [this](auto& b) {
                b.append_text(below(2) == 0 ? "A" : below(2) == 0 ? "B" : "77");
              }};
    if (below(2) == 0)
      return {type_id::text, "string", {}, [this](auto& b) { b.append_text(std::string(below(300), 'x')); }};
    return {type_id::text, "bytes", {}, [this](auto& b) {
              std::string bytes;
              for (auto n = below(20); n > 0; --n)
                bytes += static_cast<char>(random_());
              b.append_text(data::base64(bytes));
            }};
  }

  std::mt19937_64 random_;
  int names_ = 0;
};

std::vector<std::string> rows_as_json(const data::batch& b) {
  std::vector<std::string> out(b.rows);
  for (std::size_t i = 0; i < b.rows; ++i)
    data::append_json_row(out[i], b, i);
  return out;
}

}  // namespace

TEST_CASE("rows that are written by a Protobuf schema they fit are read back as the same rows") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    message_maker make(seed);
    const auto row = make.message(1 + seed % 7, 3);
    const auto proto = "syntax = \"proto3\"; package a; import \"google/protobuf/timestamp.proto\"; enum K { "
                       "A = 0; B = 9; } " +
                       row.messages;
    CAPTURE(proto);
    data::column_builder values(row.of);
    data::batch rows;
    rows.rows = 20;
    for (std::size_t i = 0; i < rows.rows; ++i)
      row.append(values);
    rows.schema = std::make_shared<data::schema>(row.of.fields());
    rows.columns = values.finish()->children();
    std::vector<std::size_t> columns;
    for (std::size_t i = 0; i < rows.columns.size(); ++i)
      columns.push_back(i);
    const auto encoder = sink::make_message_encoder(proto, {}, {*rows.schema, columns});
    if (!encoder)
      FAIL(encoder.error().message);
    std::vector<std::string> records(rows.rows);
    for (std::size_t i = 0; i < rows.rows; ++i)
      if (!(*encoder)->append(records[i], rows, i))
        FAIL((*encoder)->why());
    parser::parser_options options;
    options.schema = rows.schema;
    options.declared = rows.schema->size();
    options.used.assign(options.declared, true);
    options.formats.resize(options.declared);
    options.schema_text = std::make_shared<const std::string>(
        parser::protobuf::schema::of_source(proto, "test").value()->bytes());
    const auto parser = parser::make_protobuf_parser(options, {{}, parser::prefix_form::none});
    REQUIRE(parser);
    const auto p = (*parser)->parse(test::chunk_of(records, false));
    for (const auto& d : p.dead)
      FAIL_CHECK(d.error);
    CHECK(rows_as_json(p.rows) == rows_as_json(rows));
  }
}
