#include "actors/connectors/kafka/sink/message_writing.hpp"

#include "actors/connectors/kafka/sink/json_for_message.hpp"
#include "actors/parsers/protobuf/message_shape.hpp"
#include "config/text/report.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace millrace::sink {
namespace {

namespace pb = google::protobuf;
using data::type_id;
using parser::protobuf::well_known_of;
using parser::protobuf::well_known_type;

constexpr std::size_t most_unfit = 20;
constexpr std::size_t most_names_shown = 1'000;

bool is_message(const pb::FieldDescriptor& f) { return f.type() == pb::FieldDescriptor::TYPE_MESSAGE; }

bool is_integer(pb::FieldDescriptor::CppType t) {
  return t == pb::FieldDescriptor::CPPTYPE_INT32 || t == pb::FieldDescriptor::CPPTYPE_INT64 ||
         t == pb::FieldDescriptor::CPPTYPE_UINT32 || t == pb::FieldDescriptor::CPPTYPE_UINT64;
}

std::uint32_t wire_of(pb::FieldDescriptor::Type t) {
  constexpr std::uint32_t varint = 0;
  constexpr std::uint32_t eight_bytes = 1;
  constexpr std::uint32_t with_length = 2;
  constexpr std::uint32_t four_bytes = 5;
  switch (t) {
  case pb::FieldDescriptor::TYPE_DOUBLE:
  case pb::FieldDescriptor::TYPE_FIXED64:
  case pb::FieldDescriptor::TYPE_SFIXED64:
    return eight_bytes;
  case pb::FieldDescriptor::TYPE_FLOAT:
  case pb::FieldDescriptor::TYPE_FIXED32:
  case pb::FieldDescriptor::TYPE_SFIXED32:
    return four_bytes;
  case pb::FieldDescriptor::TYPE_STRING:
  case pb::FieldDescriptor::TYPE_BYTES:
  case pb::FieldDescriptor::TYPE_MESSAGE:
    return with_length;
  default:
    return varint;
  }
}

std::string tag_of(int number, std::uint32_t wire) {
  std::string out;
  auto rest = static_cast<std::uint32_t>(number) << 3 | wire;
  for (; rest >= 0x80; rest >>= 7)
    out += static_cast<char>(rest | 0x80);
  out += static_cast<char>(rest);
  return out;
}

std::string type_in_words(const pb::FieldDescriptor& f) {
  std::string out = f.is_map()      ? "a map"
                    : is_message(f) ? "the message " + f.message_type()->full_name()
                    : f.type() == pb::FieldDescriptor::TYPE_ENUM ? "the enum " + f.enum_type()->full_name()
                                                                 : std::string(f.type_name());
  return f.is_repeated() && !f.is_map() ? "repeated " + out : out;
}

/// How a scalar column is written as a field of that type; none: it cannot be.
std::optional<message_put> scalar_put(type_id from, const pb::FieldDescriptor& f) {
  const auto to = f.cpp_type();
  switch (from) {
  case type_id::boolean:
    return to == pb::FieldDescriptor::CPPTYPE_BOOL ? std::optional(message_put::boolean) : std::nullopt;
  case type_id::bigint:
    if (is_integer(to))
      return message_put::whole;
    [[fallthrough]];
  case type_id::float64:
    return to == pb::FieldDescriptor::CPPTYPE_DOUBLE || to == pb::FieldDescriptor::CPPTYPE_FLOAT
               ? std::optional(message_put::real)
               : std::nullopt;
  case type_id::text:
    if (to == pb::FieldDescriptor::CPPTYPE_ENUM)
      return message_put::symbol;
    return f.type() == pb::FieldDescriptor::TYPE_STRING  ? std::optional(message_put::text)
           : f.type() == pb::FieldDescriptor::TYPE_BYTES ? std::optional(message_put::binary)
                                                         : std::nullopt;
  case type_id::numeric:
    if (is_integer(to))
      return message_put::whole;
    [[fallthrough]];
  case type_id::date:
  case type_id::timestamp:
    return f.type() == pb::FieldDescriptor::TYPE_STRING ? std::optional(message_put::text_of_value)
                                                        : std::nullopt;
  default:
    return std::nullopt;
  }
}

std::string cast_to(const pb::FieldDescriptor& f) {
  if (is_message(f))
    return well_known_of(*f.message_type()) == well_known_type::timestamp ? "timestamptz" : "";
  switch (f.cpp_type()) {
  case pb::FieldDescriptor::CPPTYPE_BOOL:
    return "boolean";
  case pb::FieldDescriptor::CPPTYPE_DOUBLE:
  case pb::FieldDescriptor::CPPTYPE_FLOAT:
    return "double precision";
  case pb::FieldDescriptor::CPPTYPE_STRING:
    return f.type() == pb::FieldDescriptor::TYPE_BYTES ? "" : "text";
  case pb::FieldDescriptor::CPPTYPE_ENUM:
    return "text";
  case pb::FieldDescriptor::CPPTYPE_UINT64:
    return "numeric(20,0)";
  case pb::FieldDescriptor::CPPTYPE_MESSAGE:
    return "";
  default:
    return "bigint";
  }
}

class message_planner {
public:
  void plan(std::vector<field_writing>& out, const pb::Descriptor& message,
            const std::vector<data::field>& columns, const std::vector<std::size_t>& places,
            const std::string& path, std::uint32_t depth) {
    if (depth > deepest_message)
      return refuse(fmt::format("the column \"{}\" is nested deeper than {}", path, deepest_message));
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const auto column = path.empty() ? columns[c].name : path + "." + columns[c].name;
      const auto* const field = message.FindFieldByName(columns[c].name);
      if (field == nullptr) {
        refuse_unknown(message, columns, columns[c].name, column);
        continue;
      }
      auto& w = out.emplace_back();
      w.column = places[c];
      w.name = columns[c].name;
      plan_field(w, *field, columns[c].type, column, depth);
    }
    std::sort(out.begin(), out.end(), [](const field_writing& a, const field_writing& b) {
      return a.declared->number() < b.declared->number();
    });
    find_oneofs(out, message);
    for (int i = 0; i < message.field_count(); ++i) {
      const auto& f = *message.field(i);
      if (f.is_required() &&
          std::none_of(out.begin(), out.end(), [&](const auto& w) { return w.declared == &f; }))
        refuse(
            fmt::format("{} is required, and there is no column \"{}\"; a select before it gives the column",
                        words_of(f), f.name()));
    }
  }

