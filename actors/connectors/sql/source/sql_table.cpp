#include "actors/connectors/sql/source/sql_table.hpp"

#include "actors/connectors/sql/sink/row_reading.hpp"
#include "actors/connectors/sql/source/record_text.hpp"

#include <fmt/format.h>

#include <mutex>
#include <optional>
#include <utility>

namespace millrace::source {
namespace {

class sql_table final : public polled_table {
public:
  explicit sql_table(sql_table_options options)
      : options_(std::move(options)), db_(sink::sql::make_database(options_.where)),
        rows_(dynamic_cast<sink::sql::row_reading*>(db_.get())) {}

  expected<bool> read(const taker& take) override {
    auto done = try_read(take);
    if (!done || !options_.stays)
      close();
    return done.map([] { return true; });
  }

  void interrupt() override {
    const std::scoped_lock lock(mutex_);
    interrupted_ = true;
    if (open_)
      rows_->interrupt();
  }

  std::string shown() const override {
    return options_.table.empty() ? fmt::format("the query of {}", options_.where.shown)
                                  : fmt::format("table {} of {}", options_.table, options_.where.shown);
  }

private:
  expected<void> try_read(const taker& take) {
    RETURN_IF_ERROR(open());
    ASSIGN_OR_RETURN(const auto sql, statement());
    std::optional<record_text> record;
    sink::sql::row_taker rows;
    rows.columns = [&](const std::vector<std::string>& names) -> expected<void> {
      RETURN_IF_ERROR(take.columns(names));
      record.emplace(names, options_.key);
      return {};
    };
    rows.row = [&](std::span<const sink::sql::cell> row) {
      record->make(row);
      return take.row(record->key(), record->rest());
    };
    if (auto done = rows_->read(sql, rows); !done)
      return of_query(std::move(done.error()));
    return {};
  }

  expected<void> open() {
    if (rows_ == nullptr)
      return our_error("a database whose rows cannot be read");
    if (!db_->connected()) {
      RETURN_IF_ERROR(db_->connect(false));
      if (auto set = rows_->only_read(options_.timeout); !set) {
        db_->disconnect();
        return unexpected(std::move(set.error().what));
      }
    }
    const std::scoped_lock lock(mutex_);
    open_ = true;
    if (interrupted_)
      return unexpected(error{ec::cancelled, fault::ours, false, "the reading was ended", {}});
    return {};
  }

  void close() {
    const std::scoped_lock lock(mutex_);
    open_ = false;
    db_->disconnect();
  }

  expected<std::string> statement() {
    if (options_.table.empty())
      return options_.query;
    ASSIGN_OR_RETURN(const auto there, db_->describe(options_.table));
    if (!there)
      return user_error(
          ec::not_found,
          fmt::format("{}: there is no table {}, or its role may not see it; remedy: the table's "
                      "own name in `table`, or a `query`",
                      options_.where.shown, options_.table));
    return "select * from " + db_->table_name(options_.table);
  }

  /// A server that is there and refuses will refuse again, until somebody mends the query or the table.
  static unexpected of_query(sink::sql::failure why) {
    auto& e = why.what;
    if (e.code != ec::unavailable && e.code != ec::cancelled) {
      e.whose = fault::user;
      e.retry = false;
    }
    return unexpected(std::move(e));
  }

  sql_table_options options_;
  std::unique_ptr<sink::sql::database> db_;
  sink::sql::row_reading* rows_;
  std::mutex mutex_;
  bool open_ = false;  // a session is there, and stays until close()
  bool interrupted_ = false;
};

}  // namespace

std::unique_ptr<polled_table> make_sql_table(sql_table_options options) {
  return std::make_unique<sql_table>(std::move(options));
}

}  // namespace millrace::source
