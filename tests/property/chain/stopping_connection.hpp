// One writer's view of a database that several share: it stops before each statement, which is a transaction
// of its own, and a statement may fail without an answer: it has happened, or has not, or happens later, when
// others have gone on.
#pragma once

#include "actors/node/stores/postgresql/connection.hpp"
#include "tests/property/chain/stopping_file_system.hpp"

#include <memory>

namespace millrace::chain::trial {

class stopping_connection final : public postgresql_chain::connection {
public:
  using answer = postgresql_chain::answer;
  using parameter = postgresql_chain::parameter;

  stopping_connection(std::shared_ptr<postgresql_chain::connection> database, trouble& t,
                      std::function<void()> stop)
      : database_(std::move(database)), trouble_(t), stop_(std::move(stop)) {}

  expected<answer> run(const std::string& sql, const std::vector<parameter>& parameters) override {
    stop_();
    if (trouble_.strikes(2 * trouble_.one_in)) {
      trouble_.late.push_back([database = database_, sql, kept = kept_of(parameters)] {
        (void)database->run(sql, parameters_of(kept));
      });
      return lost();
    }
    if (!trouble_.strikes(trouble_.one_in))
      return database_->run(sql, parameters);
    if (trouble_.random() % 2 == 0)
      (void)database_->run(sql, parameters);
    return lost();
  }
  const std::string& shown() const override { return database_->shown(); }

private:
  /// The statement outlives its writer.
  using kept = std::vector<std::pair<std::string, bool>>;
  static kept kept_of(const std::vector<parameter>& parameters) {
    kept all;
    for (const auto& p : parameters)
      all.emplace_back(p.bytes, p.is_binary);
    return all;
  }
  static std::vector<parameter> parameters_of(const kept& all) {
    std::vector<parameter> out;
    for (const auto& [bytes, is_binary] : all)
      out.push_back({bytes, is_binary});
    return out;
  }
  static unexpected lost() { return outside_error(ec::io, "no answer"); }

  std::shared_ptr<postgresql_chain::connection> database_;
  trouble& trouble_;
  std::function<void()> stop_;
};

}  // namespace millrace::chain::trial
