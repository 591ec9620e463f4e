#include "actors/connectors/sql/sink/meant_connection.hpp"

#include "runtime/base/lower_case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::sink::sql {
namespace {

/// A longer one is no address that somebody has typed.
constexpr std::size_t longest = 200;

struct scheme_name {
  std::string_view name;
  std::string_view ours;
};
constexpr std::array schemes{
    scheme_name{"sqlite", "sqlite3"},      scheme_name{"sqlite3", "sqlite3"},
    scheme_name{"file", "sqlite3"},        scheme_name{"postgresql", "postgresql"},
    scheme_name{"postgres", "postgresql"}, scheme_name{"postgre", "postgresql"},
    scheme_name{"pgsql", "postgresql"},    scheme_name{"psql", "postgresql"},
    scheme_name{"pg", "postgresql"},       scheme_name{"mysql", "mysql"},
    scheme_name{"mysql2", "mysql"},        scheme_name{"mariadb", "mysql"},
};

bool take_front(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what))
    return false;
  text.remove_prefix(what.size());
  return true;
}

bool is_file_of_sqlite(std::string_view path) {
  const auto name = lower_case(path);
  return path.find('@') == std::string_view::npos &&
         std::ranges::any_of(std::array{".db", ".db3", ".sqlite", ".sqlite3"}, [&](std::string_view end) {
           return name.size() > end.size() && name.ends_with(end);
         });
}

/// The value of a name behind the ?; empty where there is none.
std::string_view value_in_query(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name)
      return pair.substr(equals + 1);
  }
  return {};
}

/// `rest`: what follows the scheme's colon. JDBC's has the user behind the ?, and a database alone is on this machine.
std::optional<std::string> server(std::string_view ours, std::string_view rest) {
  const bool has_host =
      take_front(rest, "//") || take_front(rest, "/") || rest.find_first_of("/@") != std::string_view::npos;
  const auto question = rest.find('?');
  const auto query = question == std::string_view::npos ? std::string_view() : rest.substr(question + 1);
  rest = rest.substr(0, question);
  std::string_view user = value_in_query(query, "user");
  bool has_password = !value_in_query(query, "password").empty();
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const auto who = rest.substr(0, at);
    user = who.substr(0, who.find(':'));
    has_password = user.size() < who.size();
    rest.remove_prefix(at + 1);
  }
  const auto slash = rest.find('/');
  const auto host = has_host ? rest.substr(0, slash) : std::string_view("localhost");
  const auto database = !has_host                         ? rest
                        : slash == std::string_view::npos ? std::string_view()
                                                          : rest.substr(slash + 1);
  return fmt::format("{}://{}{}{}{}/{}", ours, user, has_password && !user.empty() ? ":PASSWORD" : "",
                     user.empty() ? "" : "@", host, database.empty() ? "DATABASE" : database);
}

/// `is_sqlalchemy`: a path behind three slashes is relative, and one behind four is not.
std::optional<std::string> file(std::string_view rest, bool is_sqlalchemy) {
  if (take_front(rest, "//") && is_sqlalchemy)
    take_front(rest, "/");
  rest = rest.substr(0, rest.find('?'));
  if (rest.empty() || rest.starts_with(':'))
    return std::nullopt;
  return fmt::format("sqlite3://{}", rest);
}

std::optional<std::string> meant(std::string_view given) {
  auto rest = given;
  if (lower_case(rest.substr(0, 5)) == "jdbc:")
    rest.remove_prefix(5);
  const auto colon = rest.find(':');
  if (colon == std::string_view::npos)
    return is_file_of_sqlite(rest) ? file(rest, false) : std::nullopt;
  const auto scheme = rest.substr(0, colon);
  const auto driver = scheme.find('+');
  const auto known = std::ranges::find(schemes, lower_case(scheme.substr(0, driver)), &scheme_name::name);
  if (known == schemes.end())
    return std::nullopt;
  rest.remove_prefix(colon + 1);
  return known->ours == "sqlite3" ? file(rest, driver != std::string_view::npos) : server(known->ours, rest);
}

}  // namespace

std::optional<std::string> meant_connection(std::string_view given) {
  auto out = meant(given);
  const auto is_strange = [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '"'; };
  if (out && (out->size() > longest || std::ranges::any_of(*out, is_strange) || *out == given))
    return std::nullopt;
  return out;
}

}  // namespace millrace::sink::sql
