// Random schemas and values: the test writes a value's bytes, and its JSON beside, by the specification's table of
// encodings. The parser must give that JSON, whether the column is json or has the type that the schema gives, and whichever
// columns are read; and must refuse each part of the bytes.
// MILLRACE_SEED replays one schema, MILLRACE_SEEDS says how many run.
#include "actors/parsers/avro/avro_parser.hpp"
#include "runtime/avro/columns.hpp"
#include "runtime/avro/skip.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"
#include "tests/support/avro_bytes.hpp"
#include "tests/support/chunk_of.hpp"
#include "tests/support/schedules.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace millrace;

namespace {

struct written {
  std::string bytes;
  std::string json;
};

/// A type as its schema's text, and what gives a random value of it.
struct made_type {
  std::string schema;
  std::string kind;  // a union has each once
  std::function<written()> value;
};

class maker {
public:
  explicit maker(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

  made_type type(int depth) {
    switch (below(depth > 0 ? 20 : 14)) {
    case 0:
      return {R"("boolean")", "boolean", [this] {
                const bool v = below(2) != 0;
                return written{std::string(1, v ? '\1' : '\0'), v ? "true" : "false"};
              }};
    case 1:
      return {R"("int")", "int", [this] { return whole(32); }};
    case 2:
      return {R"("long")", "long", [this] { return whole(64); }};
    case 3:
      return {R"("float")", "float", [this] {
                const auto v = static_cast<float>(static_cast<int>(below(2'000)) - 1'000) / 8;
                return written{test::avro_real(v), real(v)};
              }};
    case 4:
      return {R"("double")", "double", [this] {
                const auto v = static_cast<double>(static_cast<std::int64_t>(random_() >> 20)) / 1'024;
                return written{test::avro_real(v), real(v)};
              }};
    case 5:
      return {R"("bytes")", "bytes", [this] {
                const auto v = some_bytes(below(12));
                return written{test::avro_text(v), quoted(data::base64(v))};
              }};
    case 6:
      return fixed();
    case 7:
      return enumeration();
    case 8:
      return {R"({"type":"int","logicalType":"date"})", "int", [this] {
                const auto days = static_cast<std::int64_t>(below(20'000));
                std::string text;
                append_date(text, days);
                return written{test::avro_long(days), quoted(text)};
              }};
    case 9:
      return moment("timestamp-millis", 1'000);
    case 10:
      return moment("local-timestamp-micros", 1);
    case 11:
      return {R"({"type":"bytes","logicalType":"decimal","precision":12,"scale":3})", "bytes",
              [this] { return exact(); }};
    case 12:
    case 13:
      return {R"("string")", "string", [this] {
                const auto v = word();
                return written{test::avro_text(v), quoted(v)};
              }};
    case 14:
    case 15:
      return record(depth - 1);
    case 16:
    case 17:
      return array(depth - 1);
    case 18:
      return map(depth - 1);
    default:
      return one_of(depth - 1);
    }
  }

  made_type record(int depth) {
    const auto count = 1 + below(6);
    auto fields = std::make_shared<std::vector<made_type>>();
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      fields->push_back(type(depth));
      text += fmt::format(R"({}{{"name":"f{}","type":{}}})", i == 0 ? "" : ",", i, fields->back().schema);
    }
    const auto name = fmt::format("r{}", ++names_);
    last_fields_ = fields;
    return {fmt::format(R"({{"type":"record","name":"{}","fields":[{}]}})", name, text), name, [fields] {
              written out{"", "{"};
              for (std::size_t i = 0; i < fields->size(); ++i) {
                const auto v = (*fields)[i].value();
                out.bytes += v.bytes;
                out.json += fmt::format("{}\"f{}\":{}", i == 0 ? "" : ",", i, v.json);
              }
              out.json += "}";
              return out;
            }};
  }
  [[nodiscard]] const std::vector<made_type>& last_fields() const { return *last_fields_; }

private:
  static std::string quoted(std::string_view text) {
    std::string out;
    data::append_json_string(out, text);
    return out;
  }
  static std::string real(double v) {
    std::string out;
    data::append_double(out, v);
    return out;
  }
  std::string some_bytes(std::size_t n) {
    std::string out;
    for (; n > 0; --n)
      out.push_back(static_cast<char>(random_()));
    return out;
  }
  std::string word() {
    static constexpr const char* parts[] = {"a", "Z", "\xC3\xA9",         "\"", "\\", "\n",
                                            " ", "0", "\xF0\x9F\x90\x98", "{"};
    std::string out;
    for (auto n = below(20); n > 0; --n)
      out += parts[below(std::size(parts))];
    return out;
  }
  /// Numbers of any size, the least and the greatest among them.
  written whole(int bits) {
    auto v = static_cast<std::int64_t>(random_());
    v >>= 64 - bits;
    v >>= below(static_cast<std::size_t>(bits));
    if (below(10) == 0)
      v = bits == 32 ? INT32_MIN : INT64_MIN;
    if (below(10) == 0)
      v = bits == 32 ? INT32_MAX : INT64_MAX;
    return {test::avro_long(v), fmt::to_string(v)};
  }
  written exact() {
    const auto v = static_cast<std::int64_t>(random_() % 2'000'000) - 1'000'000;
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<char>(v >> shift));
    bytes.insert(0, below(20), v < 0 ? '\xFF' : '\0');
    const auto digits = fmt::format("{:04}", v < 0 ? -v : v);
    return {test::avro_text(bytes),
            fmt::format("{}{}.{}", v < 0 ? "-" : "", digits.substr(0, digits.size() - 3),
                        digits.substr(digits.size() - 3))};
  }
  made_type moment(std::string_view logical, std::int64_t micros) {
    return {fmt::format(R"({{"type":"long","logicalType":"{}"}})", logical), "long", [this, micros] {
              const auto v = static_cast<std::int64_t>(random_() % 2'000'000'000'000'000) / micros;
              return written{test::avro_long(v), quoted(format_timestamp(v * micros))};
            }};
  }
  made_type fixed() {
    const auto size = below(6);
    const auto name = fmt::format("x{}", ++names_);
    return {fmt::format(R"({{"type":"fixed","name":"{}","size":{}}})", name, size), name, [this, size] {
              const auto v = some_bytes(size);
              return written{v, quoted(data::base64(v))};
            }};
  }
  made_type enumeration() {
    const auto name = fmt::format("e{}", ++names_);
    return {fmt::format(R"({{"type":"enum","name":"{}","symbols":["A","B","C"]}})", name), name, [this] {
              const auto v = below(3);
              return written{test::avro_long(static_cast<std::int64_t>(v)), fmt::format("\"{}\"", "ABC"[v])};
            }};
  }
  /// The items in blocks, some of which say their bytes.
  written blocks(std::size_t count, char open, char close, const std::function<written(std::size_t)>& item) {
    written out{"", std::string(1, open)};
    for (std::size_t i = 0; i < count;) {
      const auto n = 1 + below(count - i);
      std::string body;
      for (std::size_t k = 0; k < n; ++k, ++i) {
        const auto v = item(i);
        body += v.bytes;
        out.json += (i == 0 ? "" : ",") + v.json;
      }
      const auto head = static_cast<std::int64_t>(n);
      out.bytes += below(2) != 0
                       ? test::avro_long(head)
                       : test::avro_long(-head) + test::avro_long(static_cast<std::int64_t>(body.size()));
      out.bytes += body;
    }
    out.bytes += test::avro_long(0);
    out.json += close;
    return out;
  }
  made_type array(int depth) {
    auto item = std::make_shared<made_type>(type(depth));
    return {fmt::format(R"({{"type":"array","items":{}}})", item->schema), "array",
            [this, item] { return blocks(below(5), '[', ']', [&](std::size_t) { return item->value(); }); }};
  }
  made_type map(int depth) {
    auto item = std::make_shared<made_type>(type(depth));
    return {fmt::format(R"({{"type":"map","values":{}}})", item->schema), "map", [this, item] {
              return blocks(below(5), '{', '}', [&](std::size_t i) {
                const auto key = fmt::format("{}{}", word(), i);
                const auto v = item->value();
                return written{test::avro_text(key) + v.bytes, quoted(key) + ":" + v.json};
              });
            }};
  }
  made_type one_of(int depth) {
    auto branches = std::make_shared<std::vector<made_type>>();
    branches->push_back({R"("null")", "null", [] { return written{"", "null"}; }});
    for (auto n = below(4); n > 0; --n) {
      auto t = type(depth);
      bool is_new = t.kind != "union";
      for (const auto& b : *branches)
        is_new = is_new && b.kind != t.kind;
      if (is_new)
        branches->insert(branches->begin() + static_cast<std::ptrdiff_t>(below(branches->size() + 1)),
                         std::move(t));
    }
    std::string text;
    for (const auto& b : *branches)
      text += (text.empty() ? "" : ",") + b.schema;
    return {"[" + text + "]", "union", [this, branches] {
              const auto at = below(branches->size());
              const auto v = (*branches)[at].value();
              return written{test::avro_long(static_cast<std::int64_t>(at)) + v.bytes, v.json};
            }};
  }

  std::mt19937_64 random_;
  std::size_t names_ = 0;
  std::shared_ptr<std::vector<made_type>> last_fields_;
};

std::string row_of(const std::string& schema, const std::vector<data::field>& columns,
                   const std::vector<bool>& used, const std::string& bytes) {
  parser::parser_options o;
  o.schema = std::make_shared<data::schema>(columns);
  o.declared = columns.size();
  o.used = used;
  o.formats.resize(columns.size());
  o.schema_text = std::make_shared<const std::string>(schema);
  auto parser = parser::make_avro_parser(o);
  REQUIRE(parser.has_value());
  // Bad records around it change nothing.
  const auto p =
      (*parser)->parse(test::chunk_of({bytes.substr(0, bytes.size() / 2), bytes, bytes + "x"}, false));
  if (p.records != std::vector<std::uint32_t>{1})
    return p.dead.size() > 1 ? p.dead[1].error : "not one row";
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (used[i]) {
      out += fmt::format("{}\"{}\":", out.empty() ? "" : ",", columns[i].name);
      data::append_json_value(out, *p.rows.columns[i], 0);
    }
  return "{" + out + "}";
}

void run(std::uint64_t seed) {
  CAPTURE(seed);
  maker make(seed);
  const auto root = make.record(4);
  const auto fields = make.last_fields();
  const auto schema = avro::parse_schema(root.schema);
  INFO(root.schema);
  REQUIRE(schema.has_value());
  const auto columns = avro::columns_of(**schema);
  REQUIRE(columns.has_value());
  REQUIRE(columns->size() == fields.size());
  auto as_json = *columns;
  for (auto& c : as_json)
    c.type = data::type_id::json;
  const std::vector<bool> all(columns->size(), true);
  for (int round = 0; round < 3; ++round) {
    const auto v = root.value();
    if (v.bytes.empty())
      continue;  // its half is the same record
    CHECK(row_of(root.schema, *columns, all, v.bytes) == v.json);
    CHECK(row_of(root.schema, as_json, all, v.bytes) == v.json);
    CHECK(avro::length_of(**schema, v.bytes + "xyz") == v.bytes.size());
    for (std::size_t n = 0; n < v.bytes.size(); ++n)
      if (avro::length_of(**schema, v.bytes.substr(0, n)))
        FAIL("a part of a datum is a datum: " << n);
  }
  // a few of the columns
  std::vector<bool> used;
  for (std::size_t i = 0; i < fields.size(); ++i)
    used.push_back(make.below(2) != 0);
  written few{"", ""};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto v = fields[i].value();
    few.bytes += v.bytes;
    if (used[i])
      few.json += fmt::format("{}\"f{}\":{}", few.json.empty() ? "" : ",", i, v.json);
  }
  if (!few.bytes.empty())
    CHECK(row_of(root.schema, *columns, used, few.bytes) == "{" + few.json + "}");
}

}  // namespace

TEST_CASE("values of random schemas are read as they were written") {
  const test::seeds seeds(500);
  seeds.check([](std::uint64_t seed) {
    run(seed);
    return std::optional<std::string>();
  });
}
