#include "actors/connectors/sql/sink/own_tables.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <utility>

namespace millrace::sink::sql {
namespace {

expected<void> create(database& db, const std::string& table, const std::string& columns) {
  ASSIGN_OR_RETURN(const auto there, db.describe(table));
  if (there && !there->unfit.empty())
    return user_error(ec::mismatch,
                      fmt::format("{}: our table {}: {}", db.where().shown, table, there->unfit));
  if (there)
    return {};
  const auto sql =
      fmt::format("create table if not exists {} ({}){}", db.table_name(table), columns, db.table_options());
  auto made = db.execute(sql);
  if (made)
    return {};
  if (auto again = db.describe(table); again && *again)  // another sink has made it just now
    return {};
  auto e = made.error().what;
  e.message = fmt::format("{}: cannot create our table {}: {}; it may also be made by hand: {}",
                          db.where().shown, table, e.message, sql);
  return unexpected(std::move(e));
}

}  // namespace

std::string fit(std::string_view name, std::size_t characters) {
  if (name.size() <= characters)  // bytes: never fewer than characters
    return std::string(name);
  auto end = characters - 33;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80)
    --end;
  const auto hash = XXH3_128bits(name.data(), name.size());
  return fmt::format("{}#{:016x}{:016x}", name.substr(0, end), hash.high64, hash.low64);
}

expected<std::string> make_own_table(database& db, const std::string& table, const std::string& columns) {
  return create(db, table, columns).and_then([&]() -> expected<std::string> {
    return db.check_owner(table, ownership::keeps);
  });
}

}  // namespace millrace::sink::sql
