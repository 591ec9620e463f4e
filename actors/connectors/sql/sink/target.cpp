#include "actors/connectors/sql/sink/target.hpp"

#include "actors/connectors/sql/sink/client_command.hpp"
#include "actors/connectors/sql/sink/meant_connection.hpp"
#include "actors/connectors/sql/sink/named_files.hpp"
#include "config/text/mask.hpp"
#include "config/text/references.hpp"
#include "runtime/base/percent.hpp"
#include "runtime/base/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>

namespace millrace::sink::sql {
namespace {

using parameters = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view forms = "expected mysql://USER:PASSWORD@HOST:PORT/DATABASE, postgresql://..., "
                                   "sqlite3://PATH, or SOCI's own text such as mysql://db=NAME user=USER";

/// None of them tells a listener the password. The server is who chooses: mysql_clear_password and dialog would tell it to whoever asks.
constexpr std::string_view logins =
    "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password";

unexpected wrong(std::string_view what) {
  return user_error(ec::invalid_argument, fmt::format("connection: {}; {}", what, forms));
}

/// Reads SOCI's text and libpq's: key=value, key='it''s' with \ before ' and \.
std::optional<parameters> read_pairs(std::string_view text) {
  parameters out;
  std::size_t i = 0;
  const auto skip = [&] {
    while (i < text.size() && std::isspace(static_cast<unsigned char>(text[i])))
      ++i;
  };
  for (skip(); i < text.size(); skip()) {
    const auto equals = text.find('=', i);
    if (equals == std::string_view::npos)
      return std::nullopt;
    auto key = text.substr(i, equals - i);
    while (!key.empty() && key.back() == ' ')
      key.remove_suffix(1);
    i = equals + 1;
    skip();
    const bool quoted = i < text.size() && text[i] == '\'';
    i += quoted ? 1 : 0;
    std::string value;
    for (; i < text.size(); ++i) {
      if (quoted ? text[i] == '\'' : std::isspace(static_cast<unsigned char>(text[i])))
        break;
      if (text[i] == '\\' && ++i == text.size())
        return std::nullopt;
      value += text[i];
    }
    if (quoted && i++ == text.size())
      return std::nullopt;
    if (key.empty() || !out.emplace(std::string(key), std::move(value)).second)
      return std::nullopt;
  }
  return out;
}

std::string write_pairs(const parameters& pairs) {
  std::string out;
  for (const auto& [key, value] : pairs) {
    out += out.empty() ? "" : " ";
    out += key + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\')
        out += '\\';
      out += c;
    }
    out += '\'';
  }
  return out;
}

/// SOCI takes a text for PostgreSQL apart at its blanks, and a value with several would lose some: libpq's URI has none.
std::string write_uri(const parameters& pairs) {
  std::string out;
  for (const auto& [key, value] : pairs)
    out += fmt::format("{}{}={}", out.empty() ? "postgresql:///?" : "&", key, percent_encoded(value, true));
  return out;
}

std::string write_for(product kind, const parameters& pairs) {
  return kind == product::postgresql ? write_uri(pairs) : write_pairs(pairs);
}

/// Reads USER:PASSWORD@HOST:PORT/DATABASE?KEY=VALUE&...
expected<parameters> read_uri(std::string_view rest) {
  parameters out;
  bool encoded_well = true;
  const auto put = [&](std::string_view key, std::string_view value) {
    if (auto decoded = strictly_percent_decoded(value); !decoded || decoded->find('\0') != std::string::npos)
      encoded_well = false;
    else if (!decoded->empty())
      out[std::string(key)] = *decoded;
  };
  if (const auto query = rest.find('?'); query != std::string_view::npos) {
    for (auto pairs = rest.substr(query + 1); !pairs.empty();) {
      const auto pair = pairs.substr(0, pairs.find('&'));
      pairs.remove_prefix(std::min(pairs.size(), pair.size() + 1));
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos)
        return wrong("a parameter after ? has no value");
      put(pair.substr(0, equals), pair.substr(equals + 1));
    }
    rest = rest.substr(0, query);
  }
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    put("dbname", rest.substr(slash + 1));
    rest = rest.substr(0, slash);
  }
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const auto who = rest.substr(0, at);
    const auto colon = who.find(':');
    put("user", who.substr(0, colon));
    if (colon != std::string_view::npos)
      put("password", who.substr(colon + 1));
    rest = rest.substr(at + 1);
  }
  if (const auto colon = rest.rfind(':');
      colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos) {
    put("port", rest.substr(colon + 1));
    rest = rest.substr(0, colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']'))
    rest = rest.substr(1, rest.size() - 2);
  put("host", rest);
  if (!encoded_well)
    return wrong("a % is not followed by two hexadecimal digits (write a % itself as %25)");
  return out;
}

