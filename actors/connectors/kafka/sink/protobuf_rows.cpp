#include "actors/connectors/kafka/sink/protobuf_rows.hpp"

#include "runtime/avro/row_encoder.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/render.hpp"

#include <fmt/format.h>

#include <bit>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <set>

namespace millrace::sink {
namespace {

using data::type_id;
using stream = google::protobuf::io::CodedOutputStream;

unexpected cannot(std::string_view what) { return user_error(ec::invalid_argument, std::string(what)); }

class message_writer {
public:
  expected<void> add(std::string_view name, const std::vector<data::field>& fields, int depth) {
    const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
    out_ += fmt::format("{}message {} {{\n", indent, name);
    std::set<std::string> names;
    for (const auto& f : fields)
      names.insert(f.name);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto& f = fields[i];
      if (!avro::is_name(f.name))
        return cannot(
            fmt::format("the name \"{}\" is none of Protobuf; expected letters, digits and _, and no "
                        "digit first: name it so in \"columns\"",
                        f.name));
      const bool is_list = f.type.id() == type_id::list;
      const auto& type = is_list ? f.type.element() : f.type;
      if (type.id() == type_id::list)
        return cannot(fmt::format("the column \"{}\" is a list of lists, and Protobuf has none; expected one "
                                  "list, or json: to_json(\"{}\")::text",
                                  f.name, f.name));
      auto type_name = std::string(name_of(type.id()));
      if (type.id() == type_id::object) {
        type_name = f.name + "_value";
        while (!names.insert(type_name).second)
          type_name += '_';
        RETURN_IF_ERROR(add(type_name, type.fields(), depth + 1));
      }
      uses_timestamp_ = uses_timestamp_ || type.id() == type_id::timestamp;
      out_ += fmt::format("{}  {} {} {} = {};\n", indent, is_list ? "repeated" : "optional", type_name,
                          f.name, number_of(i));
    }
    out_ += indent + "}\n";
    return {};
  }

  /// Gives the number of a column's field; 19,000 to 19,999 belong to Protobuf itself.
  static std::size_t number_of(std::size_t column) {
    constexpr std::size_t first_reserved = 19'000;
    constexpr std::size_t reserved = 1'000;
    return column + 1 < first_reserved ? column + 1 : column + 1 + reserved;
  }

  [[nodiscard]] bool uses_timestamp() const { return uses_timestamp_; }
  std::string take() { return std::move(out_); }

private:
  static std::string_view name_of(type_id type) {
    switch (type) {
    case type_id::boolean:
      return "bool";
    case type_id::bigint:
      return "int64";
    case type_id::float64:
      return "double";
    case type_id::timestamp:
      return "google.protobuf.Timestamp";
    default:
      return "string";
    }
  }

  std::string out_;
  bool uses_timestamp_ = false;
};

constexpr std::int64_t micros_a_second = 1'000'000;
constexpr std::int64_t nanos_a_micro = 1'000;

/// How a field's value is laid out.
enum class layout : std::uint32_t { varint = 0, fixed64 = 1, delimited = 2 };

void put_tag(stream& out, int number, layout how) {
  out.WriteTag(static_cast<std::uint32_t>(number) << 3 | static_cast<std::uint32_t>(how));
}

void put_varint(stream& out, int number, std::int64_t v) {
  put_tag(out, number, layout::varint);
  out.WriteVarint64(static_cast<std::uint64_t>(v));
}

void put_bytes(stream& out, int number, std::string_view bytes) {
  put_tag(out, number, layout::delimited);
  out.WriteVarint32(static_cast<std::uint32_t>(bytes.size()));
  out.WriteRaw(bytes.data(), static_cast<int>(bytes.size()));
}

std::string timestamp_message(event_micros t) {
  auto seconds = t / micros_a_second;
  auto rest = t % micros_a_second;
  if (rest < 0) {
    rest += micros_a_second;
    --seconds;
  }
  std::string out;
  google::protobuf::io::StringOutputStream to(&out);
  stream coded(&to);
  if (seconds != 0)
    put_varint(coded, 1, seconds);
  if (rest != 0)
    put_varint(coded, 2, rest * nanos_a_micro);
  coded.Trim();
  return out;
}

bool put_fields(stream& out, const std::vector<const data::column*>& columns, std::size_t row);

std::vector<const data::column*> members_of(const data::column& c) {
  std::vector<const data::column*> out;
  for (const auto& member : c.children())
    out.push_back(member.get());
  return out;
}

/// The value is not null.
bool put_value(stream& out, int number, const data::column& c, std::size_t row) {
  switch (c.type().id()) {
  case type_id::boolean:
    put_varint(out, number, c.boolean_at(row) ? 1 : 0);
    return true;
  case type_id::bigint:
    put_varint(out, number, c.ints()[row]);
    return true;
  case type_id::float64:
    put_tag(out, number, layout::fixed64);
    out.WriteLittleEndian64(std::bit_cast<std::uint64_t>(c.doubles()[row]));
    return true;
  case type_id::text:
  case type_id::json:
    put_bytes(out, number, c.text_at(row));
    return true;
  case type_id::timestamp:
    put_bytes(out, number, timestamp_message(c.ints()[row]));
    return true;
  case type_id::date:
  case type_id::numeric: {
    std::string text;
    data::append_text_value(text, c, row);
    put_bytes(out, number, text);
    return true;
  }
  case type_id::object: {
    std::string bytes;
    {
      google::protobuf::io::StringOutputStream to(&bytes);
      stream coded(&to);
      if (!put_fields(coded, members_of(c), row))
        return false;
    }
    put_bytes(out, number, bytes);
    return true;
  }
  case type_id::list: {
    const auto& element = *c.children()[0];
    const auto from = static_cast<std::size_t>(c.offsets()[row]);
    const auto to = static_cast<std::size_t>(c.offsets()[row + 1]);
    for (auto i = from; i < to; ++i)
      if (element.is_null(i) || !put_value(out, number, element, i))
        return false;
    return true;
  }
  }
  return true;
}

bool put_fields(stream& out, const std::vector<const data::column*>& columns, std::size_t row) {
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (!columns[i]->is_null(row) &&
        !put_value(out, static_cast<int>(message_writer::number_of(i)), *columns[i], row))
      return false;
  return true;
}

}  // namespace

expected<std::string> message_of_columns(std::string_view name, const std::vector<data::field>& columns) {
  if (!avro::is_full_name(name))
    return cannot(
        fmt::format("the message's name \"{}\" is none of Protobuf; expected letters, digits and _, and no "
                    "digit first, between dots: give another \"record\"",
                    name));
  const auto point = name.rfind('.');
  const auto last = name.substr(point == std::string_view::npos ? 0 : point + 1);
  message_writer out;
  RETURN_IF_ERROR(out.add(last, columns, 0));
  std::string text = "syntax = \"proto3\";\n";
  if (point != std::string_view::npos)
    text += fmt::format("package {};\n", name.substr(0, point));
  if (out.uses_timestamp())
    text += "import \"google/protobuf/timestamp.proto\";\n";
  return text + out.take();
}

bool append_message(std::string& out, const data::batch& rows, const std::vector<std::size_t>& columns,
                    std::size_t row) {
  std::vector<const data::column*> fields;
  fields.reserve(columns.size());
  for (const auto c : columns)
    fields.push_back(rows.columns[c].get());
  google::protobuf::io::StringOutputStream to(&out);
  stream coded(&to);
  return put_fields(coded, fields, row);
}

}  // namespace millrace::sink
