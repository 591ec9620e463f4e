#include "actors/node/stores/postgresql/owner_check.hpp"

#include "actors/connectors/sql/client/trust.hpp"

#include <fmt/format.h>

namespace millrace::postgresql_chain {

expected<std::vector<std::string>> check_owners(connection& database, const statements& texts) {
  ASSIGN_OR_RETURN(const auto asked, database.run(texts.trust, {}));
  std::vector<postgresql::trust_finding> refused, told;
  for (const auto& row : asked.rows) {
    auto f = postgresql::read_finding(row);
    if (!f)
      return our_error(database.shown() + ": the answer about its schema cannot be read");
    (f->kind == postgresql::trust_kind::makers ? told : refused).push_back(*std::move(f));
  }
  if (!refused.empty())
    return user_error(ec::refused,
                      fmt::format("{}: {} (who may change the store commands the nodes, as role {})",
                                  database.shown(), postgresql::describe(refused), refused.front().role));
  std::vector<std::string> out;
  for (const auto& f : told)
    out.push_back(f.text + "; remedy: " + f.remedy);
  return out;
}

}  // namespace millrace::postgresql_chain
