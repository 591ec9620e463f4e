#include "tools/cli/usage.hpp"

#include "config/text/report.hpp"
#include "runtime/base/url.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

namespace millrace::cli {
namespace {

/// The innermost one that was asked for, and how it is called.
const CLI::App& asked_for(const CLI::App& app, std::string& called) {
  called += (called.empty() ? "" : " ") + app.get_name();
  const auto given = app.get_subcommands();
  return given.empty() ? app : asked_for(*given.front(), called);
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> out;
  for (const auto* const o : app.get_options())
    for (const auto& name : o->get_lnames())
      out.push_back("--" + name);
  return out;
}

/// Hidden ones are for developers.
std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> out;
  for (const auto* const c : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!c->get_group().empty())
      out.push_back(c->get_name());
  return out;
}

bool is_option(const std::string& text) { return text.size() > 1 && text.front() == '-'; }

/// Names the argument that nobody takes: an unknown option says more than the values that followed it.
std::string not_taken(const std::vector<std::string>& extras) {
  const auto option = std::find_if(extras.begin(), extras.end(), is_option);
  return option != extras.end() ? *option : extras.empty() ? std::string() : extras.front();
}

std::string about_extra(const CLI::App& app, const std::string& extra) {
  if (is_option(extra)) {
    const auto name = extra.substr(0, extra.find('='));
    return fmt::format("there is no option {}{}", name, config::did_you_mean(name, options_of(app)));
  }
  if (!commands_of(app).empty())
    return fmt::format("there is no command \"{}\"; expected {}{}", extra, fmt::join(commands_of(app), ", "),
                       config::did_you_mean(extra, commands_of(app)));
  return fmt::format("\"{}\" is one argument too many", extra);
}

std::string first_line(std::string text) { return text.substr(0, text.find('\n')); }

/// A description that begins with a capital goes on in small letters; one that begins with a word of capitals stays.
std::string in_a_sentence(std::string text) {
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0)
    text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
  return text;
}

/// CLI11's own words, where they name neither the option's value nor what is expected.
std::string about(const CLI::App& app, const CLI::ParseError& e) {
  const std::string text = first_line(e.what());
  if (e.get_name() == "ConversionError")
    for (const auto* const o : app.get_options())
      if (const auto lead = "Could not convert: " + o->get_name() + " = "; text.starts_with(lead))
        return fmt::format("{} {}: expected a whole number of at least 0", o->get_name(),
                           text.substr(lead.size()));
  if (e.get_name() == "RequiredError" && !commands_of(app).empty())
    return fmt::format("expected a command: {}", fmt::join(commands_of(app), ", "));
  if (e.get_name() == "RequiredError")
    for (const auto* const o : app.get_options())
      if (text.starts_with(o->get_name() + " is required"))
        return fmt::format("{} is required: {}", o->get_name(),
                           in_a_sentence(first_line(o->get_description())));
  return text;
}

std::string complaint(const std::string& called, const std::string& message) {
  return fmt::format("{0}: {1} ({0} --help lists them all)", called, message);
}

}  // namespace

std::string usage_error(const CLI::App& app, const CLI::ParseError& e) {
  std::string called;
  const auto& command = asked_for(app, called);
  const auto extra = not_taken(command.remaining());
  return complaint(called, extra.empty() ? about(command, e) : about_extra(command, extra));
}

std::string unknown_command(const CLI::App& app) {
  std::string called;
  const auto& command = asked_for(app, called);
  const auto extras = command.remaining();
  if (extras.empty() || is_option(extras.front()) || commands_of(command).empty())
    return {};
  return complaint(called, about_extra(command, extras.front()));
}

CLI::Validator at_most_threads(unsigned most) {
  return {[most](const std::string& text) {
            unsigned count = 0;
            return CLI::detail::lexical_cast(text, count) && count >= 1 && count <= most
                       ? std::string()
                       : fmt::format("{} is not a number of threads; expected 1 to {}", text, most);
          },
          ""};
}

void require_local_paths(CLI::App& app) {
  const CLI::Validator local(
      [](const std::string& text) {
        return is_url(text) ? text + " is a URL; expected a path of this machine" : std::string();
      },
      "");
  for (auto* const o : app.get_options([](const CLI::Option* of) {
         return of->get_type_name() == "FILE" || of->get_type_name() == "DIR";
       }))
    o->check(local);
  for (auto* const c : app.get_subcommands([](const CLI::App*) { return true; }))
    require_local_paths(*c);
}

}  // namespace millrace::cli
