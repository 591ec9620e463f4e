#include "actors/connectors/console/console_sink.hpp"

#include "actors/connectors/console/console_writer.hpp"
#include "actors/stream/sink/template_option.hpp"

namespace millrace::sink {

config::connector console_sink_declaration() {
  config::connector c;
  c.kind = config::stage_kind::sink;
  c.type = "console";
  c.doc = "Prints rows on standard output";
  c.options = {
      {.name = "style",
       .type = config::option_type::choice,
       .doc =
           "table: a table a window or tick; show: its first 20 rows, as Spark prints them; json: a line a "
           "row; text: a line by the template. Tables, and all that goes to a terminal, show what a terminal "
           "would obey as \\u001b; lines of json and text that go to a file or a pipe stay as they are",
       .default_text = "table",
       .choices = {"table", "show", "json", "text"}},
      template_option("style"),
      {.name = "batch_header",
       .type = config::option_type::boolean,
       .doc =
           "With style show: the number of the commit above its tables, as Spark's console sink prints it; "
           "counted as _batch is, from 1",
       .default_text = "false"}};
  c.check = [](const config::check_input& in, const config::say& say) {
    const auto& o = in.options;
    if (o.has("batch_header") && o.boolean("batch_header") && o.has("style") && o.text("style") != "show")
      say("batch_header", "it belongs to style show only; add \"style\": \"show\" or leave it out");
    check_template(in, say, "style");
  };
  c.sink = [](const config::values& options) {
    return config::sink_traits{
        .columns_named = template_columns(options), .on_one_disk = true, .gives_up_later = true};
  };
  c.guarantee = "at least once (after a crash the rows since the last commit may be printed again)";
  return c;
}

expected<std::unique_ptr<writer>> make_console_writer(const config::values& options,
                                                      const data::schema_ptr& rows,
                                                      const std::filesystem::path& state_folder,
                                                      std::FILE* out) {
  auto columns = visible_columns(*rows);
  auto shown = select_columns(*rows, columns);
  const auto& name = options.text("style");
  console_writer::style look{row_format::json(*rows)};
  if (name == "text") {
    auto lines = template_format(options, *rows);
    if (!lines)
      return unexpected(lines.error());
    look = std::move(*lines);
  } else if (name == "table")
    look = wide_table(shown);
  else if (name == "show")
    look = short_table(shown);
  return std::make_unique<console_writer>(std::move(look), std::move(columns), std::move(shown),
                                          options.boolean("batch_header"), state_folder, out);
}

connector console_sink_connector() {
  return {
      .declared = console_sink_declaration(),
      .writer = [](const config::values& options, const data::schema_ptr& rows, const connector_context& at) {
        return make_console_writer(options, rows, at.state_folder);
      }};
}

}  // namespace millrace::sink