  /// Members of JSON in that message would be ambiguous.
  void refuse_clash(const name_clash& c, const std::string& column) {
    refuse(fmt::format(
        "the column \"{}\" is json, and {} has the name that {} has in JSON, so that it may be either; "
        "expected another `json_name` there, or columns of the fields' own types",
        column, words_of(*c.named), words_of(*c.in_json)));
  }

  [[nodiscard]] std::vector<std::string> take() { return std::move(unfit_); }

private:
  void refuse(std::string why) {
    if (unfit_.size() < most_unfit)
      unfit_.push_back(std::move(why));
  }

  void refuse_unknown(const pb::Descriptor& message, const std::vector<data::field>& columns,
                      const std::string& name, const std::string& column) {
    if (unfit_.size() >= most_unfit)
      return;
    std::vector<std::string> free;
    for (int i = 0; i < message.field_count() && free.size() < most_names_shown; ++i)
      if (std::none_of(columns.begin(), columns.end(),
                       [&](const auto& c) { return c.name == message.field(i)->name(); }))
        free.push_back(message.field(i)->name());
    refuse(
        fmt::format("the column \"{}\" has no field in the message {}; a select before it leaves it out, or "
                    "names it as the field is named{}",
                    column, message.full_name(), config::did_you_mean(name, free)));
  }

  void refuse_type(const pb::FieldDescriptor& f, const data::type& from, const std::string& column) {
    const auto cast = f.is_repeated() ? std::string() : cast_to(f);
    std::string remedy;
    if (from.id() == type_id::bigint && cast == "timestamptz")
      remedy = fmt::format("; a select before it makes one of it: to_timestamp(\"{}\"), of seconds", column);
    else if (from.is_nested() && cast == "text")
      remedy = fmt::format("; a select before it makes a text of it: to_json(\"{}\")::text", column);
    else if (!from.is_nested() && !cast.empty() && column.find('.') == std::string::npos)
      remedy = fmt::format("; a select before it casts it: \"{}\"::{}", column, cast);
    refuse(fmt::format("the column \"{}\" is {}, and {} is {}, which cannot be written from it{}", column,
                       from.name(), words_of(f), type_in_words(f), remedy));
  }

  void plan_field(field_writing& w, const pb::FieldDescriptor& f, const data::type& from,
                  const std::string& column, std::uint32_t depth) {
    w.declared = &f;
    w.type = f.type();
    w.has_presence = f.has_presence();
    w.takes_null = f.is_repeated() || (f.has_presence() && !f.is_required());
    w.tag = tag_of(f.number(), wire_of(f.type()));
    if (from.id() == type_id::json)
      return plan_json(w, f, column, depth);
    if (f.is_map() || f.is_repeated() != (from.id() == type_id::list) ||
        f.type() == pb::FieldDescriptor::TYPE_GROUP)
      return refuse_type(f, from, column);
    if (!f.is_repeated())
      return plan_value(w, f, from, column, depth);
    w.how = message_put::list;
    w.is_packed = f.is_packed();
    auto& e = w.members.emplace_back();
    e.declared = &f;
    e.type = f.type();
    e.is_element = true;
    e.takes_null = false;
    if (w.is_packed)
      w.tag = tag_of(f.number(), wire_of(pb::FieldDescriptor::TYPE_BYTES));
    else
      e.tag = w.tag;
    if (from.element().id() == type_id::json) {
      if (w.is_packed)
        return refuse_type(f, from, column);
      return plan_json(e, f, column, depth);
    }
    plan_value(e, f, from.element(), column, depth);
  }

