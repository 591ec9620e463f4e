#include "actors/connectors/kafka/sink/made_message.hpp"

#include "runtime/avro/made_schema.hpp"

#include <fmt/format.h>

#include <set>

namespace millrace::sink {
namespace {

using data::type_id;

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

}  // namespace millrace::sink
