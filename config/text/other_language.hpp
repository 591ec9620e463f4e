// Tells what a file is that is no topology: YAML, SQL in a file of JSON, a compressed file. The readers of topologies ask once
// they cannot go on. Pure; linear in the text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::config {

/// The language that a text is read as.
enum class read_as : unsigned char { json, sql };

/// Says what bytes are that no topology begins with, such as those of gzip or UTF-16; nothing where they look right.
[[nodiscard]] std::optional<std::string> wrong_encoding(std::string_view text);

/// Says which other language a text seems to be that could not be read, and what is expected in its place; nothing where it seems to be
/// that very language with a mistake in it.
[[nodiscard]] std::optional<std::string> other_language(std::string_view text, read_as wanted);

}  // namespace millrace::config
