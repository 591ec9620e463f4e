#include "tools/sql/engine.hpp"

#include "tools/sql/statements.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::duckdb {
namespace {

unexpected wrong(std::string message) { return user_error(ec::invalid_argument, std::move(message)); }
unexpected failed(std::string message) { return fatal_error(ec::io, std::move(message)); }

/// A handle and the function that destroys it.
template<class Handle>
class owned {
public:
  explicit owned(void (*destroy)(Handle*)) : destroy_(destroy) {}
  ~owned() {
    if (handle_)
      destroy_(&handle_);
  }
  owned(owned&& other) noexcept : destroy_(other.destroy_), handle_(std::exchange(other.handle_, nullptr)) {}
  owned& operator=(owned&&) = delete;
  Handle* out() { return &handle_; }
  Handle get() const { return handle_; }

private:
  void (*destroy_)(Handle*);
  Handle handle_ = nullptr;
};

class result_stream final : public row_stream {
public:
  result_stream(const duckdb_api& api, owned<duckdb_prepared> prepared)
      : api_(api), prepared_(std::move(prepared)) {}
  ~result_stream() override { api_.destroy_result(&result_); }

  expected<void> start() {
    if (api_.execute_prepared_streaming(prepared_.get(), &result_) != 0)
      return failed(error());
    if (api_.result_return_type(result_) != duckdb_returns::rows)
      return {};
    std::vector<data::field> fields;
    for (duckdb_count i = 0; i < api_.column_count(&result_); ++i) {
      const std::string name = api_.column_name(&result_, i);
      auto logical = api_.column_logical_type(&result_, i);
      auto type = value_type_of(api_, logical, name);
      api_.destroy_logical_type(&logical);
      if (!type)
        return unexpected(std::move(type.error()));
      fields.push_back({name, column_type_of(*type)});
      types_.push_back(std::move(*type));
    }
    columns_ = std::make_shared<data::schema>(std::move(fields));
    return {};
  }

  const data::schema_ptr& columns() const override { return columns_; }

  expected<std::optional<data::batch>> next() override {
    owned<duckdb_chunk> chunk(api_.destroy_data_chunk);
    *chunk.out() = api_.fetch_chunk(result_);
    if (!chunk.get()) {
      if (const char* const e = api_.result_error(&result_); e && *e)
        return failed(e);
      return std::nullopt;
    }
    data::batch out{columns_, {}, api_.data_chunk_get_size(chunk.get())};
    for (std::size_t i = 0; i < types_.size(); ++i)
      out.columns.push_back(column_of(api_, types_[i], api_.data_chunk_get_vector(chunk.get(), i), out.rows));
    return out;
  }

private:
  std::string error() {
    const char* const e = api_.result_error(&result_);
    return e ? e : "DuckDB gives no reason";
  }

  const duckdb_api& api_;
  owned<duckdb_prepared> prepared_;
  duckdb_result result_{};
  std::vector<value_type> types_;
  data::schema_ptr columns_;
};

class duckdb_engine final : public engine {
public:
  explicit duckdb_engine(const duckdb_api& api)
      : api_(api), database_(api.close), connection_(api.disconnect) {}

  expected<void> open(const engine_settings& s) {
    owned<duckdb_config> config(api_.destroy_config);
    if (api_.create_config(config.out()) != 0)
      return failed("DuckDB cannot make a configuration");
    std::vector<std::pair<std::string, std::string>> options{
        {"memory_limit", fmt::format("{}B", s.memory)},
        {"temp_directory", s.spill_folder},
        // DuckDB fetches no extension from elsewhere because a query names it.
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        // The home folder has no say either: the environment may name another user's.
        {"extension_directory", s.spill_folder + "/extensions"},
        {"allow_persistent_secrets", "false"},
        {"allow_community_extensions", "false"},
    };
    if (s.threads != 0)
      options.emplace_back("threads", std::to_string(s.threads));
    for (const auto& [name, value] : options)
      if (api_.set_config(config.get(), name.c_str(), value.c_str()) != 0)
        return wrong(fmt::format("DuckDB {} does not take {} = {}", api_.library_version(), name, value));
    char* reason = nullptr;
    if (api_.open_ext(nullptr, database_.out(), config.get(), &reason) != 0) {
      std::string text = reason ? reason : "DuckDB does not open";
      api_.free(reason);
      return wrong(std::move(text));
    }
    if (api_.connect(database_.get(), connection_.out()) != 0)
      return failed("DuckDB gives no connection");
    return set_up("set TimeZone = 'UTC'");
  }

