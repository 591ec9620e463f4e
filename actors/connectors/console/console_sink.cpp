#include "actors/connectors/console/console_sink.hpp"

#include "actors/connectors/console/table.hpp"
#include "actors/stream/sink/files/side_file.hpp"
#include "actors/stream/sink/row_format.hpp"
#include "actors/stream/sink/sink.hpp"
#include "actors/stream/sink/template_option.hpp"
#include "runtime/base/terminal_line.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <unistd.h>
#include <variant>

namespace millrace::sink {
namespace {

/// The console sink's writer: prints at commit, then stores its progress in the state folder. Printing cannot
/// be taken back, so rows between the two are printed again after a kill -9: at least once. A stop in order
/// repeats no row. A commit in the middle of a window: table and json go on after it, show begins a new table.
class console_writer final : public writer {
public:
  using style = std::variant<wide_table, short_table, row_format>;
  /// `columns` of its batches are shown; `shown` is their schema, which the style was made for.
  console_writer(style look, std::vector<std::size_t> columns, data::schema_ptr shown, bool batch_headers,
                 std::filesystem::path state_folder, std::FILE* out)
      : look_(std::move(look)), fresh_look_(look_), columns_(std::move(columns)), schema_(std::move(shown)),
        batch_headers_(batch_headers), state_folder_(std::move(state_folder)), out_(out) {}

  [[nodiscard]] expected<std::optional<progress>> open(const claim& who) override;
  [[nodiscard]] expected<void> write(const data::batch& rows) override;
  void end_of_window() override;
  [[nodiscard]] expected<std::uint64_t> commit(const progress& p) override;

private:
  [[nodiscard]] expected<void> print();

