#include "actors/stream/sink/template_option.hpp"

#include "config/plan/missing_column.hpp"

#include <fmt/format.h>

namespace millrace::sink {

config::option template_option(std::string_view chooser) {
  return {.name = "template",
          .doc = fmt::format(
              "With {} text: the line, with {{column}} for a column's value and {{{{ for a brace", chooser)};
}

void check_template(const config::check_input& in, const config::say& say, std::string_view chooser) {
  const auto& o = in.options;
  const auto by = std::string(chooser);
  const bool is_text = o.has(by) && o.text(by) == "text";
  if (is_text && !o.has("template"))
    say("",
        fmt::format(
            "{} text needs a template; expected one such as \"template\": \"{{userid}} {{click_number}}\"",
            by));
  if (!is_text && o.has("template"))
    say("template",
        fmt::format("a template belongs to {0} text only; add \"{0}\": \"text\" or leave it out", by));
  if (!o.has("template"))
    return;
  const auto t = parse_template(o.text("template"));
  if (!t)
    say("template", t.error().message);
  else if (in.input)
    for (const auto& name : t->columns)
      if (!in.input->find(name))
        say("template",
            config::missing_column(name, *in.input, "this sink") + "; for a brace itself write {{");
}

std::vector<std::string> template_columns(const config::values& options) {
  if (options.has("template"))
    if (auto t = parse_template(options.text("template")))
      return t->columns;
  return {};
}

expected<row_format> template_format(const config::values& options, const data::schema& rows) {
  ASSIGN_OR_RETURN(const auto t,
                   parse_template(options.has("template") ? options.text("template") : std::string()));
  for (const auto& name : t.columns)
    if (!rows.find(name))
      return user_error(ec::not_found, fmt::format("template: there is no column '{}'", name));
  return row_format::text(rows, t);
}

}  // namespace millrace::sink
