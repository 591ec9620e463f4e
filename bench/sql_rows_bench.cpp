// The SQL sinks are compared with this: a bare client that brings the lines of a file (userid, n, amount, at;
// separated by tabs) into an empty table in the way its server knows best, in one transaction, without
// position, retry or refused rows:
//   sql_rows_bench postgresql|mariadb|sqlite WHERE TABLE FILE
// WHERE is a connection URI of libpq; HOST PORT USER DATABASE, separated by blanks, for MariaDB; a file.
#include <libpq-fe.h>
#include <sqlite3.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mysql.h>
#include <sstream>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t copy_bytes = 1 << 20;
constexpr std::size_t insert_bytes = 1 << 18;

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "sql_rows_bench: %s\n", what.c_str());
  std::exit(1);
}

std::string_view next_field(std::string_view& line) {
  const auto end = line.find('\t');
  const auto field = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return field;
}

std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

void postgresql(const char* where, const std::string& table, std::string_view text) {
  auto* db = PQconnectdb(where);
  const auto run = [&](const std::string& statement, ExecStatusType wanted) {
    auto* done = PQexec(db, statement.c_str());
    if (PQresultStatus(done) != wanted)
      give_up(PQerrorMessage(db));
    PQclear(done);
  };
  run("begin", PGRES_COMMAND_OK);
  run("copy " + table + " (userid, n, amount, at) from stdin", PGRES_COPY_IN);
  for (std::size_t at = 0; at < text.size(); at += copy_bytes) {
    const auto part = text.substr(at, copy_bytes);
    if (PQputCopyData(db, part.data(), static_cast<int>(part.size())) != 1)
      give_up(PQerrorMessage(db));
  }
  if (PQputCopyEnd(db, nullptr) != 1)
    give_up(PQerrorMessage(db));
  auto* done = PQgetResult(db);
  if (PQresultStatus(done) != PGRES_COMMAND_OK)
    give_up(PQerrorMessage(db));
  PQclear(done);
  PQclear(PQgetResult(db));
  run("commit", PGRES_COMMAND_OK);
  PQfinish(db);
}

void mariadb(const char* where, const std::string& table, std::string_view text) {
  std::istringstream in(where);
  std::string host, user, name;
  unsigned port = 0;
  in >> host >> port >> user >> name;
  auto* db = mysql_init(nullptr);
  if (mysql_real_connect(db, host.c_str(), user.c_str(), "", name.c_str(), port, nullptr, 0) == nullptr)
    give_up(mysql_error(db));
  const auto run = [&](const std::string& statement) {
    if (mysql_real_query(db, statement.data(), statement.size()) != 0)
      give_up(mysql_error(db));
  };
  run("start transaction");
  const auto head = "insert into " + table + " (userid, n, amount, at) values ";
  std::string statement = head;
  while (!text.empty()) {
    auto line = next_line(text);
    statement += statement.size() == head.size() ? "('" : ",('";
    statement += next_field(line);
    statement += "',";
    statement += next_field(line);
    statement += ',';
    statement += next_field(line);
    statement += ",'";
    statement += next_field(line);
    statement += "')";
    if (statement.size() >= insert_bytes || text.empty()) {
      run(statement);
      statement = head;
    }
  }
  run("commit");
  mysql_close(db);
}

void sqlite(const char* where, const std::string& table, std::string_view text) {
  sqlite3* db = nullptr;
  const auto check = [&](int status) {
    if (status != SQLITE_OK && status != SQLITE_DONE)
      give_up(sqlite3_errmsg(db));
  };
  check(sqlite3_open(where, &db));
  check(sqlite3_exec(db, "begin immediate", nullptr, nullptr, nullptr));
  sqlite3_stmt* insert = nullptr;
  check(sqlite3_prepare_v2(db,
                           ("insert into " + table + " (userid, n, amount, at) values (?, ?, ?, ?)").c_str(),
                           -1, &insert, nullptr));
  while (!text.empty()) {
    auto line = next_line(text);
    const auto user = next_field(line);
    const auto number = next_field(line);
    const auto price = next_field(line);
    const auto at = next_field(line);
    std::int64_t n = 0;
    double amount = 0;
    std::from_chars(number.data(), number.data() + number.size(), n);
    std::from_chars(price.data(), price.data() + price.size(), amount);
    check(sqlite3_bind_text(insert, 1, user.data(), static_cast<int>(user.size()), SQLITE_STATIC));
    check(sqlite3_bind_int64(insert, 2, n));
    check(sqlite3_bind_double(insert, 3, amount));
    check(sqlite3_bind_text(insert, 4, at.data(), static_cast<int>(at.size()), SQLITE_STATIC));
    check(sqlite3_step(insert));
    check(sqlite3_reset(insert));
  }
  check(sqlite3_finalize(insert));
  check(sqlite3_exec(db, "commit", nullptr, nullptr, nullptr));
  sqlite3_close(db);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: sql_rows_bench postgresql|mariadb|sqlite WHERE TABLE FILE\n", stderr);
    return 2;
  }
  std::ifstream file(argv[4], std::ios::binary);
  if (!file)
    give_up("the file cannot be read");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::string_view kind = argv[1];
  if (kind == "postgresql")
    postgresql(argv[2], argv[3], text);
  else if (kind == "mariadb")
    mariadb(argv[2], argv[3], text);
  else if (kind == "sqlite")
    sqlite(argv[2], argv[3], text);
  else
    give_up("knows postgresql, mariadb and sqlite");
  return 0;
}
