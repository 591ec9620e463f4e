#include "actors/parsers/protobuf/message_plan.hpp"

#include "config/text/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace millrace::parser::protobuf {

namespace {

using data::type_id;

// Columns of nested messages count, too: two fields of each of 30 messages within one another are a thousand million.
constexpr std::size_t most_columns = 10'000;
// Messages nest no deeper in columns; those that do are json.
constexpr std::size_t deepest_columns = 16;
constexpr int uint64_digits = 20;

struct scalar_kind {
  scalar kind;
  data::type type;
};

scalar_kind kind_of(const FieldDescriptor& f) {
  switch (f.type()) {
  case FieldDescriptor::TYPE_DOUBLE:
  case FieldDescriptor::TYPE_FLOAT:
    return {scalar::real, type_id::float64};
  case FieldDescriptor::TYPE_UINT64:
  case FieldDescriptor::TYPE_FIXED64:
    return {scalar::integer, data::type::numeric_of(uint64_digits, 0)};
  case FieldDescriptor::TYPE_BOOL:
    return {scalar::boolean, type_id::boolean};
  case FieldDescriptor::TYPE_STRING:
  case FieldDescriptor::TYPE_BYTES:
  case FieldDescriptor::TYPE_ENUM:
    return {scalar::text, type_id::text};
  default:
    return {scalar::integer, type_id::bigint};
  }
}

class column_maker {
public:
  [[nodiscard]] std::vector<data::field> columns_of(const Descriptor& message) {
    std::vector<data::field> out;
    open_.push_back(&message);
    for (int i = 0; i < message.field_count() && count_ <= most_columns; ++i)
      out.push_back({message.field(i)->name(), type_of(*message.field(i))});
    open_.pop_back();
    return out;
  }
  [[nodiscard]] std::size_t count() const { return count_; }

private:
  data::type type_of(const FieldDescriptor& f) {
    ++count_;
    if (f.is_map())
      return type_id::json;
    return f.is_repeated() ? data::type::list_of(type_of_value(f)) : type_of_value(f);
  }

  data::type type_of_value(const FieldDescriptor& f) {
    if (f.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
      return kind_of(f).type;
    const auto& message = *f.message_type();
    switch (well_known_of(message)) {
    case well_known_type::timestamp:
      return type_id::timestamp;
    case well_known_type::duration:
      return type_id::text;
    case well_known_type::wrapper:
      return kind_of(*message.field(0)).type;
    case well_known_type::structure:
    case well_known_type::value:
    case well_known_type::list:
      return type_id::json;
    case well_known_type::none:
      break;
    }
    if (message.field_count() == 0 || open_.size() >= deepest_columns ||
        std::find(open_.begin(), open_.end(), &message) != open_.end())
      return type_id::json;
    return data::type::object_of(columns_of(message));
  }

  std::vector<const Descriptor*> open_;
  std::size_t count_ = 0;
};

std::string json_alone(std::string_view what) {
  return fmt::format("the field is {}; declare it json", what);
}

std::string no_field(std::string_view name, const message_shape& message) {
  std::vector<std::string> names;
  for (const auto& f : message.fields)
    names.push_back(f.name());
  if (names.empty())
    return fmt::format("the message {} has no fields", message.declared->full_name());
  return fmt::format("the message {} has no field of that name; expected {}{}", message.declared->full_name(),
                     config::one_of(names), config::did_you_mean(name, names));
}

/// Plans one column; returns why not, empty where it fits.
class planner {
public:
  explicit planner(bool missing_are_null) : missing_are_null_(missing_are_null) {}

  [[nodiscard]] std::unique_ptr<object_plan>
  object(const message_shape& message, std::span<const data::field> declared,
         const std::vector<parser_options::timestamp_format>& formats, std::vector<unfit_column>& unfit) {
    auto out = std::make_unique<object_plan>();
    out->shape = &message;
    std::map<std::string_view, std::uint32_t> by_name;
    for (std::uint32_t i = 0; i < message.fields.size(); ++i)
      by_name.emplace(message.fields[i].name(), i);
    for (std::size_t i = 0; i < declared.size(); ++i) {
      auto& c = out->columns.emplace_back();
      c.name = declared[i].name;
      c.type = declared[i].type;
      const auto found = by_name.find(declared[i].name);
      std::string why;
      if (found == by_name.end()) {
        if (!missing_are_null_)
          why = no_field(declared[i].name, message);
      } else {
        why = plan_field(message.fields[found->second], format_at(formats, i), c);
        if (why.empty())
          c.field = found->second;
      }
      if (!why.empty())
        unfit.push_back({i, std::move(why)});
    }
    lay_out(*out);
    return out;
  }

private:
  [[nodiscard]] std::string plan_field(const field_shape& field,
                                       const parser_options::timestamp_format& format, column_plan& out) {
    out.shape = &field;
    if (field.is_map) {
      out.how = reading::json;
      return out.type.id() == type_id::json ? std::string() : json_alone("a map");
    }
    if (!field.repeated)
      return plan_value(field, format, out);
    if (out.type.id() == type_id::json) {
      out.how = reading::json;
      return {};
    }
    if (out.type.id() != type_id::list)
      return json_alone("repeated").append(", or as a list, such as \"[text]\"");
    out.how = reading::list;
    out.within = std::make_unique<column_plan>();
    out.within->type = out.type.element();
    out.within->is_element = true;
    out.within->shape = &field;
    auto why = plan_value(field, format_at(format.members, 0), *out.within);
    return why.empty() ? why : "its elements: " + why;
  }