  void plan_json(field_writing& w, const pb::FieldDescriptor& f, const std::string& column,
                 std::uint32_t depth) {
    const bool is_one = !f.is_repeated() || w.is_element;
    w.has_json_null = !is_one || !has_null_value(f);
    w.depth = depth;
    if (f.type() == pb::FieldDescriptor::TYPE_STRING && is_one) {
      w.how = message_put::text_of_json;
      return;
    }
    w.how = message_put::json;
    const auto& around = *f.containing_type();
    for (int i = 0; i < around.field_count(); ++i)
      if (around.field(i)->is_required() && around.field(i) != &f)
        return refuse(fmt::format(
            "the column \"{}\" is json, and the message {} has required fields, where json is written into "
            "strings alone; expected a column of the field's own type ({})",
            column, around.full_name(), type_in_words(f)));
    for (int i = 0; i < around.field_count(); ++i)
      if (around.field(i) != &f && around.field(i)->json_name() == f.json_name())
        return refuse_clash({around.field(i), &f}, column);
    if (const auto clash = clash_within(f))
      refuse_clash(*clash, column);
  }

  /// A field that is not repeated, or an element of one that is.
  void plan_value(field_writing& w, const pb::FieldDescriptor& f, const data::type& from,
                  const std::string& column, std::uint32_t depth) {
    if (!is_message(f)) {
      const auto how = scalar_put(from.id(), f);
      if (!how)
        return refuse_type(f, from, column);
      w.how = *how;
      return;
    }
    const auto& message = *f.message_type();
    const auto known = well_known_of(message);
    if (known == well_known_type::timestamp && from.id() == type_id::timestamp) {
      w.how = message_put::timestamp;
    } else if (known == well_known_type::duration && from.id() == type_id::text) {
      w.how = message_put::duration;
    } else if (known == well_known_type::wrapper) {
      const auto& value = *message.field(0);
      const auto how = scalar_put(from.id(), value);
      if (!how)
        return refuse_type(f, from, column);
      w.how = message_put::wrapper;
      auto& within = w.members.emplace_back();
      within.declared = &value;
      within.type = value.type();
      within.has_presence = value.has_presence();
      within.how = *how;
      within.tag = tag_of(value.number(), wire_of(value.type()));
    } else if (known == well_known_type::none && from.id() == type_id::object) {
      w.how = message_put::object;
      std::vector<std::size_t> places(from.fields().size());
      for (std::size_t i = 0; i < places.size(); ++i)
        places[i] = i;
      plan(w.members, message, from.fields(), places, column, depth + 1);
    } else {
      refuse_type(f, from, column);
    }
  }

  /// Several columns of one oneof: a row may have a value in one of them.
  void find_oneofs(std::vector<field_writing>& fields, const pb::Descriptor& message) {
    std::map<const pb::OneofDescriptor*, std::vector<field_writing*>> members;
    for (auto& w : fields)
      if (const auto* const o = w.declared->real_containing_oneof())
        members[o].push_back(&w);
    std::int32_t count = 0;
    for (const auto& [o, all] : members) {
      if (all.size() < 2)
        continue;
      if (count == most_shared_oneofs)
        return refuse(
            fmt::format("the message {} has more than {} oneofs of which several columns are members",
                        message.full_name(), most_shared_oneofs));
      for (auto* const w : all)
        w->oneof = count;
      ++count;
    }
  }

  std::vector<std::string> unfit_;
};

}  // namespace

std::string words_of(const pb::FieldDescriptor& field) {
  return fmt::format("the field \"{}\" of the message {}", data::excerpt(field.name()),
                     data::excerpt(field.containing_type()->full_name()));
}

tl::expected<message_writing, std::vector<std::string>>
message_writing_of(const pb::Descriptor& message, const data::schema& rows,
                   const std::vector<std::size_t>& columns, bool is_bare) {
  if (const auto& first = rows[columns.front()];
      is_bare && first.type.id() == type_id::json && message.FindFieldByName(first.name) == nullptr) {
    if (const auto clash = clash_within(message)) {
      message_planner p;
      p.refuse_clash(*clash, first.name);
      return tl::make_unexpected(p.take());
    }
    return message_writing{{}, columns.front()};
  }
  std::vector<data::field> fields;
  for (const auto c : columns)
    fields.push_back(rows[c]);
  message_planner p;
  message_writing out;
  p.plan(out.fields, message, fields, columns, {}, 0);
  auto unfit = p.take();
  if (!unfit.empty())
    return tl::make_unexpected(std::move(unfit));
  return out;
}

}  // namespace millrace::sink