/// Parameters that the database's own library takes, and that say where it is, who asks, and how it is talked to. The others are none of
/// a topology's business: they name files of passwords, plug-ins, or another encoding of texts than the sink's.
std::vector<std::string_view> known_of(product kind) {
  if (kind == product::mysql)
    return {"host",    "port",   "user",    "password",        "dbname",       "unix_socket",  "sslca",
            "sslcert", "sslkey", "charset", "connect_timeout", "read_timeout", "write_timeout"};
  return {"host",
          "hostaddr",
          "port",
          "user",
          "password",
          "dbname",
          "options",
          "application_name",
          "connect_timeout",
          "target_session_attrs",
          "keepalives",
          "keepalives_idle",
          "keepalives_interval",
          "keepalives_count",
          "tcp_user_timeout",
          "sslmode",
          "sslrootcert",
          "sslcert",
          "sslkey",
          "sslpassword",
          "sslcrl",
          "sslsni",
          "sslcertmode",
          "ssl_min_protocol_version",
          "ssl_max_protocol_version",
          "channel_binding",
          "require_auth",
          "requirepeer",
          "gssencmode",
          "krbsrvname"};
}

unexpected forbidden(std::string_view what) {
  return user_error(ec::invalid_argument, fmt::format("connection: {}", what));
}

/// Finds what would have the database's library do more than talk to a database.
expected<void> check_parameters(product kind, const parameters& p) {
  const auto value = [&](std::string_view key) {
    const auto at = p.find(key);
    return at == p.end() ? std::string_view() : std::string_view(at->second);
  };
  if (kind == product::postgresql) {
    if (p.contains("service"))
      return forbidden("service has libpq read a file of connections, which a topology may not choose; "
                       "expected host, port, "
                       "user and database here, or PGSERVICE in the environment of the process");
    if (p.contains("passfile"))
      return forbidden("passfile has libpq read a file of passwords, which a topology may not choose; "
                       "expected the password "
                       "here, such as ${PASSWORD}, or PGPASSFILE in the environment of the process");
    if (value("sslkey").find(':') != std::string_view::npos)
      return forbidden("sslkey with a colon has OpenSSL load an engine, which is code; expected the path of "
                       "a file that holds "
                       "the key, without a colon");
  } else if (const auto host = value("host");
             host.find(';') != std::string_view::npos || host.find("://") != std::string_view::npos) {
    return forbidden("the host holds ; or ://, after which MySQL's client takes options and plug-ins of its "
                     "own; expected a "
                     "name or an address");
  }
  const auto known = known_of(kind);
  for (const auto& [key, _] : p)
    if (std::find(known.begin(), known.end(), key) == known.end())
      return wrong(fmt::format("unknown parameter {}; known are {}", key, fmt::join(known, ", ")));
  return {};
}

std::string show(product kind, const parameters& p) {
  const auto value = [&](std::string_view key) {
    const auto at = p.find(key);
    return at == p.end() ? std::string() : at->second;
  };
  const auto user = value("user");
  const auto port = value("port");
  return fmt::format("{}://{}{}{}{}/{}", to_string(kind), user, user.empty() ? "" : "@", value("host"),
                     port.empty() ? "" : ":" + port, value("dbname"));
}

std::string in_shell(std::string_view word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos)
    return std::string(word);
  std::string out = "'";
  for (const char c : word)
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// Returns options of the client's command line, as far as the connection says them.
std::string mysql_options(const parameters& p) {
  std::string out;
  for (const auto& [option, key] : {std::pair{"-h", "host"}, {"-P", "port"}, {"-u", "user"}})
    if (const auto at = p.find(key); at != p.end())
      out += fmt::format("{} {} ", option, in_shell(at->second));
  return out + (p.contains("password") ? "-p " : "") + in_shell(p.find("dbname")->second);
}

expected<target> server_target(product kind, std::string_view rest) {
  parameters p;
  if (config::is_pairs(rest)) {
    auto pairs = read_pairs(rest);
    if (!pairs)
      return wrong("it is not SOCI's key='value' text");
    p = std::move(*pairs);
  } else if (auto uri = read_uri(rest)) {
    p = std::move(*uri);
  } else {
    return unexpected(uri.error());
  }
  for (const auto& [other, usual] : {std::pair{"db", "dbname"}, {"service", "dbname"}, {"pass", "password"}})
    if (kind == product::mysql || std::string_view(other) == "db")
      if (auto node = p.extract(other)) {
        node.key() = usual;
        p.insert(std::move(node));
      }
  if (p.find("dbname") == p.end())
    return wrong("the name of the database is missing");
  if (const auto port = p.find("port"); port != p.end()) {
    const auto& digits = port->second;
    if (digits.empty() || digits.size() > 5 || digits.find_first_not_of("0123456789") != std::string::npos ||
        std::stoi(digits) < 1 || std::stoi(digits) > 65535)
      return wrong("the port is not a number from 1 to 65535");
    // MySQL's client takes "localhost" for a socket file, also if a port is given.
    if (kind == product::mysql && p["host"] == "localhost")
      p["host"] = "127.0.0.1";
  }
  RETURN_IF_ERROR(check_parameters(kind, p));
  if (kind == product::mysql) {
    p["charset"] = "utf8mb4";  // the encoding of the literals
    // A server that does not answer is given up in finite time; a statement may wait 10 s for a lock.
    p.try_emplace("read_timeout", "60");
    p.try_emplace("write_timeout", "60");
  }
  p.try_emplace("connect_timeout", "10");
  target t{kind, write_for(kind, p), {}, p["dbname"], show(kind, p)};
  if (kind == product::mysql)
    p.erase("dbname");
  else
    p["dbname"] = "postgres";
  t.connect_server = write_for(kind, p);
  return t;
}

