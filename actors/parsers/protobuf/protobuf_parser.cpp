#include "actors/parsers/protobuf/protobuf_parser.hpp"

#include "actors/parsers/binary_records.hpp"
#include "actors/parsers/protobuf/message_reader.hpp"
#include "actors/parsers/protobuf/schema_files.hpp"
#include "actors/parsers/protobuf/writer_message.hpp"
#include "actors/parsers/timestamp_format.hpp"
#include "actors/registry/registered.hpp"
#include "runtime/data/carried_file.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace millrace::parser {
namespace {

using protobuf::Descriptor;

// Schemas of a registry whose descriptors are kept; a topic's records have a few.
constexpr std::size_t most_schemas = 200;
// Their texts together; descriptors take some ten times as much.
constexpr std::size_t most_schema_texts = 20'000'000;

/// A schema, and how each of its messages that has come becomes a row.
struct known_schema {
  std::shared_ptr<const std::string> text;  // of a registry's
  std::shared_ptr<const protobuf::schema> descriptors;
  std::string why;  // it cannot be read
  protobuf::message_shapes shapes;
  struct message_plan {
    protobuf::object_plan* plan = nullptr;
    std::string why;  // there is none
    std::unique_ptr<protobuf::object_plan> own;
  };
  // By its messages, whose records they read; null: of a record that does not say which it is.
  std::map<const Descriptor*, message_plan> plans;
};

class protobuf_parser final : public record_parser {
public:
  protobuf_parser(const parser_options& options, protobuf_options own,
                  std::shared_ptr<const protobuf::schema> file)
      : own_(std::move(own)), rows_(options) {
    if (file) {
      file_.emplace();
      file_->descriptors = std::move(file);
    }
    for (std::size_t i = 0; i < options.declared; ++i) {
      if (!rows_.used(i) && !options.validate_whole)
        continue;
      fields_.push_back((*options.schema)[i]);
      formats_.push_back(format_at(options.formats, i));
      builders_.push_back(&rows_.column(i));
    }
  }

  parsed parse(const source::chunk& c) override {
    return parse_binary(c, rows_, "a message", why_, [&](std::size_t i) { return read_message(c, i); });
  }

private:
  bool read_message(const source::chunk& c, std::size_t i) {
    const auto prefixed = take_prefix(own_.prefix, c.record(i), why_);
    if (!prefixed)
      return false;
    auto body = prefixed->body;
    auto* const plan = plan_of(c, prefixed->id, body);
    if (plan == nullptr)
      return false;
    return reader_.read(*plan, body, builders_) ||
           fail(reader_.why() + prefix_hint(own_.prefix, c.record(i)));
  }

  bool fail(std::string why) {
    why_ = std::move(why);
    return false;
  }

  /// Takes off what says which message the record is, and returns how it is read. Null leaves why_ as the reason.
  protobuf::object_plan* plan_of(const source::chunk& c, std::optional<std::uint64_t> id,
                                 std::string_view& body) {
    auto* const writer = writer_of(c, id);
    const Descriptor* named = nullptr;
    if (writer == nullptr || !take_name(*writer->descriptors, body, named))
      return nullptr;
    auto [at, is_new] = writer->plans.try_emplace(named);
    auto& known = at->second;
    if (is_new && !make_plan(*writer, named, known))
      known.why = std::move(why_);
    if (known.plan == nullptr)
      fail(known.why);
    return known.plan;
  }

  /// A schema file says how records are read; the writer's schema then says which message one is.
  bool make_plan(known_schema& writer, const Descriptor* named, known_schema::message_plan& out) {
    const auto* message = message_of(*writer.descriptors, named);
    if (message == nullptr)
      return false;
    auto* reader = &writer;
    if (file_ && reader != &*file_) {
      reader = &*file_;
      const auto own = file_->descriptors->find(message->full_name());
      if (!own)
        return fail(
            fmt::format("by its schema the record is the message {}, which \"schema_file\" does not have",
                        message->full_name()));
      message = *own;
    }
    auto planned =
        protobuf::plan_of(reader->shapes.of(*message), fields_, formats_, !file_ || own_.message.empty());
    if (!planned.unfit.empty())
      return fail(fmt::format("column \"{}\": {}", fields_[planned.unfit.front().column].name,
                              planned.unfit.front().message));
    out.own = std::move(planned.plan);
    out.plan = out.own.get();
    return true;
  }

