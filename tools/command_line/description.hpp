// Describes the subcommands as declared, as plain data: completions and man pages are made of it, and
// of nothing beside it, so that they cannot differ from --help.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::command_line {

/// Says what a value is, as far as a shell can help with it.
enum class value_kind : std::uint8_t { none, other, file, folder, stage, choice };

struct argument {
  std::vector<std::string> names;  // "--log-level", "-h"; of a positional its name alone
  bool positional = false;
  bool required = false;
  bool repeated = false;
  value_kind kind = value_kind::none;  // none: a flag
  std::string value;                   // its placeholder: "FILE", "[NAME:]OVERLAY"; empty of a flag
  std::vector<std::string> choices;
  std::string default_text;
  std::string doc;
  std::string group;  // "Options", "Where"
};

struct command {
  std::string name;  // "run"; of the whole "millrace"
  std::string doc;
  std::string footer;
  std::vector<argument> arguments;   // positionals in their order, options in theirs
  std::vector<command> subcommands;  // subcommands that --help shows
};

/// Describes an app that was declared and not yet parsed.
[[nodiscard]] command describe(const CLI::App& app);

/// Tells the kind by type name: "[NAME:]OVERLAY", "FILE", "TOPOLOGY" are files, "DIR" a folder, "STAGE" a
/// stage.
[[nodiscard]] value_kind kind_of(const std::string& value);

}  // namespace millrace::command_line
