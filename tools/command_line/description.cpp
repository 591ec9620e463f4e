#include "tools/command_line/description.hpp"

#include <algorithm>

namespace millrace::command_line {
namespace {

/// "TEXT:{a,b}" are choices: that is how CLI11 shows what IsMember() takes.
std::vector<std::string> choices_in(const std::string& type_name) {
  std::vector<std::string> out;
  const auto begin = type_name.find('{');
  if (begin == std::string::npos || !type_name.ends_with('}'))
    return out;
  for (auto at = begin + 1; at < type_name.size();) {
    const auto end = type_name.find_first_of(",}", at);
    out.push_back(type_name.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

argument describe_option(const CLI::Option& o) {
  argument a;
  a.positional = o.get_positional();
  if (a.positional)
    a.names.push_back(o.get_name(true));
  for (const auto& n : o.get_snames())
    a.names.push_back("-" + n);
  for (const auto& n : o.get_lnames())
    a.names.push_back("--" + n);
  a.required = o.get_required();
  a.doc = o.get_description();
  a.group = o.get_group();
  a.repeated = o.get_expected_max() > 1 || o.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  if (o.get_items_expected_max() == 0)
    return a;
  const auto type = o.get_type_name();
  a.choices = choices_in(type);
  a.value = type.substr(0, type.find(':'));
  if (type.starts_with('['))  // "[NAME:]OVERLAY"
    a.value = type;
  if (a.positional && a.value == "TEXT")
    a.value = a.names.front();
  if (!a.choices.empty())
    a.value.clear();
  a.kind = a.choices.empty() ? kind_of(a.value) : value_kind::choice;
  a.default_text = o.get_default_str();
  return a;
}

}  // namespace

value_kind kind_of(const std::string& value) {
  const auto last = value.substr(value.find(']') == std::string::npos ? 0 : value.find(']') + 1);
  if (last == "TOPOLOGY" || last == "OVERLAY" || last.starts_with("FILE") || last == "DEAD_LETTERS")
    return value_kind::file;
  if (last == "DIR" || last == "FOLDER")
    return value_kind::folder;
  return last == "STAGE" ? value_kind::stage : value_kind::other;
}

command describe(const CLI::App& app) {
  command out;
  out.name = app.get_name();
  out.doc = app.get_description();
  out.footer = app.get_footer();
  for (const auto* o :
       app.get_options([](const CLI::Option* option) { return !option->get_group().empty(); }))
    out.arguments.push_back(describe_option(*o));
  for (const auto* sub : app.get_subcommands([](const CLI::App* s) { return !s->get_group().empty(); }))
    out.subcommands.push_back(describe(*sub));
  return out;
}

}  // namespace millrace::command_line
