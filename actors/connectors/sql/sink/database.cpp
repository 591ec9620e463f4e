#include "actors/connectors/sql/sink/database.hpp"

#include "actors/connectors/sql/sink/named_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sys/stat.h>

namespace millrace::sink::sql {
namespace {

void bind(soci::statement& statement, std::span<const parameter> parameters,
          std::vector<std::string>& names) {
  names.reserve(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    names.push_back(fmt::format("p{}", i));
    std::visit([&](const auto& value) { statement.exchange(soci::use(value, names[i])); }, parameters[i]);
  }
}

}  // namespace

outcome<std::uint64_t> database::run(const std::string& sql, std::span<const parameter> parameters) {
  if (!session_)
    return tl::unexpected(lost());
  try {
    soci::statement statement(*session_);
    std::vector<std::string> names;
    bind(statement, parameters, names);
    statement.alloc();
    statement.prepare(sql);
    statement.define_and_bind();
    statement.execute(true);
    return static_cast<std::uint64_t>(std::max(0LL, statement.get_affected_rows()));
  } catch (const std::exception& e) {
    return tl::unexpected(translate(e));
  }
}

outcome<std::vector<record>> database::query(const std::string& sql, std::span<const parameter> parameters,
                                             std::size_t columns) {
  if (!session_)
    return tl::unexpected(lost());
  try {
    soci::statement statement(*session_);
    std::vector<std::string> names;
    std::vector<std::string> values(columns);
    std::vector<soci::indicator> present(columns, soci::i_ok);
    bind(statement, parameters, names);
    for (std::size_t i = 0; i < columns; ++i)
      statement.exchange(soci::into(values[i], present[i]));
    statement.alloc();
    statement.prepare(sql);
    statement.define_and_bind();
    std::vector<record> out;
    for (bool more = statement.execute(true); more; more = statement.fetch()) {
      auto& row = out.emplace_back(columns);
      for (std::size_t i = 0; i < columns; ++i)
        if (present[i] == soci::i_ok)
          row[i] = values[i];
    }
    return out;
  } catch (const std::exception& e) {
    return tl::unexpected(translate(e));
  }
}

std::string database::update_positions_clause() const {
  return " on conflict (state_id, topology, sink, log) do update set position_major = "
         "excluded.position_major, position_minor = excluded.position_minor, watermark = excluded.watermark";
}

std::string database::keep_greatest_clause() const {
  return " on conflict (table_name, row_key) do update set newest = case when excluded.newest > "
         "millrace_deleted.newest then excluded.newest else millrace_deleted.newest end, deleted_at = "
         "excluded.deleted_at";
}

std::string database::not_newer(const table_column& /*newest*/, const std::string& there,
                                const std::string& given) const {
  return fmt::format("({0} is null or {0} <= {1})", there, given);
}

expected<void> database::start_session(const soci::backend_factory& backend, const std::string& text) {
  session_.reset();
  for (const auto& file : files_named_in(text)) {
    struct stat found {};  // nobody would be heard of who opens a named pipe
    if (::stat(file.c_str(), &found) == 0 && !S_ISREG(found.st_mode))
      return user_error(ec::refused,
                        fmt::format("{}: {}, which `connection` names, is not a regular file; expected "
                                    "a file that holds a certificate or a key",
                                    where_.shown, file));
  }
  try {
    session_ = std::make_unique<soci::session>(backend, text);
    return {};
  } catch (const std::exception& e) {
    return unexpected(translate(e).what);
  }
}

failure database::lost() const {
  return {
      {ec::unavailable, fault::outside, true, fmt::format("{}: there is no connection", where_.shown), {}},
      false};
}

failure database::no_reading() const {
  return {{ec::invalid_argument,
           fault::user,
           false,
           fmt::format("{}: expected one statement, which gives rows", where_.shown),
           {}},
          false};
}

std::unique_ptr<database> make_database(target where) {
  switch (where.kind) {
  case product::mysql:
    return make_mysql(std::move(where));
  case product::postgresql:
    return make_postgresql(std::move(where));
  case product::sqlite:
    break;
  }
  return make_sqlite(std::move(where));
}

}  // namespace millrace::sink::sql