  /// The schema that the record was written with; the file's where there is no registry.
  known_schema* writer_of(const source::chunk& c, std::optional<std::uint64_t> id) {
    if (id && c.schemas) {
      if (const auto found = c.schemas->by_id.find(*id); found != c.schemas->by_id.end())
        return registered(*id, found->second);
      if (const auto found = c.schemas->unknown.find(*id); found != c.schemas->unknown.end()) {
        fail(found->second);
        return nullptr;
      }
    }
    if (file_)
      return &*file_;
    fail(id ? fmt::format("the schema of id {} is not known; expected a \"registry\" that has it, or a "
                          "\"schema_file\"",
                          *id)
            : std::string("nothing says which message the record is; expected a \"schema_file\""));
    return nullptr;
  }

  known_schema* registered(std::uint64_t id, const std::shared_ptr<const std::string>& text) {
    auto found = registered_.find(id);
    if (found != registered_.end() && found->second.text != text && *found->second.text != *text) {
      registered_bytes_ -= found->second.text->size();
      registered_.erase(found);
      found = registered_.end();
    }
    if (found == registered_.end()) {
      if (registered_.size() >= most_schemas || registered_bytes_ + text->size() > most_schema_texts) {
        registered_.clear();
        registered_bytes_ = 0;
      }
      registered_bytes_ += text->size();
      found = registered_.try_emplace(id).first;
      auto& known = found->second;
      auto compiled = protobuf::schema::of_source(*text, fmt::format("the schema of id {}", id));
      if (compiled)
        known.descriptors = std::move(*compiled);
      else
        known.why = std::move(compiled.error().message);
    }
    found->second.text = text;  // later records have the same one, and need no comparison
    if (found->second.descriptors)
      return &found->second;
    fail(found->second.why);
    return nullptr;
  }

  bool take_name(const protobuf::schema& schema, std::string_view& body, const Descriptor*& named) {
    if (own_.prefix == prefix_form::confluent) {
      named = protobuf::take_indexes(schema, body, why_);
      return named != nullptr;
    }
    return own_.prefix != prefix_form::apicurio || protobuf::take_reference(schema, body, named, why_);
  }

  /// The message that the record is, by its name in front of it, if it has one, and by the option. Null leaves why_.
  const Descriptor* message_of(const protobuf::schema& schema, const Descriptor* named) {
    if (named != nullptr) {
      if (own_.message.empty() || named->full_name() == own_.message)
        return named;
      fail(fmt::format("the record is the message {}, and \"message\" says {}", named->full_name(),
                       own_.message));
      return nullptr;
    }
    if (own_.message.empty()) {
      if (const auto* only = schema.only_message())
        return only;
      fail("nothing says which message the record is; expected \"message\"");
      return nullptr;
    }
    const auto found = schema.find(own_.message);
    if (found)
      return *found;
    fail(found.error().message);
    return nullptr;
  }

