// Random pairs of schemas: a writer's, a reader's that it resolves to, and a value as its bytes by the first and its JSON by the
// second. Promotions, aliases of fields, records, enums and fixed, fields that come with a default of any type, go and change
// places, symbols with a default, unions on either side or both, types within themselves, and a few of the columns.
// MILLRACE_SEED replays one pair, MILLRACE_SEEDS says how many run.
#include "actors/parsers/avro/avro_parser.hpp"
#include "runtime/avro/columns.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"
#include "tests/support/avro_bytes.hpp"
#include "tests/support/chunk_of.hpp"
#include "tests/support/schedules.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace millrace;

namespace {

struct both_forms {
  std::string bytes;  // as it was written
  std::string json;   // as it is read
};

/// A type as the writer's schema has it and as the reader's does.
struct paired_type {
  std::string writer;
  std::string reader;
  std::function<both_forms()> value;
};

/// A default as a schema has it, and as it is read.
struct given_default {
  std::string type;
  std::string text;
  std::string json;
};

std::string json_text(std::string_view text) {
  std::string out;
  data::append_json_string(out, text);
  return out;
}

std::string json_real(double v) {
  std::string out;
  data::append_double(out, v);
  return out;
}

class pair_maker {
public:
  explicit pair_maker(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

  paired_type type(int depth) {
    switch (below(depth > 0 ? 14 : 8)) {
    case 0:
      return {R"("boolean")", R"("boolean")", [this] {
                const bool v = below(2) != 0;
                return both_forms{std::string(1, v ? '\1' : '\0'), v ? "true" : "false"};
              }};
    case 1:
    case 2:
      return number();
    case 3:
      return text_or_bytes();
    case 4:
      return enumeration();
    case 5:
      return fixed();
    case 6:
      return {R"({"type":"long","logicalType":"timestamp-millis"})",
              R"({"type":"long","logicalType":"timestamp-micros"})", [this] {
                const auto v = static_cast<std::int64_t>(below(2'000'000'000'000));
                return both_forms{test::avro_long(v), json_text(format_timestamp(v * 1'000))};
              }};
    case 7:
      return recursive();
    case 8:
    case 9:
      return record(depth - 1);
    case 10:
      return items(depth - 1, false);
    case 11:
      return items(depth - 1, true);
    default:
      return with_null(depth - 1);
    }
  }

  paired_type record(int depth) {
    struct member {
      paired_type is;
      std::string name;   // the reader's
      bool read = false;  // else the reader does not have it
    };
    auto written = std::make_shared<std::vector<member>>();
    std::string writer;
    std::vector<std::string> reader;
    std::string defaults;
    for (auto n = 1 + below(5); n > 0; --n) {
      member m{type(depth), fmt::format("f{}", ++names_), below(4) != 0};
      const bool renamed = below(3) == 0;
      const auto old_name = renamed ? "old_" + m.name : m.name;
      writer +=
          fmt::format(R"({}{{"name":"{}","type":{}}})", writer.empty() ? "" : ",", old_name, m.is.writer);
      if (m.read)
        reader.push_back(
            fmt::format(R"({{"name":"{}","type":{}{}}})", m.name, m.is.reader,
                        renamed ? fmt::format(R"(,"aliases":["nothing","{}"])", old_name) : std::string()));
      written->push_back(std::move(m));
    }
    for (auto n = below(3); n > 0; --n) {
      const auto d = some_default();
      const auto name = fmt::format("f{}", ++names_);
      reader.push_back(fmt::format(R"({{"name":"{}","type":{},"default":{}}})", name, d.type, d.text));
      defaults += fmt::format(",\"{}\":{}", name, d.json);
    }
    if (reader.empty()) {
      reader.emplace_back(R"({"name":"only","type":"int","default":3})");
      defaults += R"(,"only":3)";
    }
    std::shuffle(reader.begin(), reader.end(), random_);
    const auto name = fmt::format("r{}", ++names_);
    const auto [head, alias] = named(name);
    return {fmt::format(R"({{"type":"record","name":"{}","fields":[{}]}})", name, writer),
            fmt::format(R"({{"type":"record","name":"{}"{},"fields":[{}]}})", head, alias,
                        fmt::join(reader, ",")),
            [written, defaults] {
              both_forms out;
              for (const auto& m : *written) {
                const auto v = m.is.value();
                out.bytes += v.bytes;
                if (m.read)
                  out.json += fmt::format(",\"{}\":{}", m.name, v.json);
              }
              out.json += defaults;
              out.json = "{" + out.json.substr(1) + "}";
              return out;
            }};
  }

private:
  /// The reader's name of a type, and its aliases: the same, or another one with the writer's as a former name.
  std::pair<std::string, std::string> named(const std::string& name) {
    return below(2) == 0 ? std::pair(name, std::string())
                         : std::pair("new_" + name, fmt::format(R"(,"aliases":["{}"])", name));
  }

  /// As any of the numbers that the written one may be promoted to. A float has all digits of those.
  paired_type number() {
    static constexpr const char* kinds[] = {R"("int")", R"("long")", R"("float")", R"("double")"};
    const auto from = below(4);
    const auto to = from + below(4 - from);
    return {kinds[from], kinds[to], [this, from, to] {
              const auto whole = static_cast<std::int64_t>(below(2'000'000)) - 1'000'000;
              const auto real = static_cast<double>(whole) / (from < 2 ? 1 : 8);
              return both_forms{from < 2    ? test::avro_long(whole)
                                : from == 2 ? test::avro_real(static_cast<float>(real))
                                            : test::avro_real(real),
                                to < 2 ? fmt::to_string(whole) : json_real(real)};
            }};
  }

  paired_type text_or_bytes() {
    const bool as_bytes = below(2) != 0;
    return {below(2) != 0 ? R"("string")" : R"("bytes")", as_bytes ? R"("bytes")" : R"("string")",
            [this, as_bytes] {
              static constexpr const char* parts[] = {"a", "\xC3\xA9", "\"", "\xF0\x9F\x90\x98", "\n"};
              std::string v;
              for (auto n = below(12); n > 0; --n)
                v += parts[below(std::size(parts))];
              return both_forms{test::avro_text(v), json_text(as_bytes ? data::base64(v) : v)};
            }};
  }

  /// The reader has some of the symbols in another order, and a default for the others.
  paired_type enumeration() {
    std::string writer = "ABCDE";
    std::string reader = writer;
    std::shuffle(writer.begin(), writer.end(), random_);
    std::shuffle(reader.begin(), reader.end(), random_);
    reader.resize(1 + below(reader.size()));
    const auto fallback = reader[below(reader.size())];
    const auto symbols = [](const std::string& all) {
      std::string out;
      for (const char c : all)
        out += fmt::format("{}\"{}\"", out.empty() ? "" : ",", c);
      return out;
    };
    const auto name = fmt::format("e{}", ++names_);
    const auto [head, alias] = named(name);
    return {fmt::format(R"({{"type":"enum","name":"{}","symbols":[{}]}})", name, symbols(writer)),
            fmt::format(R"({{"type":"enum","name":"{}"{},"symbols":[{}],"default":"{}"}})", head, alias,
                        symbols(reader), fallback),
            [this, writer, reader, fallback] {
              const auto at = below(writer.size());
              const auto c = reader.find(writer[at]) == std::string::npos ? fallback : writer[at];
              return both_forms{test::avro_long(static_cast<std::int64_t>(at)), fmt::format("\"{}\"", c)};
            }};
  }

  paired_type fixed() {
    const auto size = 1 + below(5);
    const auto name = fmt::format("x{}", ++names_);
    const auto [head, alias] = named(name);
    return {fmt::format(R"({{"type":"fixed","name":"{}","size":{}}})", name, size),
            fmt::format(R"({{"type":"fixed","name":"{}"{},"size":{}}})", head, alias, size), [this, size] {
              std::string v;
              while (v.size() < size)
                v.push_back(static_cast<char>(random_()));
              return both_forms{v, json_text(data::base64(v))};
            }};
  }

  /// A list whose nodes name each other; the reader has its members in another order, and one fewer.
  paired_type recursive() {
    const auto name = fmt::format("n{}", ++names_);
    return {fmt::format(R"(["null",{{"type":"record","name":"{0}","fields":[{{"name":"v","type":"int"}},
                {{"name":"gone","type":"string"}},{{"name":"next","type":["null","{0}"]}}]}}])",
                        name),
            fmt::format(R"(["null",{{"type":"record","name":"{0}","fields":[
                {{"name":"next","type":["null","{0}"]}},{{"name":"v","type":"long"}}]}}])",
                        name),
            [this] {
              both_forms out{test::avro_long(0), "null"};
              for (auto n = below(6); n > 0; --n) {
                const auto v = static_cast<std::int64_t>(below(1'000));
                out.bytes = test::avro_long(1) + test::avro_long(v) + test::avro_text("x") + out.bytes;
                out.json = fmt::format(R"({{"v":{},"next":{}}})", v, out.json);
              }
              return out;
            }};
  }

  /// An array or a map, in one block or two, which say their bytes or not.
  paired_type items(int depth, bool keyed) {
    auto item = std::make_shared<paired_type>(type(depth));
    const auto schema = [&](const std::string& of) {
      return fmt::format(R"({{"type":"{}","{}":{}}})", keyed ? "map" : "array", keyed ? "values" : "items",
                         of);
    };
    return {schema(item->writer), schema(item->reader), [this, item, keyed] {
              both_forms out;
              for (auto blocks = below(3); blocks > 0; --blocks) {
                std::string body;
                const auto count = 1 + static_cast<std::int64_t>(below(3));
                for (auto n = count; n > 0; --n) {
                  const auto key = fmt::format("k{}", ++names_);
                  const auto v = item->value();
                  body += (keyed ? test::avro_text(key) : std::string()) + v.bytes;
                  out.json += fmt::format(",{}{}", keyed ? json_text(key) + ":" : std::string(), v.json);
                }
                out.bytes += below(2) != 0 ? test::avro_long(count)
                                           : test::avro_long(-count) +
                                                 test::avro_long(static_cast<std::int64_t>(body.size()));
                out.bytes += body;
              }
              out.bytes += test::avro_long(0);
              out.json = (keyed ? '{' : '[') + (out.json.empty() ? out.json : out.json.substr(1)) +
                         (keyed ? '}' : ']');
              return out;
            }};
  }

  /// A union with null on either side, or on both in any order.
  paired_type with_null(int depth) {
    auto is = std::make_shared<paired_type>(type(depth));
    if (is->writer.starts_with('[') || is->reader.starts_with('['))
      return std::move(*is);
    const auto order = [this](const std::string& of) {
      return below(2) != 0 ? std::pair("[\"null\"," + of + "]", std::int64_t{0})
                           : std::pair("[" + of + ",\"null\"]", std::int64_t{1});
    };
    const auto reader = order(is->reader).first;
    if (below(3) == 0)
      return {is->writer, reader, is->value};
    const auto [writer, null] = order(is->writer);
    return {writer, reader, [this, is, null = null] {
              if (below(3) == 0)
                return both_forms{test::avro_long(null), "null"};
              auto v = is->value();
              v.bytes = test::avro_long(1 - null) + v.bytes;
              return v;
            }};
  }

  given_default some_default() {
    const auto name = ++names_;
    switch (below(13)) {
    case 0:
      return {R"("boolean")", "true", "true"};
    case 1:
      return {R"("int")", "-3", "-3"};
    case 2:
      return {R"("long")", "9007199254740993", "9007199254740993"};
    case 3:
      return {R"("float")", "0.5", "0.5"};
    case 4:
      return {R"("double")", "-1.25", "-1.25"};
    case 5:
      return {R"("string")", R"("Hu\u1ebf")", "\"Hu\xE1\xBA\xBF\""};
    case 6:
      return {R"("bytes")", R"("\u0000\u00ff")", json_text(data::base64(std::string_view("\0\xFF", 2)))};
    case 7:
      return {fmt::format(R"({{"type":"fixed","name":"d{}","size":2}})", name), R"("\u0001a")",
              json_text(data::base64("\1a"))};
    case 8:
      return {fmt::format(R"({{"type":"enum","name":"d{}","symbols":["A","B"]}})", name), R"("B")", R"("B")"};
    case 9:
      return {R"({"type":"array","items":"long"})", "[1,2]", "[1,2]"};
    case 10:
      return {R"({"type":"map","values":"string"})", R"({"x":"y"})", R"({"x":"y"})"};
    case 11:
      return {R"(["null","string"])", "null", "null"};
    default:
      return {fmt::format(R"({{"type":"record","name":"d{}","fields":[{{"name":"x","type":"long"}},
                  {{"name":"y","type":"string","default":"z"}}]}})",
                          name),
              R"({"x":5})", R"({"x":5,"y":"z"})"};
    }
  }

  std::mt19937_64 random_;
  std::size_t names_ = 0;
};

