#include "actors/node/stores/postgresql/holder.hpp"

#include "actors/node/stores/postgresql/row_values.hpp"

#include <fmt/format.h>

namespace millrace::postgresql_chain {

expected<holder> who_holds(connection& database, const statements& texts, const std::string& id,
                           std::string_view shown) {
  ASSIGN_OR_RETURN(const auto found, database.run(texts.who_holds, {{id}}));
  const auto row = one_row(found, 2);
  if (!row)
    return fatal_error(ec::corrupt,
                       fmt::format("{}: its row is gone; remedy: restore the database from a backup", shown));
  return holder{chain::life_of((*row)[0]), (*row)[1]};
}

}  // namespace millrace::postgresql_chain