  protobuf_options own_;
  row_builder rows_;
  std::optional<known_schema> file_;
  std::map<std::uint64_t, known_schema> registered_;
  std::size_t registered_bytes_ = 0;
  // The columns that are read:
  std::vector<data::field> fields_;
  std::vector<parser_options::timestamp_format> formats_;
  std::vector<data::column_builder*> builders_;
  protobuf::message_reader reader_;
  std::string why_;
};

bool has_prefix(const config::values& options) {
  return prefix_of(options, options.has("registry")) != prefix_form::none;
}

std::string message_option(const config::values& options) {
  return options.has("message") ? options.text("message") : std::string();
}

/// The message that the option says, or the only one. None where records say it themselves.
expected<const Descriptor*> message_in(const protobuf::schema& schema, const config::values& options) {
  const auto name = message_option(options);
  if (name.empty() && has_prefix(options))
    return schema.only_message();
  return schema.message(name, "in \"message\" which one records are");
}

expected<std::shared_ptr<const protobuf::schema>> schema_of_subject(const config::values& options) {
  ASSIGN_OR_RETURN(const auto text, registry::subject_schema(options, registry::schema_kind::protobuf));
  return protobuf::schema::of_source(text, fmt::format("the subject {}", options.text("subject")));
}

expected<config::written_schema> schema_in_file(const config::values& options) {
  ASSIGN_OR_RETURN(const auto schema, options.has("schema_file")
                                          ? protobuf::schema::of_file(options.text("schema_file"))
                                          : schema_of_subject(options));
  const auto about = [&](error e) {
    return options.has("schema_file") ? data::about_file(options.text("schema_file"), std::move(e)) : e;
  };
  auto message = message_in(*schema, options);
  if (!message)
    return unexpected(about(std::move(message).error()));
  config::written_schema out{schema->bytes(), {}};
  if (*message == nullptr) {
    out.why_no_columns = "records say which of several messages they are";
    return out;
  }
  // Too many columns are a fault only where the topology names none.
  if (auto columns = protobuf::columns_of(**message))
    out.columns = std::move(*columns);
  else
    out.why_no_columns = about(std::move(columns).error()).message;
  return out;
}

std::vector<config::misfit> misfits(const config::values& options, const config::written_schema& written,
                                    const std::vector<data::field>& declared,
                                    const std::vector<config::timestamp_format>& formats) {
  std::vector<config::misfit> out;
  const auto schema = protobuf::schema::of_descriptors(written.bytes, "the schema");
  if (!schema)
    return out;
  const auto message = message_in(**schema, options);
  // Where each record says which message it is, one may have a column that another has not.
  if (!message || *message == nullptr)
    return out;
  protobuf::message_shapes shapes;
  for (auto& c : protobuf::plan_of(shapes.of(**message), declared, formats_of(formats), false).unfit)
    out.push_back({c.column, std::move(c.message)});
  return out;
}

void check(const config::check_input& in, const config::say& say) {
  registry::check_reader(in, say, registry::schema_kind::protobuf);
  // Without a schema of the topology's own, columns are missing, too, which is told.
  if (in.options.has("schema") && !in.options.has("schema_file") && !in.options.has("registry"))
    say("schema_file",
        "nothing says which messages records are; expected a \"schema_file\", or a \"registry\"");
}

}  // namespace

config::connector protobuf_parser_declaration() {
  config::connector c;
  c.kind = config::stage_kind::parser;
  c.type = "protobuf";
  c.doc = "Reads each record as a Protobuf message, by a schema file or the schemas of a registry "
          "(docs/schemas.md)";
  c.options = {
      {.name = "schema_file",
       .doc = "A file with the schema: .proto source, whose imports are found in its folder and those "
              "above it, or the output of protoc --include_imports --descriptor_set_out. Well-known "
              "types are built in"},
      {.name = "message",
       .doc = "The full name of the records' message. Default: the only one of the schema, or the one "
              "that the prefix names"},
      prefix_option(),
      {.name = "framing",
       .type = config::option_type::choice,
       .doc = "record: each record of the source is one message; delimited: in a file each message "
              "follows its length, a varint",
       .default_text = "record",
       .choices = {"record", "delimited"}},
  };
  std::ranges::move(registry::reader_options(), std::back_inserter(c.options));
  c.schema_in_file = schema_in_file;
  c.misfits = misfits;
  c.check = check;
  return c;
}

expected<std::unique_ptr<record_parser>> make_protobuf_parser(parser_options options, protobuf_options own) {
  options.is_binary = true;
  std::shared_ptr<const protobuf::schema> file;
  if (options.schema_text) {
    ASSIGN_OR_RETURN(file,
                     protobuf::schema::of_descriptors(*options.schema_text, "the schema of the topology"));
  }
  return std::make_unique<protobuf_parser>(options, std::move(own), std::move(file));
}

connector protobuf_parser_connector() {
  return {.declared = protobuf_parser_declaration(),
          .parser = [](const config::values& options,
                       parser_options o) -> expected<std::unique_ptr<record_parser>> {
            return make_protobuf_parser(
                std::move(o), {message_option(options), prefix_of(options, options.has("registry"))});
          },
          .wants =
              [](const config::values& options, source::wants& out) {
                if (options.text("framing") == "delimited")
                  out.frame = source::by_length();
              },
          .registry =
              [](const config::values& options) {
                return registry::of_records(options, registry::schema_kind::protobuf);
              }};
}

}  // namespace millrace::parser
