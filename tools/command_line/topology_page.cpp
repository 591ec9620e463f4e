#include "tools/command_line/topology_page.hpp"

#include "config/core_options.hpp"
#include "config/schema/described_stage.hpp"
#include "config/schema/schema.hpp"
#include "tools/command_line/man_page.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::command_line {
namespace {

constexpr std::string_view description = R"(.SH DESCRIPTION
A topology is a JSON file; comments and trailing commas are allowed. Its member \fBstages\fR is a map of named stages; the
first key of a stage says its kind, the value of that key its type, \fBfrom\fR the stage or the list of stages that it reads.
.PP
.nf
.RS 2
{
  "millrace": 1,
  "topology": "active_users",
  "stages": {
    "clicks": { "source": "kafka", "brokers": "localhost:9092", "topic": "active" },
    "parsed": { "parser": "json", "from": "clicks", "schema": { "userid": "text" } },
    "screen": { "sink": "console", "from": "parsed" }
  }
}
.RE
.fi
.PP
Durations are texts with a unit (\fB5 minutes\fR, \fB90 s\fR), sizes too (\fB128 MB\fR, \fB64 KiB\fR), rates are \fB10/s\fR or
\fB600/min\fR. Expressions are PostgreSQL's. \fB${NAME:\-default}\fR in a text is filled from the environment.
)";

/// `code` in bold, the rest as it is.
std::string marked(std::string_view text) {
  std::string out;
  bool code = false;
  while (!text.empty()) {
    const auto tick = std::min(text.find('`'), text.size());
    out += roff(text.substr(0, tick));
    if (tick < text.size())
      out += (code = !code) ? "\\fB" : "\\fR";
    text.remove_prefix(std::min(tick + 1, text.size()));
  }
  return code ? out + "\\fR" : out;
}

void add_options(const std::vector<config::option>& options, const std::string& before, std::string& out) {
  for (const auto& o : options) {
    out += fmt::format(".TP\n\\fB{}\\fR ({}{})\n{}", roff(before + o.name), marked(config::form_of(o)),
                       o.required ? ", required" : "", marked(o.doc));
    if (!o.default_text.empty())
      out += fmt::format(" (default: \\fB{}\\fR)", roff(o.default_text));
    out += o.doc.ends_with('.') ? "\n" : ".\n";
    add_options(o.members, before + o.name + ".", out);
  }
}

std::string_view heading(config::stage_kind kind) {
  switch (kind) {
  case config::stage_kind::source:
    return "SOURCES";
  case config::stage_kind::parser:
    return "PARSERS";
  case config::stage_kind::transform:
    return "TRANSFORMS";
  case config::stage_kind::window:
    return "WINDOWS";
  case config::stage_kind::sink:
    break;
  }
  return "SINKS";
}

}  // namespace

std::string topology_page(const config::catalog& connectors) {
  std::string out(description);
  out += ".SH TOP LEVEL\n";
  add_options(config::top_level_options(), {}, out);
  out += ".SS dead_letters without a sink\nHow the file of dead letters in the state folder is kept.\n";
  add_options(config::dead_letter_options(), {}, out);
  std::string_view current;
  for (const auto& s : config::described_stages(connectors)) {
    if (current != heading(s.kind))
      out += fmt::format(".SH {}\n", heading(s.kind));
    current = heading(s.kind);
    out += fmt::format(".SS \"{}: {}\"\n{}.\n", roff(config::to_string(s.kind)), roff(s.type), marked(s.doc));
    if (!s.guarantee.empty())
      out += fmt::format(".PP\nGuarantee: {}.\n", marked(s.guarantee));
    add_options(s.options, {}, out);
  }
  out += ".SH COLUMNS OF A SCHEMA\nA column is a type (\\fBtext\\fR, \\fBbigint\\fR, \\fBdouble\\fR, "
         "\\fBboolean\\fR, \\fBtimestamp\\fR, "
         "\\fBjson\\fR), a map of columns, a list \\fB[type]\\fR, or the long form:\n";
  add_options(config::column_options(), {}, out);
  return out;
}

}  // namespace millrace::command_line
