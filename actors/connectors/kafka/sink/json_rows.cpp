// Rows as JSON by a JSON Schema: they are written as ever, and of a schema of the user's the columns are compared with what it
// says of the members.
#include "actors/connectors/kafka/sink/record_encoder.hpp"
#include "config/text/report.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/render.hpp"

#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace millrace::sink {
namespace {

namespace json = boost::json;

constexpr std::size_t most_reasons = 20;

class json_encoder final : public record_encoder {
public:
  /// `columns`: those that make an object, unless one is the value.
  json_encoder(std::vector<std::size_t> columns, std::size_t count, bool is_object)
      : columns_(std::move(columns)), is_all_(columns_.size() == count), is_object_(is_object) {}

  bool append(std::string& out, const data::batch& rows, std::size_t row) override {
    if (is_object_ && is_all_) {
      data::append_json_row(out, rows, row);
    } else if (is_object_) {
      out += '{';
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        out += i > 0 ? "," : "";
        data::append_json_string(out, (*rows.schema)[columns_[i]].name);
        out += ':';
        data::append_json_value(out, *rows.columns[columns_[i]], row);
      }
      out += '}';
    } else {
      data::append_json_value(out, *rows.columns[columns_.front()], row);
    }
    return true;
  }
  std::string why() const override { return {}; }

private:
  std::vector<std::size_t> columns_;
  bool is_all_;
  bool is_object_;
};

const json::value* member_of(const json::object& o, std::string_view name) {
  return o.if_contains(json::string_view(name.data(), name.size()));
}

/// The object's columns against `required`, and against `properties` where no other members may be there.
std::vector<std::string> misfits_of(const json::object& schema, const written_columns& what) {
  std::vector<std::string> out;
  const auto* const required = member_of(schema, "required");
  const auto has_column = [&](std::string_view name) {
    return std::ranges::any_of(what.columns, [&](auto c) { return what.rows[c].name == name; });
  };
  if (required != nullptr && required->is_array())
    for (const auto& r : required->get_array()) {
      if (!data::is_text(r) || out.size() >= most_reasons)
        continue;
      const std::string name(r.get_string().data(), r.get_string().size());
      if (!has_column(name))
        out.push_back(
            fmt::format("the JSON Schema requires \"{}\", and there is no such column; a select before it "
                        "gives the column",
                        name));
    }
  const auto* const others = member_of(schema, "additionalProperties");
  if (others == nullptr || !others->is_bool() || others->get_bool() ||
      member_of(schema, "patternProperties") != nullptr)
    return out;
  const auto* const properties = member_of(schema, "properties");
  const auto* const known = properties == nullptr ? nullptr : properties->if_object();
  for (const auto c : what.columns) {
    const auto& name = what.rows[c].name;
    if ((known != nullptr && member_of(*known, name) != nullptr) || out.size() >= most_reasons)
      continue;
    std::vector<std::string> free;
    if (known != nullptr)
      for (const auto& p : *known)
        if (const std::string key(p.key().data(), p.key().size()); !has_column(key))
          free.push_back(key);
    out.push_back(
        fmt::format("the column \"{}\" is none of the \"properties\" of the JSON Schema, which takes no "
                    "others; a select before it leaves it out, or names it as the property is named{}",
                    name, config::did_you_mean(name, free)));
  }
  return out;
}

}  // namespace

expected<std::unique_ptr<record_encoder>> make_json_encoder(const std::string& schema,
                                                            const written_columns& what) {
  const auto v = data::read_json_value(schema);
  if (!v || (!v->is_object() && !v->is_bool()))
    return user_error(ec::invalid_argument, "it is not a JSON Schema: expected an object of JSON");
  const auto* const o = v->if_object();
  const auto* const type = o == nullptr ? nullptr : member_of(*o, "type");
  const bool says_object =
      o != nullptr && (member_of(*o, "properties") != nullptr ||
                       (type != nullptr && data::is_text(*type) && type->get_string() == "object"));
  // A column of json without a property of its name is the whole value, whatever it is.
  const auto& first = what.rows[what.columns.front()];
  const auto* const properties = o == nullptr ? nullptr : member_of(*o, "properties");
  const bool has_property = properties != nullptr && properties->is_object() &&
                            member_of(properties->get_object(), first.name) != nullptr;
  const bool is_whole = first.type.id() == data::type_id::json && !has_property;
  const bool is_object = !what.is_bare || (says_object && !is_whole);
  if (is_object && o != nullptr)
    if (auto reasons = misfits_of(*o, what); !reasons.empty())
      return unfit(std::move(reasons));
  return std::make_unique<json_encoder>(what.columns, what.rows.size(), is_object);
}

}  // namespace millrace::sink
