#include "config/secrets.hpp"

#include "config/text/references.hpp"
#include "config/text/utf8.hpp"
#include "config/validate.hpp"
#include "runtime/base/descriptor.hpp"
#include "runtime/base/guarded_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace millrace::config {
namespace {

namespace fs = std::filesystem;

/// One of a process: what it was started with, and what it has read.
struct process_secrets {
  std::mutex mutex;
  std::string folder;
  std::set<std::string> values;     // in all forms in which they may be printed
  std::optional<redaction> hidden;  // of these values; none where one has come since
};

process_secrets& of_process() {
  static process_secrets one;
  return one;
}

unexpected refuse(const fs::path& file, std::string_view why, std::string_view remedy) {
  return user_error(ec::invalid_argument, fmt::format("{}: {}; expected {}", file.string(), why, remedy));
}

constexpr std::string_view good_mode = "a file that is closed to others, such as mode 0400 or 0600";

/// The path of what is open, links followed; empty where the system does not tell it.
fs::path location_of(const descriptor& open) {
  std::error_code failed;
  auto at = fs::read_symlink(fmt::format("/proc/self/fd/{}", open.get()), failed);
  return failed ? fs::path() : at;
}

/// Kubernetes mounts a folder of root's that everybody may write to, with the sticky bit, and read-only.
/// Others could put into any other such folder a file, or a link, under a name that is missing.
expected<void> check_folder(const fs::path& shown, const descriptor& folder) {
  struct stat there {};
  if (!folder.valid() || ::fstat(folder.get(), &there) != 0)
    return errno == ENOTDIR ? refuse(shown, "it is not a folder", "the folder of secrets, a file a name")
                            : refuse(shown, std::strerror(errno), "the folder of secrets, a file a name");
  if (!is_trusted_owner(there.st_uid))
    return refuse(shown, "it belongs to another user", "a folder of this user, or of root");
  const bool of_root_and_sticky = there.st_uid == 0 && (there.st_mode & S_ISVTX) != 0;
  if ((there.st_mode & (S_IWOTH | S_IWGRP)) != 0 && !of_root_and_sticky)
    return refuse(shown, "others may write to it",
                  "a folder that only its owner writes to, such as mode 0700");
  return {};
}

/// Systemd and Kubernetes let a service read root's file by its group, or by an access list that shows as the group's bits.
expected<void> check_file(const fs::path& shown, const struct stat& file) {
  if (!S_ISREG(file.st_mode))
    return refuse(shown, "it is not a regular file", good_mode);
  if (!is_trusted_owner(file.st_uid))
    return refuse(shown, "it belongs to another user", "a file of this user, or of root");
  const mode_t open_to = S_IRWXO | S_IWGRP | S_IXGRP | (file.st_uid == 0 && ::geteuid() != 0 ? 0U : S_IRGRP);
  if ((file.st_mode & open_to) != 0)
    return refuse(shown, fmt::format("it is open to others (mode {:04o})", file.st_mode & 07777U), good_mode);
  if (file.st_size > static_cast<off_t>(largest_secret))
    return refuse(shown, fmt::format("it has {} bytes", file.st_size),
                  fmt::format("at most {}", largest_secret));
  return {};
}

/// Kubernetes has links to a folder beside it, which it exchanges as one. The files that are open are judged, so that
/// nobody exchanges one for another behind the judgement.
expected<void> check_location(const fs::path& shown, const descriptor& folder, const descriptor& file) {
  const auto at = location_of(file);
  if (at.empty())
    return refuse(shown, "the system does not say where this file is", "a machine with /proc");
  const auto within = at.lexically_relative(location_of(folder));
  if (within.empty() || *within.begin() == "..")
    return refuse(shown, "it is a link that leads out of its folder",
                  "the file itself, or a link within the folder");
  return {};
}

expected<std::string> bytes_of(const fs::path& shown, const descriptor& folder, const std::string& name) {
  const descriptor file(::openat(folder.get(), name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat there {};
  if (!file.valid() && errno == ENOENT)
    return refuse(shown, "there is no such file", "one that holds the secret");
  if (!file.valid() || ::fstat(file.get(), &there) != 0)
    return refuse(shown, std::strerror(errno), "a file that this user can read");
  RETURN_IF_ERROR(check_location(shown, folder, file).and_then([&] { return check_file(shown, there); }));
  std::string out(largest_secret + 1, '\0');
  std::size_t size = 0;
  while (size < out.size()) {
    const auto got = ::read(file.get(), out.data() + size, out.size() - size);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return refuse(shown, std::strerror(errno), "a file that this user can read");
    if (got == 0)
      break;
    size += static_cast<std::size_t>(got);
  }
  out.resize(size);
  return out;
}

expected<std::string> value_in(const fs::path& shown, std::string bytes) {
  if (bytes.ends_with('\n'))
    bytes.pop_back();
  if (bytes.ends_with('\r'))
    bytes.pop_back();
  if (bytes.empty())
    return refuse(shown, "it is empty", "a file that holds the secret");
  if (bytes.size() > largest_secret)
    return refuse(shown, "it is too long", fmt::format("at most {} bytes", largest_secret));
  if (bytes.find('\0') != std::string::npos || first_invalid_utf8(bytes))
    return refuse(shown, "it holds bytes that are not text", "UTF-8 without NUL");
  return bytes;
}

/// The value by the folder of this process, which from now on shows it nowhere.
expected<std::string> resolve(std::string_view name) {
  auto& p = of_process();
  std::string folder;
  {
    const std::lock_guard lock(p.mutex);
    folder = p.folder;
  }
  if (folder.empty())
    return user_error(
        ec::invalid_argument,
        fmt::format("this process has no folder of secrets; start it with --secrets DIR, where the file {} "
                    "holds the value",
                    name));
  auto value = read_secret(folder, name);
  if (value) {
    report read;
    read.keep_secret(*value, "***");
    hide_secrets(read);
  }
  return value;
}

bool has_reference(const values& given, const option& o) {
  if (!takes_secrets(o) || !given.has(o.name))
    return false;
  if (o.type == option_type::text)
    return !references_in(given.text(o.name)).empty();
  return std::ranges::any_of(given.text_map(o.name),
                             [](const auto& member) { return !references_in(member.second).empty(); });
}

std::vector<const option*> options_with_references(const stage& s, const catalog& connectors) {
  std::vector<const option*> out;
  if (const auto* const c = find_connector(connectors, s.kind, s.type))
    for (const auto& o : c->options)
      if (has_reference(s.options, o))
        out.push_back(&o);
  return out;
}

std::string path_of(const stage& s, std::string_view option) {
  return join(s.name == "dead_letters" ? s.name : join("stages", s.name), option);
}

/// Resolves one option after the other, and the members of each.
class resolver {
public:
  resolver(const stage& s, values& out) : stage_(s), out_(out) {}

  void resolve_option(const option& o) {
    const auto& where = stage_.options.where(o.name);
    const auto path = path_of(stage_, o.name);
    if (o.type == option_type::text) {
      // A password is taken as it is; in a connection's text a value stays one by its escapes.
      const auto& text = stage_.options.text(o.name);
      const bool is_uri = text.find("://") != std::string::npos;
      return out_.set(o.name,
                      is_uri ? with_references_in_uri(text, values_at(path, where))
                             : with_references(text, values_at(path, where)),
                      where);
    }
    auto map = stage_.options.text_map(o.name);
    for (auto& [name, text] : map)
      text = with_references(text, values_at(join(path, name), where));
    out_.set(o.name, std::move(map), where);
  }
  std::vector<finding> findings;

private:
  value_of_secret values_at(std::string path, const location& where) {
    return [this, path = std::move(path), where](std::string_view name) {
      auto value = resolve(name);
      if (value)
        return std::move(*value);
      findings.push_back(
          {where, path, fmt::format("{}{}}}: {}", reference_begin, name, value.error().message), false});
      return std::string();
    };
  }

  const stage& stage_;
  values& out_;
};

std::vector<finding> resolve_all(const stage& s, const catalog& connectors, values& out) {
  resolver r(s, out);
  for (const auto* const o : options_with_references(s, connectors))
    r.resolve_option(*o);
  return std::move(r.findings);
}

/// A value may be none that the connector takes: a header of two lines, a host that holds options.
void check_again(const stage& s, const connector& c, const values& resolved, std::vector<finding>& findings) {
  if (c.check)
    c.check({resolved, nullptr}, [&](std::string_view option, std::string message) {
      findings.push_back({resolved.where(option.substr(0, option.find('.'))), path_of(s, option),
                          without_secrets(std::move(message)), false});
    });
}

unexpected error_of(const finding& f) { return user_error(ec::invalid_argument, to_string(f)); }

}  // namespace

void use_secrets_of(std::string folder) {
  auto& p = of_process();
  const std::lock_guard lock(p.mutex);
  p.folder = std::move(folder);
}

expected<std::string> read_secret(const std::string& folder, std::string_view name) {
  const auto shown = fs::path(folder) / name;
  const descriptor opened(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return check_folder(folder, opened)
      .and_then([&] { return bytes_of(shown, opened, std::string(name)); })
      .and_then([&](std::string bytes) { return value_in(shown, std::move(bytes)); });
}

expected<values> with_secrets(const stage& s, const catalog& connectors) {
  auto out = s.options;
  if (options_with_references(s, connectors).empty())
    return out;
  auto findings = resolve_all(s, connectors, out);
  if (findings.empty())
    check_again(s, *find_connector(connectors, s.kind, s.type), out, findings);
  if (!findings.empty())
    return error_of(findings.front());
  return out;
}

std::vector<finding> missing_secrets(const topology& t, const catalog& connectors) {
  std::vector<finding> out;
  const auto add = [&](const stage& s) {
    if (options_with_references(s, connectors).empty())
      return;
    auto options = s.options;
    auto findings = resolve_all(s, connectors, options);
    if (findings.empty())
      check_again(s, *find_connector(connectors, s.kind, s.type), options, findings);
    out.insert(out.end(), std::make_move_iterator(findings.begin()), std::make_move_iterator(findings.end()));
  };
  for (const auto& s : t.stages)
    add(s);
  if (t.dead_letters)
    add(*t.dead_letters);
  return out;
}

expected<void> check_secrets(const topology& t, const catalog& connectors) {
  if (const auto missing = missing_secrets(t, connectors); !missing.empty())
    return error_of(missing.front());
  return {};
}

void hide_secrets(const report& of) {
  auto& p = of_process();
  const std::lock_guard lock(p.mutex);
  for (auto& s : of.secrets())
    if (p.values.insert(std::move(s.value)).second)
      p.hidden.reset();
}

std::string without_secrets(std::string text) {
  auto& p = of_process();
  const std::lock_guard lock(p.mutex);
  if (!p.hidden) {
    std::vector<secret> all;
    for (const auto& value : p.values)
      all.push_back({value, "***"});
    p.hidden.emplace(all);
  }
  return p.hidden->of(text);
}

}  // namespace millrace::config
