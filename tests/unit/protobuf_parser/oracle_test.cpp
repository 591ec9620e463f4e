// Random messages, which Protobuf's own library writes, merges and prints as JSON: rows have the same values. Damaged ones
// are either dead letters or likewise.
#include "tests/unit/protobuf_parser/protobuf_fixture.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <optional>
#include <random>
#include <set>
#include <string_view>

using namespace millrace;
using namespace millrace::parser;

namespace pb = google::protobuf;
namespace json = boost::json;

namespace {

using engine = std::mt19937_64;

std::uint64_t some_number(engine& r) {
  const auto bits = r() % 65;
  return bits == 0 ? 0 : r() >> (64 - bits);
}

std::string some_text(engine& r) {
  static const std::vector<std::string> parts{"", "a", "Zoë", "\"\\", "\n", "long text that goes on", "0"};
  return parts[r() % parts.size()] + parts[r() % parts.size()];
}

double some_double(engine& r) {
  return static_cast<double>(static_cast<std::int64_t>(r() % 2'000'000) - 1'000'000) / 64;
}

void fill(pb::Message& m, engine& r, int depth);

void set(pb::Message& m, const pb::FieldDescriptor& f, engine& r, int depth) {
  const auto& reflection = *m.GetReflection();
  const auto put = [&](auto one, auto add, auto v) {
    if (f.is_repeated())
      (reflection.*add)(&m, &f, v);
    else
      (reflection.*one)(&m, &f, v);
  };
  using R = pb::Reflection;
  const auto v = r() % 2 == 0 ? some_number(r) : 0 - some_number(r);
  switch (f.cpp_type()) {
  case pb::FieldDescriptor::CPPTYPE_INT32:
    return put(&R::SetInt32, &R::AddInt32, static_cast<std::int32_t>(v));
  case pb::FieldDescriptor::CPPTYPE_INT64:
    return put(&R::SetInt64, &R::AddInt64, static_cast<std::int64_t>(v));
  case pb::FieldDescriptor::CPPTYPE_UINT32:
    return put(&R::SetUInt32, &R::AddUInt32, static_cast<std::uint32_t>(v));
  case pb::FieldDescriptor::CPPTYPE_UINT64:
    return put(&R::SetUInt64, &R::AddUInt64, v);
  case pb::FieldDescriptor::CPPTYPE_DOUBLE:
    return put(&R::SetDouble, &R::AddDouble, some_double(r));
  case pb::FieldDescriptor::CPPTYPE_FLOAT:
    return put(&R::SetFloat, &R::AddFloat, static_cast<float>(some_double(r)));
  case pb::FieldDescriptor::CPPTYPE_BOOL:
    return put(&R::SetBool, &R::AddBool, r() % 2 == 0);
  case pb::FieldDescriptor::CPPTYPE_ENUM:
    return put(&R::SetEnumValue, &R::AddEnumValue, static_cast<int>(r() % 9));
  case pb::FieldDescriptor::CPPTYPE_STRING: {
    const auto text = some_text(r);
    return f.is_repeated() ? reflection.AddString(&m, &f, text) : reflection.SetString(&m, &f, text);
  }
  case pb::FieldDescriptor::CPPTYPE_MESSAGE:
    return fill(f.is_repeated() ? *reflection.AddMessage(&m, &f) : *reflection.MutableMessage(&m, &f), r,
                depth + 1);
  }
}

/// The library's JSON has the first of two entries of one key, which its maps do not: keys are all different.
void set_key(pb::Message& m, const pb::FieldDescriptor& f, engine& r) {
  const auto& reflection = *m.GetReflection();
  if (f.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING)
    reflection.SetString(&m, &f, some_text(r) + std::to_string(r()));
  else
    reflection.SetInt32(&m, &f, static_cast<std::int32_t>(r()));
}

void fill(pb::Message& m, engine& r, int depth) {
  const auto& d = *m.GetDescriptor();
  const auto& reflection = *m.GetReflection();
  const bool is_time =
      d.full_name() == "google.protobuf.Timestamp" || d.full_name() == "google.protobuf.Duration";
  if (is_time) {
    reflection.SetInt64(&m, d.field(0), static_cast<std::int64_t>(r() % 4'000'000'000));
    reflection.SetInt32(&m, d.field(1), static_cast<std::int32_t>(r() % 1'000'000 * 1'000));
    return;
  }
  if (d.full_name() == "google.protobuf.Value") {  // one without a kind has no JSON
    constexpr std::uint64_t scalars = 4;
    const auto kind = r() % (depth < 6 ? 6 : scalars);
    if (kind == 0)
      reflection.SetEnumValue(&m, d.field(0), 0);
    else
      set(m, *d.field(static_cast<int>(kind)), r, depth);
    return;
  }
  for (int i = 0; i < d.field_count(); ++i) {
    const auto& f = *d.field(i);
    if (f.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE && depth > 4 && !d.options().map_entry())
      continue;
    if (d.options().map_entry() && i == 0)
      set_key(m, f, r);
    else if (d.options().map_entry())
      set(m, f, r, depth);
    else if (f.is_repeated())
      for (auto n = r() % 3; n > 0; --n)
        set(m, f, r, depth);
    else if (r() % 2 == 0)
      set(m, f, r, depth);
  }
}

std::string digits_of(const json::value& v) {
  if (v.is_string())
    return std::string(v.as_string());
  return json::serialize(v);
}

/// Times without zeros at the end, of microseconds.
std::string normal_time(std::string text) {
  if (text.size() < 20 || text.back() != 'Z')
    return text;
  text.pop_back();
  if (text.find('.') == std::string::npos)
    return text;
  constexpr std::size_t micros = std::string_view("1970-01-01T00:00:00.000000").size();
  text.resize(std::min(text.size(), micros));
  while (text.back() == '0')
    text.pop_back();
  if (text.back() == '.')
    text.pop_back();
  return text;
}

bool same_scalar(const json::value& a, const json::value& b) {
  const auto x = digits_of(a);
  const auto y = digits_of(b);
  if (x == y || normal_time(x) == normal_time(y))
    return true;
  const auto is_integer = [](const std::string& t) {
    return t.find_first_not_of("-0123456789") == std::string::npos;
  };
  if (x.empty() || y.empty() || (is_integer(x) && is_integer(y)))
    return false;
  char* x_end = nullptr;
  char* y_end = nullptr;
  const auto p = std::strtod(x.c_str(), &x_end);
  const auto q = std::strtod(y.c_str(), &y_end);
  return *x_end == '\0' && *y_end == '\0' && (p == q || static_cast<float>(p) == static_cast<float>(q));
}

/// A member that is null is as good as one that is left out.
bool same(const json::value& ours, const json::value& theirs) {
  if (ours.is_object() && theirs.is_object()) {
    std::set<std::string> names;
    for (const auto& m : ours.as_object())
      names.emplace(m.key());
    for (const auto& m : theirs.as_object())
      names.emplace(m.key());
    for (const auto& name : names) {
      const auto* a = ours.as_object().if_contains(name);
      const auto* b = theirs.as_object().if_contains(name);
      if (!same(a != nullptr ? *a : json::value(), b != nullptr ? *b : json::value()))
        return false;
    }
    return true;
  }
  if (ours.is_array() && theirs.is_array()) {
    const auto& a = ours.as_array();
    const auto& b = theirs.as_array();
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
      if (!same(a[i], b[i]))
        return false;
    return a.size() == b.size();
  }
  if (ours.is_object() || ours.is_array() || theirs.is_object() || theirs.is_array())
    return false;
  return ours.is_null() || theirs.is_null() ? ours.is_null() && theirs.is_null() : same_scalar(ours, theirs);
}

/// The library's JSON of these bytes; none where it has none.
std::optional<std::string> library_json(const pb::Message& prototype, const std::string& bytes) {
  const std::unique_ptr<pb::Message> m(prototype.New());
  if (!m->ParseFromString(bytes))
    return std::nullopt;
  pb::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string out;
  if (!pb::util::MessageToJsonString(*m, &out, options).ok())
    return std::nullopt;
  return out;
}

}  // namespace

TEST_CASE("random messages become what the library's JSON says") {
  const auto every = schema_of_file("every_type.proto");
  const auto* const type = every->find("shop.Every").value();
  pb::DynamicMessageFactory factory;
  const auto* const prototype = factory.GetPrototype(type);
  engine r(7);
  std::size_t damaged_rows = 0;
  for (int round = 0; round < 250; ++round) {
    const std::unique_ptr<pb::Message> m(prototype->New());
    fill(*m, r, 0);
    auto bytes = m->SerializeAsString();
    if (round % 3 == 1) {  // merged with another one
      const std::unique_ptr<pb::Message> other(prototype->New());
      fill(*other, r, 0);
      bytes += other->SerializeAsString();
    }
    const auto expected = library_json(*prototype, bytes);
    const auto row = row_of({every, "shop.Every"}, bytes);
    INFO(row);
    if (expected) {
      INFO(*expected);
      REQUIRE(row.starts_with("{"));
      REQUIRE(same(json::parse(row), json::parse(*expected)));
    }
    std::vector<std::string> damaged;
    for (int i = 0; i < 20 && !bytes.empty(); ++i) {
      auto d = bytes;
      d[r() % d.size()] = static_cast<char>(r());
      if (r() % 2 == 0)
        d.resize(r() % d.size());
      damaged.push_back(std::move(d));
    }
    const auto rows = rows_of({every, "shop.Every"}, damaged);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto theirs = library_json(*prototype, damaged[i]);
      if (!rows[i].starts_with("{") || !theirs)
        continue;
      ++damaged_rows;
      INFO(rows[i]);
      INFO(*theirs);
      REQUIRE(same(json::parse(rows[i]), json::parse(*theirs)));
    }
  }
  CHECK(damaged_rows > 100);
}
