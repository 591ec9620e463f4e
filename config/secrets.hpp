// The secrets of this process: `--secrets DIR` holds a file for each NAME of `${secret:NAME}`. Options keep
// the reference; the values are asked for here when a connection is opened. Texts that may show them, or a password that
// stands in a topology itself, go through without_secrets().
#pragma once

#include "config/catalog.hpp"
#include "config/plan.hpp"
#include "config/text/report.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

/// A larger file was surely not meant for a secret.
inline constexpr std::size_t largest_secret = 64U << 10U;

/// The folder of this process; called once, before anything runs. No secret can be resolved without it.
void use_secrets_of(std::string folder);

/// The value in the file `folder`/`name`, less one line break at its end. The file is regular, of this user or root, and closed to
/// others; links within the folder are followed. Read at each call, so that a changed one counts from then on. Errors
/// are the user's, name the file and the remedy, and show nothing of it.
[[nodiscard]] expected<std::string> read_secret(const std::string& folder, std::string_view name);

/// The stage's options with values in the place of references; they may stand in those that are declared secret. The
/// connector's own check then looks at them again. Errors name location and option. Any thread; reads files.
[[nodiscard]] expected<values> with_secrets(const stage& s, const catalog& connectors);

/// Every reference of the topology that cannot be resolved here, with its location: findings for the user who
/// starts it.
[[nodiscard]] std::vector<finding> missing_secrets(const topology& t, const catalog& connectors);
/// The first of them as an error of the user.
[[nodiscard]] expected<void> check_secrets(const topology& t, const catalog& connectors);

/// The secrets of a report show no more in this process: load() hides those of each topology. Any thread.
void hide_secrets(const report& of);
/// Stars for every value that this process has hidden or resolved so far, also percent-encoded, of four bytes and more. Any
/// thread.
[[nodiscard]] std::string without_secrets(std::string text);

}  // namespace millrace::config
