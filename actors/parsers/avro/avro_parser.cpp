#include "actors/parsers/avro/avro_parser.hpp"

#include "actors/parsers/avro/record_decoder.hpp"
#include "actors/parsers/binary_records.hpp"
#include "actors/parsers/timestamp_format.hpp"
#include "actors/registry/registered.hpp"
#include "runtime/avro/columns.hpp"
#include "runtime/data/carried_file.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>

namespace millrace::parser {
namespace {

// Plans that a parser keeps at once, by the ids of their schemas. A topic has a few; one that has more makes them anew.
constexpr std::size_t most_plans = 256;

/// The file behind `schema_file`, for errors about it.
constexpr data::file_kind schema_files{.what = "Avro schema",
                                       .written_by = "a schema in JSON, as .avsc files are",
                                       .most_bytes = avro::longest_schema,
                                       .remedy = "a schema with fewer types"};

/// How records of one writer's schema are read.
struct writer_plan {
  std::shared_ptr<const std::string> text;  // the writer's schema
  std::optional<record_decoder> decoder;
  std::string problem;  // without a decoder: why
};

avro_columns columns_of(const parser_options& options, const row_builder& rows) {
  avro_columns out;
  for (std::size_t i = 0; i < options.declared; ++i) {
    out.fields.push_back((*options.schema)[i]);
    out.formats.push_back(format_at(options.formats, i));
    out.used.push_back(options.validate_whole || rows.used(i));
  }
  return out;
}

class avro_parser final : public record_parser {
public:
  avro_parser(const parser_options& options, prefix_form prefix, avro::schema_ptr file)
      : rows_(options), columns_(columns_of(options, rows_)), prefix_(prefix), file_(std::move(file)) {}

  [[nodiscard]] parsed parse(const source::chunk& c) override {
    return parse_binary(c, rows_, "an Avro record", why_, [&](std::size_t i) { return read(c, i); });
  }

private:
  bool fail(std::string why) {
    why_ = std::move(why);
    return false;
  }

  bool read(const source::chunk& c, std::size_t i) {
    const auto record = take_prefix(prefix_, c.record(i), why_);
    if (!record)
      return false;
    auto* const plan = plan_for(c, record->id);
    if (plan == nullptr)
      return false;
    if (!plan->decoder)
      return fail(plan->problem);
    return plan->decoder->decode(record->body, rows_) ||
           fail(plan->decoder->why() + prefix_hint(prefix_, c.record(i)));
  }

  /// Null leaves why_ as the error.
  writer_plan* plan_for(const source::chunk& c, std::optional<std::uint64_t> id) {
    if (c.schemas != nullptr && id) {
      if (const auto at = c.schemas->by_id.find(*id); at != c.schemas->by_id.end())
        return plan_of_id(*id, at->second);
      if (const auto at = c.schemas->unknown.find(*id); at != c.schemas->unknown.end()) {
        fail(at->second);
        return nullptr;
      }
    }
    if (c.schemas != nullptr && c.schemas->of_all != nullptr) {
      if (!of_all_ || !is_of(*of_all_, c.schemas->of_all))
        of_all_ = plan_of(c.schemas->of_all, "the file's schema");
      return &*of_all_;
    }
    if (c.schemas != nullptr && id && !c.schemas->by_id.empty()) {
      fail(fmt::format("the record's schema has the id {}, which the registry did not give", *id));
      return nullptr;
    }
    if (file_ == nullptr) {
      fail("nothing says by which schema the record was written; expected a \"schema_file\", or a log with "
           "schemas");
      return nullptr;
    }
    if (!of_file_)
      of_file_ = plan_of_schemas(file_, nullptr, {});
    return &*of_file_;
  }

  writer_plan* plan_of_id(std::uint64_t id, const std::shared_ptr<const std::string>& text) {
    if (last_ != nullptr && last_id_ == id && last_->text == text)
      return last_;
    auto known = plans_.find(id);
    if (known == plans_.end() || !is_of(known->second, text)) {
      if (known == plans_.end() && plans_.size() >= most_plans)
        plans_.clear();  // last_ is replaced below
      known = plans_.insert_or_assign(id, plan_of(text, fmt::format("the schema with the id {}", id))).first;
    }
    last_id_ = id;
    return last_ = &known->second;
  }

  /// Whether the plan is one of this text, which it keeps then: later records have the same one, and need no comparison.
  static bool is_of(writer_plan& plan, const std::shared_ptr<const std::string>& text) {
    if (plan.text != text && *plan.text != *text)
      return false;
    plan.text = text;
    return true;
  }

  writer_plan plan_of(const std::shared_ptr<const std::string>& text, const std::string& what) {
    writer_plan out;
    if (auto writer = avro::parse_schema(*text))
      out = plan_of_schemas(*writer, file_, what);
    else
      out.problem = fmt::format("{} cannot be read: {}", what, writer.error().message);
    out.text = text;
    return out;
  }