  expected<void> set_up(const std::string& sql) override {
    auto last = prepare(sql, nullptr);
    return last ? drain(std::move(*last)) : unexpected(std::move(last.error()));
  }
  expected<void> add_function(const std::string& name, row_function f) override {
    functions_.push_back(name);
    return add_row_function(api_, connection_.get(), name, std::move(f));
  }
  expected<void> lock() override { return set_up("set lock_configuration = true"); }

  expected<std::unique_ptr<row_stream>> run(const std::string& sql, const guard& g) override {
    auto text = sql;
    for (const auto& f : functions_)
      text = rows_for_stars(text, f);
    auto judged = g;
    ASSIGN_OR_RETURN(judged.table_functions, table_functions());
    ASSIGN_OR_RETURN(auto last, prepare(text, &judged));
    auto stream = std::make_unique<result_stream>(api_, std::move(last));
    RETURN_IF_ERROR(stream->start());
    return stream;
  }

  void interrupt() override { api_.interrupt(connection_.get()); }

private:
  /// DuckDB makes several of one statement now and then (pivot): all but the last are run, each before the
  /// next is prepared, which may need what it makes.
  expected<owned<duckdb_prepared>> prepare(const std::string& sql, const guard* g) {
    auto allowed = g ? may_prepare(*g, sql) : expected<void>();
    if (!allowed && begins_statement(sql))
      return unexpected(std::move(allowed.error()));
    owned<duckdb_extracted> extracted(api_.destroy_extracted);
    const auto count = api_.extract_statements(connection_.get(), sql.c_str(), extracted.out());
    if (count == 0) {
      const char* const e = extracted.get() ? api_.extract_statements_error(extracted.get()) : nullptr;
      return wrong(e ? e : "there is no statement");
    }
    if (!allowed)
      return unexpected(std::move(allowed.error()));
    for (duckdb_count i = 0;; ++i) {
      owned<duckdb_prepared> one(api_.destroy_prepare);
      if (api_.prepare_extracted_statement(connection_.get(), extracted.get(), i, one.out()) != 0)
        return wrong(api_.prepare_error(one.get()));
      if (g)
        RETURN_IF_ERROR(may_run(*g, api_.prepared_statement_type(one.get()), sql));
      if (i + 1 == count)
        return one;
      RETURN_IF_ERROR(drain(std::move(one)));
    }
  }

  /// Returns the table functions that DuckDB had before the first statement of a user.
  expected<std::vector<std::string>> table_functions() {
    if (!table_functions_.empty())
      return table_functions_;
    ASSIGN_OR_RETURN(
        auto last,
        prepare("select distinct function_name from duckdb_functions() where function_type in ('table', "
                "'table_macro')",
                nullptr));
    result_stream stream(api_, std::move(last));
    RETURN_IF_ERROR(stream.start());
    for (;;) {
      ASSIGN_OR_RETURN(auto batch, stream.next());
      if (!batch)
        return table_functions_;
      for (std::size_t row = 0; row < batch->rows; ++row)
        table_functions_.emplace_back(batch->columns[0]->text_at(row));
    }
  }

  expected<void> drain(owned<duckdb_prepared> prepared) {
    result_stream stream(api_, std::move(prepared));
    RETURN_IF_ERROR(stream.start());
    for (;;) {
      ASSIGN_OR_RETURN(auto batch, stream.next());
      if (!batch)
        return {};
    }
  }

  const duckdb_api& api_;
  owned<duckdb_database> database_;
  owned<duckdb_connection> connection_;
  std::vector<std::string> functions_;
  std::vector<std::string> table_functions_;
};

}  // namespace

expected<std::unique_ptr<engine>> open_engine(const duckdb_api& api, const engine_settings& settings) {
  auto out = std::make_unique<duckdb_engine>(api);
  RETURN_IF_ERROR(out->open(settings));
  return out;
}

}  // namespace millrace::duckdb