/// The row of a record that stands between bad ones; columns that are not used are left out.
std::string resolved_row(const paired_type& root, const std::vector<data::field>& columns,
                         const std::vector<bool>& used, const std::string& bytes) {
  parser::parser_options o;
  o.schema = std::make_shared<data::schema>(columns);
  o.declared = columns.size();
  o.used = used;
  o.formats.resize(columns.size());
  o.schema_text = std::make_shared<const std::string>(root.reader);
  auto parser = parser::make_avro_parser(o);
  REQUIRE(parser.has_value());
  auto chunk = test::chunk_of({bytes.substr(0, bytes.size() / 2), bytes, bytes + "x"}, false);
  auto schemas = std::make_shared<source::record_schemas>();
  schemas->of_all = std::make_shared<const std::string>(root.writer);
  chunk.schemas = std::move(schemas);
  const auto p = (*parser)->parse(chunk);
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

void resolve(std::uint64_t seed) {
  CAPTURE(seed);
  pair_maker make(seed);
  const auto root = make.record(3);
  INFO(root.writer << "\nread as\n" << root.reader);
  const auto reader = avro::parse_schema(root.reader);
  REQUIRE(reader.has_value());
  const auto columns = avro::columns_of(**reader);
  REQUIRE(columns.has_value());
  auto as_json = *columns;
  for (auto& c : as_json)
    c.type = data::type_id::json;
  const std::vector<bool> all(columns->size(), true);
  for (int round = 0; round < 3; ++round) {
    const auto v = root.value();
    INFO(v.json);
    // Members have no order: of raw JSON it is the writer's.
    const auto wanted = boost::json::parse(v.json);
    const auto is_wanted = [&](const std::string& row) {
      boost::json::error_code wrong;
      return boost::json::parse(row, wrong) == wanted && !wrong;
    };
    const auto typed = resolved_row(root, *columns, all, v.bytes);
    INFO(typed);
    CHECK(is_wanted(typed));
    CHECK(is_wanted(resolved_row(root, as_json, all, v.bytes)));
    std::vector<bool> used;
    auto few = wanted.as_object();
    for (const auto& c : *columns) {
      used.push_back(make.below(2) != 0);
      if (!used.back())
        few.erase(c.name);
    }
    CHECK(boost::json::parse(resolved_row(root, *columns, used, v.bytes)) == boost::json::value(few));
  }
}

}  // namespace

TEST_CASE("values of a random schema are read by another one that it resolves to") {
  const test::seeds seeds(500);
  seeds.check([](std::uint64_t seed) {
    resolve(seed);
    return std::optional<std::string>();
  });
}