  style look_;
  style fresh_look_;  // look_ before any row
  std::vector<std::size_t> columns_;
  data::schema_ptr schema_;
  bool batch_headers_;
  std::uint64_t batches_ = 0;    // committed
  bool header_printed_ = false;  // the header of the next batch is printed
  std::filesystem::path state_folder_;
  std::FILE* out_;
  std::optional<side_file> side_;
  std::string identity_;  // the record's first part
  std::string text_;      // text that is not printed yet
};

/// Spark prints the same rule.
constexpr std::string_view header_rule = "-------------------------------------------";
constexpr std::size_t print_size = 1 << 20;  // the memory that a window of a million rows may hold

template<class... F>
struct overloaded : F... {
  using F::operator()...;
};
template<class... F>
overloaded(F...) -> overloaded<F...>;

/// Stage names are free text; a file's name is not.
std::string file_name(std::string_view sink) {
  std::string out = "console-";
  for (const char c : sink) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (plain)
      out.push_back(c);
    else
      out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return out + ".progress";
}

std::string identity(const claim& who) {
  wire::writer out;
  out.string(who.state_id);
  out.string(who.topology);
  out.string(who.sink);
  return out.take();
}

expected<std::optional<progress>> console_writer::open(const claim& who) {
  text_.clear();
  look_ = fresh_look_;
  batches_ = 0;
  header_printed_ = false;
  side_.reset();
  if (state_folder_.empty())
    return std::optional<progress>{};
  ASSIGN_OR_RETURN(auto side, side_file::open(state_folder_ / file_name(who.sink)));
  ASSIGN_OR_RETURN(const auto locked, side.lock());
  ASSIGN_OR_RETURN(const auto record, side.load());
  identity_ = identity(who);
  std::optional<progress> stored;
  // The progress of another state id belongs to rows that this state prints anew.
  if (record && std::string_view(*record).substr(0, identity_.size()) == identity_) {
    ASSIGN_OR_RETURN(stored, decode_progress(std::string_view(*record).substr(identity_.size())));
  }
  if (who.expects_progress && !stored)
    return fatal_error(
        ec::mismatch,
        fmt::format("the state folder says that this sink has printed rows, but its progress is missing "
                    "from {}; restore that file, or start over with --fresh",
                    side.path().string()));
  RETURN_IF_ERROR(side.claim());
  side_ = std::move(side);
  batches_ = stored ? stored->batch : 0;
  return stored;
}

expected<void> console_writer::write(const data::batch& all) {
  const auto* const lines = std::get_if<row_format>(&look_);
  const auto rows = lines != nullptr ? lines->shown(all) : select_columns(all, columns_, schema_);
  if (batch_headers_ && rows.rows != 0 && !std::exchange(header_printed_, true))
    text_ += fmt::format("{0}\nBatch: {1}\n{0}\n", header_rule, batches_ + 1);
  for (std::size_t row = 0; row < rows.rows; ++row) {
    std::visit(overloaded{[&](wide_table& t) { t.add(text_, rows, row); },
                          [&](short_table& t) { t.add(rows, row); },
                          [&](const row_format& line) { line.append(text_, rows, row); }},
               look_);
    if (text_.size() >= print_size)
      RETURN_IF_ERROR(print());
  }
  return {};
}

void console_writer::end_of_window() {
  std::visit(overloaded{[&](wide_table& t) { t.end(text_); }, [&](short_table& t) { t.end(text_); },
                        [](const row_format&) {}},
             look_);
}

expected<void> console_writer::print() {
  if (text_.empty())
    return {};
  std::optional<side_file::guard> locked;
  if (side_) {
    ASSIGN_OR_RETURN(auto l, side_->lock());
    locked.emplace(std::move(l));
    RETURN_IF_ERROR(side_->check_owner());
  }
  // Rows on the terminal take the place of the progress line; those that go elsewhere leave it alone.
  const auto alone = ::isatty(::fileno(out_)) != 0 ? terminal_line::of_process().cleared()
                                                   : std::unique_lock<std::recursive_mutex>();
  text_ = lines_for(::fileno(out_), std::move(text_));
  errno = 0;
  const bool whole_text = std::fwrite(text_.data(), 1, text_.size(), out_) == text_.size();
  if (whole_text && std::fflush(out_) == 0) {
    text_.clear();
    return {};
  }
  const int failure = errno;
  std::clearerr(out_);
  if (failure == EPIPE)
    return fatal_error(
        ec::io, "nobody reads standard output any more (broken pipe); keep its reader running, or send "
                "the rows to a file sink");
  return outside_error(ec::io, fmt::format("cannot write to standard output: {}{}", std::strerror(failure),
                                           failure == ENOSPC ? "; make room where it goes" : ""));
}

expected<std::uint64_t> console_writer::commit(const progress& p) {
  std::visit(overloaded{[&](wide_table& t) { t.flush(text_); }, [&](short_table& t) { t.end(text_); },
                        [](const row_format&) {}},
             look_);
  RETURN_IF_ERROR(print());
  batches_ = p.batch;
  header_printed_ = false;
  if (!side_)
    return 0;
  ASSIGN_OR_RETURN(const auto locked, side_->lock());
  RETURN_IF_ERROR(side_->check_owner());
  // The progress is durable: after a loss of power it must not be lower than what upstream has forgotten.
  RETURN_IF_ERROR(side_->store(identity_ + encode_progress(p), true));
  return 0;
}

}  // namespace

config::connector console_sink_declaration() {
  config::connector c;
  c.kind = config::stage_kind::sink;
  c.type = "console";
  c.doc = "Prints rows on standard output";
  c.options = {{.name = "style",
                .type = config::option_type::choice,
                .doc = "table: one table for each window or tick; show: its first 20 rows, as Spark prints "
                       "them; json: one line for each row; text: one line for each row, by the template. "
                       "Tables, and everything on a terminal, show control characters as text such as "
                       "\\u001b; lines of json and text that go to a file or a pipe are unchanged",
                .default_text = "table",
                .choices = {"table", "show", "json", "text"}},
               template_option("style"),
               {.name = "batch_header",
                .type = config::option_type::boolean,
                .doc =
                    "With style show: prints the number of the commit above its tables, as Spark's console "
                    "sink does; it counts from 1, as _batch does",
                .default_text = "false"}};
  c.check = [](const config::check_input& in, const config::say& say) {
    const auto& o = in.options;
    if (o.has("batch_header") && o.boolean("batch_header") && o.has("style") && o.text("style") != "show")
      say("batch_header", "it belongs to style show only; add \"style\": \"show\" or leave it out");
    check_template(in, say, "style");
  };
  c.sink = [](const config::values& options) {
    return config::sink_traits{.columns_named = template_columns(options),
                               .on_one_disk = true,
                               .gives_up_later = true,
                               .fresh = config::at_fresh_start::gives_again};
  };
  c.guarantee = "at least once (after a crash the rows since the last commit may be printed again)";
  return c;
}

expected<std::unique_ptr<writer>> make_console_writer(const config::values& options,
                                                      const data::schema_ptr& rows,
                                                      const std::filesystem::path& state_folder,
                                                      std::FILE* out) {
  auto columns = visible_columns(*rows);
  auto shown = select_columns(*rows, columns);
  const auto& name = options.text("style");
  console_writer::style look{row_format::json(*rows)};
  if (name == "text") {
    ASSIGN_OR_RETURN(look, template_format(options, *rows));
  } else if (name == "table")
    look = wide_table(shown);
  else if (name == "show")
    look = short_table(shown);
  return std::make_unique<console_writer>(std::move(look), std::move(columns), std::move(shown),
                                          options.boolean("batch_header"), state_folder, out);
}

connector console_sink_connector() {
  return {
      .declared = console_sink_declaration(),
      .writer = [](const config::values& options, const data::schema_ptr& rows, const connector_context& at) {
        return make_console_writer(options, rows, at.state_folder);
      }};
}

}  // namespace millrace::sink
