#include "tools/command_line/man_page.hpp"

#include "config/catalog.hpp"
#include "config/core_options.hpp"
#include "config/schema/described_stage.hpp"
#include "config/schema/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

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
  case config::stage_kind::join:
    return "JOINS";
  case config::stage_kind::sink:
    break;
  }
  return "SINKS";
}

// The body of millrace-topology(5), from the declarations that `check` goes by.
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

constexpr std::string_view statuses = R"(.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
Failed while running.
.TP
.B 2
Found wrong before anything was contacted: usage, configuration, a locked or foreign state, a missing file.
)";

std::string header(std::string_view name, int section, std::string_view version, std::string_view doc) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  // A description that ends a sentence does not in a list of pages.
  return fmt::format(".TH \"{}\" {} \"\" \"millrace {}\" \"millrace\"\n.SH NAME\n{} \\- {}\n", roff(upper),
                     section, version, roff(name), roff(doc));
}

std::string value_text(const argument& a) {
  return a.choices.empty() ? fmt::format("\\fI{}\\fR", roff(a.value))
                           : fmt::format("\\fB{}\\fR", roff(fmt::format("{}", fmt::join(a.choices, "|"))));
}

std::string usage_of(const command& c, const std::string& name) {
  std::string out = fmt::format("\\fB{}\\fR", roff(name));
  if (!c.subcommands.empty())
    return out + " \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n";
  for (const auto& a : c.arguments)
    if (a.positional)
      out += fmt::format(" {}{}{}{}", a.required ? "" : "[", value_text(a), a.repeated ? "..." : "",
                         a.required ? "" : "]");
  for (const auto& a : c.arguments)
    if (!a.positional && a.required)
      out += fmt::format(" \\fB{}\\fR {}", roff(a.names.back()), value_text(a));
  return out + " [\\fIOPTIONS\\fR]\n";
}

std::string synopsis(const command& c, const std::string& name) {
  return ".SH SYNOPSIS\n" + usage_of(c, name);
}

std::string list_entry(const argument& a) {
  std::string out = ".TP\n";
  if (a.positional) {
    out += value_text(a);
  } else {
    for (std::size_t i = 0; i < a.names.size(); ++i)
      out += fmt::format("{}\\fB{}\\fR", i == 0 ? "" : ", ", roff(a.names[i]));
    if (a.kind != value_kind::none)
      out += " " + value_text(a);
  }
  out += "\n" + roff(a.doc);
  if (!a.default_text.empty())
    out += fmt::format(" (default: {})", roff(a.default_text));
  return out + "\n";
}

std::string options_of(const command& c) {
  std::vector<std::string> groups;
  for (const auto& a : c.arguments)
    if (std::find(groups.begin(), groups.end(), a.group) == groups.end())
      groups.push_back(a.group);
  std::string out = ".SH OPTIONS\n";
  for (const auto& g : groups) {
    if (groups.size() > 1)
      out += fmt::format(".SS {}\n", roff(g == "Options" || g == "OPTIONS" ? "General" : g));
    for (const auto& a : c.arguments)
      if (a.group == g)
        out += list_entry(a);
  }
  return out;
}

/// --help's footer: what stands in it indented are examples, as they are; the rest is text.
std::string notes(const command& c) {
  if (c.footer.empty())
    return {};
  std::string out = ".SH NOTES\n";
  bool literal = false;
  std::string_view rest = c.footer;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const bool indented = line.starts_with(' ');
    if (indented != literal && !line.empty()) {
      out += indented ? ".PP\n.nf\n.RS 2\n" : ".RE\n.fi\n.PP\n";
      literal = indented;
    }
    if (line.empty())
      out += literal ? "" : ".PP\n";
    else
      out += roff(literal ? line.substr(2) : line) + "\n";
  }
  if (literal)
    out += ".RE\n.fi\n";
  // A paragraph that the next one begins anew is none.
  for (auto at = out.find(".PP\n.PP\n"); at != std::string::npos; at = out.find(".PP\n.PP\n"))
    out.erase(at, 4);
  if (const auto first = out.find(".SH NOTES\n.PP\n"); first != std::string::npos)
    out.erase(first + 10, 4);
  return out;
}

std::string see_also(const command& millrace, const std::string& but) {
  std::string out = ".SH SEE ALSO\n";
  std::vector<std::string> pages{"millrace.1", "millrace-topology.5"};
  for (const auto& c : millrace.subcommands)
    pages.push_back("millrace-" + c.name + ".1");
  std::sort(pages.begin(), pages.end());
  std::erase(pages, but);
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const auto dot = pages[i].rfind('.');
    out += fmt::format(".BR {} ({}){}\n", roff(pages[i].substr(0, dot)), pages[i].substr(dot + 1),
                       i + 1 < pages.size() ? " ," : "");
  }
  return out;
}

/// Formats the subcommands of a command, if it has some: each with its synopsis and its options.
std::string subcommands_of(const command& c, const std::string& called) {
  if (c.subcommands.empty())
    return {};
  std::string out = ".SH COMMANDS\n";
  for (const auto& s : c.subcommands) {
    out += fmt::format(".SS {}\n{}.\n.PP\n{}", roff(s.name), roff(s.doc), usage_of(s, called + " " + s.name));
    for (const auto& a : s.arguments)
      out += list_entry(a);
  }
  return out;
}

std::string lower_first(std::string text) {
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && !(text[1] >= 'A' && text[1] <= 'Z'))
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

}  // namespace

std::string roff(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\''))
      out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\'')
      out += "\\(aq";
    else if (c == '`')
      out += "\\(ga";
    else if (c == '^')
      out += "\\(ha";
    else if (c == '~')
      out += "\\(ti";
    else
      out += c;
    line_begins = c == '\n';
  }
  return out;
}

std::map<std::string, std::string> man_pages(const command& millrace, std::string_view version,
                                             const config::catalog& connectors) {
  std::map<std::string, std::string> out;
  const auto colon = millrace.doc.find(": ");
  auto& main = out["millrace.1"];
  main = header("millrace", 1, version, millrace.doc.substr(colon == std::string::npos ? 0 : colon + 2));
  main += synopsis(millrace, "millrace");
  main += ".SH COMMANDS\n";
  for (const auto& c : millrace.subcommands)
    main += fmt::format(".TP\n.BR millrace\\-{} (1)\n{}.\n", roff(c.name), roff(c.doc));
  main += options_of(millrace) + std::string(statuses);
  main += ".SH FILES\n.TP\n.I $XDG_STATE_HOME/millrace/TOPOLOGY\nThe state of a topology, where "
          "\\fB\\-\\-state\\fR gives no other folder;\n\\fI\\(ti/.local/state\\fR stands for an empty "
          "variable.\n";
  main += see_also(millrace, "millrace.1");
  for (const auto& c : millrace.subcommands) {
    const auto name = "millrace-" + c.name;
    auto& page = out[name + ".1"];
    page = header(name, 1, version, lower_first(c.doc)) + synopsis(c, "millrace " + c.name);
    page += fmt::format(".SH DESCRIPTION\n{}.\n", roff(c.doc));
    page += subcommands_of(c, "millrace " + c.name) + options_of(c) + notes(c) + std::string(statuses) +
            see_also(millrace, name + ".1");
  }
  out["millrace-topology.5"] =
      header("millrace-topology", 5, version, "a topology of millrace: stages and their options") +
      topology_page(connectors) + see_also(millrace, "millrace-topology.5");
  return out;
}

}  // namespace millrace::command_line
