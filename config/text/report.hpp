// Gathers the findings of one load() and puts them into words that users can act on.
#pragma once

#include "config/text/mask.hpp"
#include "config/text/node.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace millrace::config {

class report {
public:
  void error(location where, std::string path, std::string message);
  void warning(location where, std::string path, std::string message);
  /// Says whether something has been told of this location.
  [[nodiscard]] bool tells_of(const location& where) const;
  /// Counts the errors so far: a step that compares before and after knows whether it may go on.
  [[nodiscard]] std::size_t errors() const { return errors_; }
  /// A value that nothing may show, nor its percent-encoded or decoded form.
  void keep_secret(const std::string& value, const std::string& shown);
  /// A value from the environment in the text at this path: secret, unless the text turns out to be no place
  /// for secrets.
  void keep_variable(const std::string& path, std::string name, std::string value);
  /// Values from the environment in texts at or beneath this path may be shown: but none that overlaps one
  /// of `hidden`, nor a variable whose name speaks of a secret.
  void show_variables(const std::string& path, const std::vector<std::string>& hidden);
  /// `${secret:NAME}` in texts at or beneath this path has been looked at: it may stand there, or was told of.
  void note_references(std::string path) { references_.insert(std::move(path)); }
  /// Says whether this very path was noted.
  [[nodiscard]] bool knows_references(const std::string& path) const;
  /// A stage of this name was meant, in SQL also a type or a function, and what is wrong with it was told: who uses it is not wrong.
  void note_unreadable(std::string name) { unreadable_.insert(std::move(name)); }
  [[nodiscard]] bool is_unreadable(std::string_view name) const { return unreadable_.contains(name); }
  [[nodiscard]] std::vector<secret> secrets() const;
  /// Redacted; in the order of `files` (others first), then by line and column.
  [[nodiscard]] std::vector<finding> take(const std::vector<std::string>& files);

private:
  struct variable {
    std::string name;
    std::string value;
    bool shown = false;
  };
  /// Secrets in the forms in which a program may print them, each once.
  struct secret_list {
    std::vector<secret> all;
    std::set<std::string> known;
    void add(const std::string& value, const std::string& shown);
  };
  void add(finding f);

  // A file may give a hundred thousand of each of these: none is looked through for one more.
  std::vector<finding> findings_;
  std::set<std::tuple<std::string, int, int>> places_;  // of the findings: file, line, column
  secret_list secrets_;
  std::vector<variable> variables_;
  std::multimap<std::string, std::size_t> variables_at_;  // by their texts' paths
  std::set<std::string> references_;
  std::set<std::string, std::less<>> unreadable_;
  std::size_t errors_ = 0;
};

/// `; did you mean "brokers"?`, or nothing when no name is close.
[[nodiscard]] std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& known);
/// `"a", "b" or "c"`; long lists are cut.
[[nodiscard]] std::string one_of(const std::vector<std::string>& names);
/// `stages.clicks` + `rate`.
[[nodiscard]] std::string join(std::string_view path, std::string_view name);

}  // namespace millrace::config
