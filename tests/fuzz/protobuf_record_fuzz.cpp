// A Protobuf schema and arbitrary records through the parser. The first section says what they are: an 's' in it, that the
// second is .proto source, which the compiler takes or refuses; 'c' and 'a' the prefix; 'j' that all columns are json. A
// record becomes the same among others and alone, and the same whichever columns are read.
#include "actors/parsers/protobuf/message_plan.hpp"
#include "actors/parsers/protobuf/protobuf_parser.hpp"
#include "actors/parsers/protobuf/schema_files.hpp"
#include "tests/fuzz/record_schema.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/sections.hpp"

#include <algorithm>
#include <google/protobuf/stubs/logging.h>
#include <memory>
#include <utility>

namespace {

using namespace millrace;
using fuzz::outcomes;
using fuzz::require;

constexpr std::string_view usual = R"(syntax = "proto2"; package p;
import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto"; import "google/protobuf/wrappers.proto";
message M {
  enum E { A = 0; B = 1; }
  message N { optional M m = 1; required int32 r = 2; repeated double d = 3; }
  optional int32 a = 1; optional sint64 b = 2; repeated string c = 3; optional bytes d = 4; optional E e = 5;
  repeated E f = 6 [packed = true]; optional N g = 7; repeated N h = 8; map<string, M> i = 9; map<int64, E> j = 10;
  oneof k { float l = 11; N m = 12; string n = 13; }
  optional google.protobuf.Timestamp o = 14; optional google.protobuf.Duration p = 15;
  optional google.protobuf.Struct q = 16; optional google.protobuf.Value r = 17;
  optional google.protobuf.UInt64Value s = 18; repeated group T = 19 { optional bool u = 1; repeated group V = 2 {} }
  repeated fixed32 w = 20 [packed = true]; optional fixed64 x = 500; repeated google.protobuf.Value y = 21;
})";

bool has(const std::string& text, char c) { return text.find(c) != std::string::npos; }

std::vector<data::field> columns_of(const google::protobuf::Descriptor& message, bool are_json) {
  auto out = parser::protobuf::columns_of(message);
  if (!out)
    return {};
  if (are_json)
    for (auto& c : *out)
      c.type = data::type_id::json;
  return std::move(*out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto no_log = google::protobuf::SetLogHandler(nullptr);
  static_cast<void>(no_log);
  auto records = fuzz::sections(data, size);
  const auto form = std::move(records.front());
  records.erase(records.begin());
  if (records.empty())
    return 0;
  std::string source(usual);
  if (has(form, 's')) {
    source = std::move(records.front());
    records.erase(records.begin());
  }
  const auto schema = parser::protobuf::schema::of_source(source, "fuzz");
  require(schema || (schema.error().whose == fault::user && !schema.error().message.empty()),
          "a schema that is refused says why");
  if (!schema || (*schema)->file().message_type_count() == 0 || records.empty())
    return 0;
  const auto bytes = (*schema)->bytes();
  const auto again = parser::protobuf::schema::of_descriptors(bytes, "again");
  require(again && (*again)->bytes() == bytes, "the bytes of a schema are those of its descriptors");
  const auto* const message = (*schema)->file().message_type(0);
  const auto columns = columns_of(*message, has(form, 'j'));
  if (columns.empty())
    return 0;
  parser::parser_options options;
  options.schema = std::make_shared<data::schema>(columns);
  options.declared = columns.size();
  options.used.assign(columns.size(), true);
  options.formats.resize(columns.size());
  options.schema_text = std::make_shared<const std::string>(bytes);
  const auto prefix = has(form, 'c')   ? parser::prefix_form::confluent
                      : has(form, 'a') ? parser::prefix_form::apicurio
                                       : parser::prefix_form::none;
  const auto parser_of = [&](const parser::parser_options& o) {
    auto p = parser::make_protobuf_parser(o, {message->full_name(), prefix});
    require(p.has_value(), "a schema that is good makes a parser");
    return std::move(*p);
  };
  const auto whole = parser_of(options);
  const auto joined = outcomes(*whole, fuzz::chunk_of(records, false, false), options);
  for (std::size_t i = 0; i < records.size(); ++i)
    require(outcomes(*parser_of(options), fuzz::chunk_of({records[i]}, false, false), options)[0] ==
                joined[i],
            "a record stands for itself: " + joined[i]);
  auto fewer = options;
  for (std::size_t i = 0; i < columns.size(); i += 2)
    fewer.used[i] = false;
  const auto of_fewer = outcomes(*whole, fuzz::chunk_of(records, false, false), fewer);
  require(outcomes(*parser_of(fewer), fuzz::chunk_of(records, false, false), fewer) == of_fewer,
          "which columns are read does not matter");
  return 0;
}
