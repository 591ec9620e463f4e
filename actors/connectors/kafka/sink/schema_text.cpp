#include "actors/connectors/kafka/sink/schema_text.hpp"

#include "runtime/avro/schema.hpp"
#include "runtime/data/carried_file.hpp"
#include "runtime/data/json_value.hpp"

#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace millrace::sink {
namespace {

using registry::schema_kind;

constexpr std::string_view shown_name = "the schema";

data::file_kind kind_of_file(schema_kind kind) {
  return {.what = "schema",
          .written_by = kind == schema_kind::avro ? "a schema in JSON, as .avsc files are"
                        : kind == schema_kind::protobuf
                            ? ".proto source, or descriptors that protoc has written"
                            : "a JSON Schema",
          .most_bytes = parser::protobuf::most_schema_bytes,
          .remedy = "a smaller schema"};
}

/// Source has no control characters but blanks.
bool is_source(std::string_view bytes) {
  return std::none_of(bytes.begin(), bytes.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' &&
           c != '\v';
  });
}

/// Registries have a text a subject, and what it imports in subjects of their own.
expected<void> refuse_imports(const google::protobuf::FileDescriptor& file) {
  for (int i = 0; i < file.dependency_count(); ++i)
    if (const auto& name = file.dependency(i)->name(); !name.starts_with("google/protobuf/"))
      return user_error(ec::invalid_argument,
                        fmt::format("it imports \"{}\", and a schema of the sink is one text; expected its "
                                    "messages in one file",
                                    name));
  return {};
}

expected<schema_file> read_message_file(std::string bytes) {
  schema_file out{std::move(bytes), {}, {}};
  std::shared_ptr<const parser::protobuf::schema> schema;
  if (is_source(out.bytes)) {
    out.text = out.bytes;
    ASSIGN_OR_RETURN(schema, message_schema_of(out.text));
  } else {
    ASSIGN_OR_RETURN(schema, parser::protobuf::schema::of_descriptors(out.bytes, std::string(shown_name)));
    RETURN_IF_ERROR(refuse_imports(schema->file()));
    out.text = schema->file().DebugString();
  }
  if (const auto* const only = schema->only_message())
    out.record = only->full_name();
  return out;
}

expected<schema_file> read_json_file(std::string bytes) {
  const auto v = data::read_json_value(bytes);
  if (!v || (!v->is_object() && !v->is_bool()))
    return user_error(ec::invalid_argument, "it is not a JSON Schema: expected an object of JSON");
  schema_file out{bytes, std::move(bytes), {}};
  if (const auto* const o = v->if_object())
    if (const auto* const title = o->if_contains("title"); title != nullptr && data::is_text(*title))
      out.record.assign(title->get_string().data(), title->get_string().size());
  return out;
}

}  // namespace

expected<schema_file> read_schema_file(schema_kind kind, const std::string& path) {
  auto bytes = data::file_or_carried(path, kind_of_file(kind));
  auto out = [&]() -> expected<schema_file> {
    if (!bytes)
      return unexpected(std::move(bytes).error());
    if (kind == schema_kind::protobuf)
      return read_message_file(std::move(*bytes));
    if (kind == schema_kind::json)
      return read_json_file(std::move(*bytes));
    ASSIGN_OR_RETURN(const auto schema, avro::parse_schema(*bytes));
    return schema_file{*bytes, *bytes, schema->root().name};
  }();
  if (!out)
    return unexpected(data::about_file(path, std::move(out).error()));
  return out;
}

expected<std::shared_ptr<const parser::protobuf::schema>> message_schema_of(const std::string& text) {
  auto out = parser::protobuf::schema::of_source(text, std::string(shown_name));
  if (!out && out.error().message.find("Import \"") != std::string::npos)
    out.error().message += "; a schema of the sink is one text: expected its messages in one file";
  return out;
}

}  // namespace millrace::sink
