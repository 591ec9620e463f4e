// Gathers the findings of one load() and puts them into words that users can act on.
#pragma once

#include "config/text/mask.hpp"
#include "config/text/node.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

class report {
public:
  void error(location where, std::string path, std::string message) {
    findings_.push_back({std::move(where), std::move(path), std::move(message), false});
    ++errors_;
  }
  void warning(location where, std::string path, std::string message) {
    findings_.push_back({std::move(where), std::move(path), std::move(message), true});
  }
  /// Says whether something has been told of this location.
  [[nodiscard]] bool tells_of(const location& where) const;
  /// Counts the errors so far: a step that compares before and after knows whether it may go on.
  [[nodiscard]] std::size_t errors() const { return errors_; }
  /// A value that nothing may show, nor its percent-encoded or decoded form.
  void keep_secret(const std::string& value, const std::string& shown);
  /// A value from the environment in the text at this path: secret, unless the text turns out to be no place
  /// for secrets.
  void keep_variable(std::string path, std::string name, std::string value);
  /// Values from the environment in texts at or beneath this path may be shown: but none that overlaps one
  /// of `hidden`, nor a variable whose name speaks of a secret.
  void show_variables(const std::string& path, const std::vector<std::string>& hidden);
  /// `${secret:NAME}` in texts at or beneath this path has been looked at: it may stand there, or was told of.
  void note_references(std::string path) { references_.push_back(std::move(path)); }
  [[nodiscard]] bool knows_references(std::string_view path) const;
  [[nodiscard]] std::vector<secret> secrets() const;
  /// Redacted; in the order of `files` (others first), then by line and column.
  [[nodiscard]] std::vector<finding> take(const std::vector<std::string>& files);

private:
  struct variable {
    std::string path;
    std::string name;
    std::string value;
    bool shown = false;
  };
  std::vector<finding> findings_;
  std::vector<secret> secrets_;
  std::vector<variable> variables_;
  std::vector<std::string> references_;
  std::size_t errors_ = 0;
};

/// `; did you mean "brokers"?`, or nothing when no name is close.
[[nodiscard]] std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& known);
/// `"a", "b" or "c"`; long lists are cut.
[[nodiscard]] std::string one_of(const std::vector<std::string>& names);
/// `stages.clicks` + `rate`.
[[nodiscard]] std::string join(std::string_view path, std::string_view name);

}  // namespace millrace::config
