#include "actors/connectors/sql/sink/sql_writer.hpp"

#include "actors/connectors/sql/sink/changed_rows.hpp"
#include "actors/connectors/sql/sink/positions.hpp"
#include "runtime/base/shard_name.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace millrace::sink::sql {
namespace {

/// Less is kept here, so that slow streams hold no transaction open between commits; beyond it, rows go into
/// the open transaction, so that memory is bounded.
constexpr std::size_t buffered_bytes = 1U << 20;
constexpr std::size_t buffered_batches = 1000;

class sql_writer final : public writer {
public:
  sql_writer(target where, table_options table)
      : table_(std::move(table)), db_(make_database(std::move(where))), positions_(*db_) {
    if (table_.deletes && table_.newest)
      deleted_.emplace(*db_, table_.keep_deleted, *table_.clock);
  }
  ~sql_writer() override { abandon(); }

  expected<std::optional<progress>> open(const claim& who) override;
  expected<void> write(const data::batch& rows) override;
  expected<std::uint64_t> commit(const progress& p) override;
  expected<std::vector<rejected_row>> rejected(std::uint64_t after, std::size_t limit) override {
    RETURN_IF_ERROR(checked(settle()));
    return positions_.rejected(after, limit);
  }
  void forget_rejected(std::uint64_t up_to) override {
    // Rows that are not forgotten now are forgotten with the next call; readers skip those that they have
    // had. A failure shows at the next row or commit.
    if (checked(settle()))
      (void)positions_.forget_rejected(up_to);
  }
  expected<void> keep_alive() override {
    if (!db_->connected())
      return {};
    if (auto answered = db_->query("select 1", {}, 1); !answered) {
      abandon();
      return unexpected(std::move(answered.error().what));
    }
    return {};
  }

private:
  /// Makes the tables of our own; returns what the user should know of them.
  [[nodiscard]] expected<std::string> open_own_tables(const row_plan& plan);
  [[nodiscard]] std::unique_ptr<row_writer> writer_of(row_plan plan);
  [[nodiscard]] expected<void> flush();
  /// Leaves nothing under way on the connection, and stores what was refused.
  [[nodiscard]] expected<void> settle();
  [[nodiscard]] expected<void> look_whether_altered();
  [[nodiscard]] expected<void> begin();
  void abandon();
  /// Ends the transaction after any failure.
  template<class T>
  [[nodiscard]] expected<T> checked(expected<T> done) {
    if (!done)
      abandon();
    return done;
  }

  table_options table_;
  std::unique_ptr<database> db_;
  positions positions_;
  std::optional<deleted_keys> deleted_;
  std::unique_ptr<row_writer> rows_;   // ends before db_'s session
  std::vector<table_column> columns_;  // the table's columns when it was opened
  std::string remark_;                 // the last remark about the table
  std::vector<data::batch> buffer_;
  std::size_t buffer_bytes_ = 0;
  std::vector<refusal> refused_;  // refusals that are not stored yet
  bool in_transaction_ = false;
};

expected<std::optional<progress>> sql_writer::open(const claim& who) {
  abandon();
  auto opened = db_->connect(table_.create).and_then([&] { return open_table(*db_, table_); });
  if (!opened)
    return checked<std::optional<progress>>(unexpected(opened.error()));
  auto remark = std::move(opened->remark);
  auto found = open_own_tables(*opened).and_then([&](const std::string& more) {
    remark += (remark.empty() || more.empty() ? "" : "; ") + more;
    return positions_.claim(who);
  });
  if (found) {
    if (!remark.empty() && std::exchange(remark_, remark) != remark)
      spdlog::warn("{}: {}", name_in_logs(who.topology, who.sink), remark);
    columns_ = opened->shape.columns;
    rows_ = writer_of(std::move(*opened));
  }
  return checked(std::move(found));
}

expected<std::string> sql_writer::open_own_tables(const row_plan& plan) {
  auto remark = positions_.create_tables();
  if (!remark || !deleted_)
    return remark;
  return deleted_->open(plan).map([&](const std::string& more) {
    return *remark + (remark->empty() || more.empty() ? "" : "; ") + more;
  });
}

std::unique_ptr<row_writer> sql_writer::writer_of(row_plan plan) {
  if (!plan.deletes && !plan.newest)
    return db_->rows(std::move(plan));
  auto changes = db_->changes(plan);
  return std::make_unique<changed_rows>(std::move(plan), std::move(changes), deleted_ ? &*deleted_ : nullptr);
}

/// Gives up what was not committed. A server whose connection still lives hears of it now and not only when
/// it notices that we are gone.
void sql_writer::abandon() {
  rows_.reset();
  buffer_.clear();
  buffer_bytes_ = 0;
  refused_.clear();
  if (in_transaction_ && db_->connected())
    (void)db_->execute("rollback");
  in_transaction_ = false;
  db_->disconnect();
}

expected<void> sql_writer::write(const data::batch& rows) {
  if (!rows_)
    return outside_error(ec::unavailable, fmt::format("{}: not open", db_->where().shown));
  if (rows.rows == 0)
    return {};
  buffer_.push_back(rows);
  buffer_bytes_ += rows.byte_size();
  return buffer_bytes_ < buffered_bytes && buffer_.size() < buffered_batches ? expected<void>{}
                                                                             : checked(flush());
}

expected<void> sql_writer::begin() {
  if (in_transaction_)
    return {};
  RETURN_IF_ERROR(db_->execute(db_->begin()));
  in_transaction_ = true;
  return {};
}

expected<void> sql_writer::flush() {
  if (buffer_.empty())
    return {};
  RETURN_IF_ERROR(begin());
  for (const auto& batch : buffer_)
    RETURN_IF_ERROR(rows_->write(batch, refused_));
  buffer_.clear();
  buffer_bytes_ = 0;
  RETURN_IF_ERROR(rows_->send(refused_));
  return refused_.empty() ? expected<void>{} : settle();
}

expected<void> sql_writer::settle() {
  if (!rows_)
    return {};
  if (auto done = rows_->finish(refused_); !done || refused_.empty())
    return done;
  RETURN_IF_ERROR(look_whether_altered());
  return positions_.reject(std::exchange(refused_, {}));
}

/// A table that was altered since it was opened refuses rows that are not at fault. Opening it again says
/// what is wrong with it, or finds it fit.
expected<void> sql_writer::look_whether_altered() {
  ASSIGN_OR_RETURN(const auto now, db_->describe(table_.table));
  if (now && now->columns == columns_)
    return {};
  return outside_error(ec::unavailable, fmt::format("{}: table {} was altered while rows were written",
                                                    db_->where().shown, db_->name(table_.table)));
}

expected<std::uint64_t> sql_writer::commit(const progress& p) {
  if (!rows_)
    return outside_error(ec::unavailable, fmt::format("{}: not open", db_->where().shown));
  auto done = flush()
                  .and_then([&] { return settle(); })
                  .and_then([&] { return begin(); })
                  .and_then([&] { return deleted_ ? deleted_->forget_old() : expected<void>{}; })
                  .and_then([&] { return positions_.store(p); });
  if (done)
    if (auto committed = db_->execute("commit"); !committed)
      done = unexpected(std::move(committed.error().what));
  if (!done)
    return checked<std::uint64_t>(unexpected(std::move(done.error())));
  in_transaction_ = false;
  const auto refused = positions_.rejected_in_transaction();
  positions_.stored(p);
  return refused;
}

}  // namespace

std::unique_ptr<writer> make_writer(target where, table_options table) {
  return std::make_unique<sql_writer>(std::move(where), std::move(table));
}

}  // namespace millrace::sink::sql