  /// A value of the field, as if it were not repeated.
  [[nodiscard]] std::string plan_value(const field_shape& field,
                                       const parser_options::timestamp_format& format, column_plan& out) {
    const bool is_json = out.type.id() == type_id::json;
    if (!field.is_message())
      return plan_scalar(field, format, out);
    switch (field.message->known) {
    case well_known_type::timestamp:
    case well_known_type::duration: {
      const bool is_time = field.message->known == well_known_type::timestamp;
      out.how = is_time ? reading::time : reading::duration;
      return with_value(is_time ? scalar::timestamp : scalar::text, format, out);
    }
    case well_known_type::wrapper:
      out.how = reading::wrapper;
      out.within = std::make_unique<column_plan>();
      out.within->type = out.type;
      out.within->shape = field.message->fields.data();
      return plan_scalar(*out.within->shape, format, *out.within);
    case well_known_type::structure:
    case well_known_type::value:
    case well_known_type::list:
      out.how = reading::json;
      return is_json ? std::string() : json_alone(field.message->declared->full_name());
    case well_known_type::none:
      break;
    }
    if (is_json) {
      out.how = reading::json;
      return {};
    }
    if (out.type.id() != type_id::object)
      return json_alone("the message " + field.message->declared->full_name()) + ", or by its members";
    out.how = reading::object;
    std::vector<unfit_column> unfit;
    out.object = object(*field.message, out.type.fields(), format.members, unfit);
    for (const auto& c : out.object->columns)
      out.cells += c.cells;
    if (unfit.empty())
      return {};
    return fmt::format("its member \"{}\": {}", out.type.fields()[unfit.front().column].name,
                       unfit.front().message);
  }

  static std::string plan_scalar(const field_shape& field, const parser_options::timestamp_format& format,
                                 column_plan& out) {
    const auto kind = kind_of(*field.declared);
    out.how = reading::scalar;
    out.is_plain = kind.type == out.type && kind.type.id() != type_id::numeric;
    return with_value(kind.kind, format, out);
  }

  static std::string with_value(scalar kind, const parser_options::timestamp_format& format,
                                column_plan& out) {
    auto why = why_not(kind, out.type, format);
    if (why.empty())
      out.value.emplace(out.type, format);
    return why;
  }

  static void lay_out(object_plan& p) {
    p.entries.resize(p.shape->fields.size());
    std::vector<std::int32_t> oneofs(p.shape->oneofs, -1);
    const auto keep = [&](std::uint32_t field) {
      auto& e = p.entries[field];
      if (e.slot < 0)
        e.slot = static_cast<std::int32_t>(p.slots++);
      if (const auto oneof = p.shape->fields[field].oneof;
          oneof >= 0 && oneofs[static_cast<std::size_t>(oneof)] < 0)
        oneofs[static_cast<std::size_t>(oneof)] = static_cast<std::int32_t>(p.slots++);
    };
    for (std::size_t i = 0; i < p.columns.size(); ++i) {
      const auto& c = p.columns[i];
      if (c.field == column_plan::no_field)
        continue;
      if (c.how == reading::list)
        p.entries[c.field].column = static_cast<std::int32_t>(i);
      else
        keep(c.field);
    }
    for (std::uint32_t i = 0; i < p.shape->fields.size(); ++i) {
      const auto& field = p.shape->fields[i];
      if (field.required) {
        p.required.push_back(i);
        keep(i);
      }
      if (field.oneof >= 0)
        p.entries[i].oneof = oneofs[static_cast<std::size_t>(field.oneof)];
    }
  }

  bool missing_are_null_;
};

}  // namespace

expected<std::vector<data::field>> columns_of(const Descriptor& message) {
  column_maker maker;
  auto out = maker.columns_of(message);
  if (maker.count() > most_columns)
    return user_error(
        ec::unsupported,
        fmt::format("the message {} has more than {} fields, with those of its messages; name the "
                    "ones that are columns in \"schema\"",
                    message.full_name(), most_columns));
  return out;
}

planned plan_of(const message_shape& message, std::span<const data::field> declared,
                const std::vector<parser_options::timestamp_format>& formats, bool missing_are_null) {
  planned out;
  out.plan = planner(missing_are_null).object(message, declared, formats, out.unfit);
  return out;
}

}  // namespace millrace::parser::protobuf