expected<target> sqlite_target(std::string_view rest) {
  std::string path(rest);
  for (const std::string_view key : {"db=", "dbname="})
    if (rest.starts_with(key)) {
      path = rest.substr(key.size());
      if (path.size() > 1 && path.front() == '"' && path.back() == '"')
        path = path.substr(1, path.size() - 2);
    }
  if (path.empty())
    return wrong("the path of the file is missing");
  if (path.starts_with("file:"))
    return wrong(
        "SQLite's own URIs are not taken, whose parameters change what is opened; expected the path alone");
  if (is_url(path))
    return wrong("SQLite's file is on this machine, and a path with a scheme of its own is none of its");
  if (path == ":memory:")
    return wrong("SQLite needs a file, that keeps rows and position over a restart");
  const bool plain = path.find('=') == std::string::npos;
  if (!plain && path.find('"') != std::string::npos)
    return wrong("a path with both = and \" cannot be opened through SOCI; rename the file");
  // SOCI takes a text without = whole, as the path.
  return target{product::sqlite, plain ? path : "dbname=\"" + path + "\"", {}, path, "SQLite file " + path};
}

/// `given` begins with no kind of database that is offered.
unexpected unknown_kind(std::string_view given, std::string_view what) {
  const auto meant = meant_connection(given);
  return meant ? user_error(ec::invalid_argument,
                            fmt::format("connection: {}; did you mean \"{}\"?", what, *meant))
               : wrong(what);
}

}  // namespace

std::string client_command(std::string_view connection, std::string_view query) {
  const auto where = parse_connection(connection);
  if (!where)
    return {};
  if (where->kind == product::postgresql)
    return fmt::format("psql {} -c {}", in_shell(where->shown), in_shell(query));
  if (where->kind == product::sqlite)
    return fmt::format("sqlite3 {} {}", in_shell(where->database), in_shell(query));
  return fmt::format("mariadb {} -e {}", mysql_options(*read_pairs(where->connect)), in_shell(query));
}

std::vector<std::string> files_named_in(const std::string& connect) {
  std::vector<std::string> out;
  constexpr std::string_view uri = "postgresql://";
  const auto pairs = connect.starts_with(uri)
                         ? read_uri(std::string_view(connect).substr(uri.size()))
                         : expected<parameters>(read_pairs(connect).value_or(parameters()));
  if (pairs)
    for (const auto* name : {"sslrootcert", "sslcert", "sslkey", "sslcrl", "sslca"})
      if (const auto found = pairs->find(name); found != pairs->end())
        out.push_back(found->second);
  return out;
}

/// The client library takes options behind a ; of the host (check_parameters() lets no topology do so), and SOCI hands on no others.
std::string with_guarded_login(const std::string& connect) {
  auto pairs = read_pairs(connect);
  if (!pairs)
    return connect;
  auto& host = (*pairs)["host"];
  host = fmt::format("{}restricted-auth={};", host.empty() ? "" : "host=" + host + ';', logins);
  // The certificate's name is looked at, too: the library has no other switch that refuses a server without TLS.
  if (pairs->contains("sslca"))
    host += "ssl-verify-server-cert=1;";
  return write_pairs(*pairs);
}

std::string_view to_string(product p) {
  switch (p) {
  case product::mysql:
    return "mysql";
  case product::sqlite:
    return "sqlite3";
  case product::postgresql:
    return "postgresql";
  }
  return "?";
}

expected<target> parse_connection(std::string_view given) {
  const auto text = config::protected_references(given);
  if (text.find('\0') != std::string::npos)
    return wrong("it has a NUL character");
  const auto colon = text.find("://");
  if (colon == std::string::npos)
    return unknown_kind(given, config::references_in(given).empty()
                                   ? "it names no kind of database"
                                   : "it names no kind of database before its secrets");
  const auto kind = std::string_view(text).substr(0, colon);
  const auto rest = std::string_view(text).substr(colon + 3);
  if (kind == "mysql" || kind == "mariadb")
    return server_target(product::mysql, rest);
  if (kind == "postgresql" || kind == "postgres")
    return server_target(product::postgresql, rest);
  if ((kind == "sqlite3" || kind == "sqlite") && !config::references_in(given).empty())
    return wrong("SQLite has no password, and its path is not a secret");
  if (kind == "sqlite3" || kind == "sqlite")
    return sqlite_target(rest);
  return unknown_kind(given, "this kind of database is not offered");
}

}  // namespace millrace::sink::sql