  writer_plan plan_of_schemas(avro::schema_ptr writer, avro::schema_ptr reader, const std::string& what) {
    writer_plan out;
    if (auto how = avro::resolution::of(std::move(writer), std::move(reader)))
      out.decoder.emplace(std::move(*how), columns_);
    else
      out.problem = fmt::format("{}{}{}", what, what.empty() ? "" : ": ", how.error().message);
    return out;
  }

  row_builder rows_;
  avro_columns columns_;
  prefix_form prefix_;
  avro::schema_ptr file_;
  std::optional<writer_plan> of_file_;
  std::optional<writer_plan> of_all_;
  std::unordered_map<std::uint64_t, writer_plan> plans_;
  writer_plan* last_ = nullptr;  // of plans_, which moves none; forgotten where plans_ is emptied
  std::uint64_t last_id_ = 0;
  std::string why_;
};

expected<config::written_schema> schema_in_file(const config::values& options) {
  const bool in_file = options.has("schema_file");
  const auto about = [&](error e) {
    return unexpected(in_file ? data::about_file(options.text("schema_file"), std::move(e)) : std::move(e));
  };
  auto text = in_file ? data::file_or_carried(options.text("schema_file"), schema_files)
                      : registry::subject_schema(options, registry::schema_kind::avro);
  if (!text)
    return about(std::move(text).error());
  const auto schema = avro::parse_schema(*text);
  if (!schema)
    return about(schema.error());
  config::written_schema out{std::move(*text), {}};
  // Too many columns are a fault only where the topology names none.
  if (auto columns = avro::columns_of(**schema))
    out.columns = std::move(*columns);
  else if ((*schema)->root().is != avro::kind::record)
    return about(std::move(columns).error());
  else
    out.why_no_columns = about(std::move(columns).error()).value().message;
  return out;
}

std::vector<config::misfit> misfits(const config::values&, const config::written_schema& written,
                                    const std::vector<data::field>& declared,
                                    const std::vector<config::timestamp_format>& formats) {
  std::vector<config::misfit> out;
  auto schema = avro::parse_schema(written.bytes);
  if (!schema)
    return out;
  const auto how = avro::resolution::of(*schema, nullptr);
  if (!how)
    return out;
  const avro_columns columns{declared, formats_of(formats), std::vector<bool>(declared.size(), true)};
  for (auto& m : record_decoder(*how, columns).misfits())
    out.push_back({m.column, std::move(m.problem)});
  return out;
}

void check(const config::check_input& in, const config::say& say) {
  const auto& options = in.options;
  registry::check_reader(in, say, registry::schema_kind::avro);
  // Without a schema of the topology's own, columns are missing, too, which is told.
  if (options.text("framing") == "record" && options.has("schema") && !options.has("schema_file") &&
      !options.has("registry"))
    say("schema_file",
        "nothing says by which schema records are written; expected a \"schema_file\", or a \"registry\"");
}

}  // namespace

config::connector avro_parser_declaration() {
  config::connector c;
  c.kind = config::stage_kind::parser;
  c.type = "avro";
  c.doc = "Reads each record as an Avro record, by a schema file or the schemas that come with "
          "records (docs/schemas.md)";
  c.options = {
      {.name = "schema_file",
       .doc = "A file with the schema in JSON, such as .avsc files. Records are read by it; where "
              "records come with schemas of their own, it is the reader's schema in Avro's rules of "
              "resolution"},
      prefix_option(),
      {.name = "framing",
       .type = config::option_type::choice,
       .doc = "record: each record of the source is one Avro record; container: a file is an Avro "
              "object container, whose header has the schema, and each datum is a record",
       .default_text = "record",
       .choices = {"record", "container"}},
  };
  std::ranges::move(registry::reader_options(), std::back_inserter(c.options));
  c.schema_in_file = schema_in_file;
  c.misfits = misfits;
  c.check = check;
  return c;
}

expected<std::unique_ptr<record_parser>> make_avro_parser(parser_options options, prefix_form prefix) {
  avro::schema_ptr file;
  if (options.schema_text) {
    ASSIGN_OR_RETURN(file, avro::parse_schema(*options.schema_text));
  }
  options.is_binary = true;
  return std::make_unique<avro_parser>(options, prefix, std::move(file));
}

connector avro_parser_connector() {
  return {.declared = avro_parser_declaration(),
          .parser = [](const config::values& options,
                       parser_options o) -> expected<std::unique_ptr<record_parser>> {
            return make_avro_parser(std::move(o), prefix_of(options, options.has("registry")));
          },
          .wants =
              [](const config::values& options, source::wants& out) {
                if (options.text("framing") == "container")
                  out.frame = source::by_container();
              },
          .registry =
              [](const config::values& options) {
                return registry::of_records(options, registry::schema_kind::avro);
              }};
}

}  // namespace millrace::parser
