#include "actors/connectors/console/console_writer.hpp"

#include "runtime/base/terminal_line.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace millrace::sink {
namespace {

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

}  // namespace

expected<std::optional<progress>> console_writer::open(const claim& who) {
  text_.clear();
  look_ = fresh_look_;
  batches_ = 0;
  header_printed_ = false;
  side_.reset();
  if (state_folder_.empty())
    return std::optional<progress>{};
  auto side = side_file::open(state_folder_ / file_name(who.sink));
  if (!side)
    return unexpected(side.error());
  const auto locked = side->lock();
  if (!locked)
    return unexpected(locked.error());
  const auto record = side->load();
  if (!record)
    return unexpected(record.error());
  identity_ = identity(who);
  std::optional<progress> stored;
  // The progress of another state id belongs to rows that this state prints anew.
  if (*record && std::string_view(**record).substr(0, identity_.size()) == identity_) {
    auto p = decode_progress(std::string_view(**record).substr(identity_.size()));
    if (!p)
      return unexpected(p.error());
    stored = std::move(*p);
  }
  if (who.expects_progress && !stored)
    return fatal_error(
        ec::mismatch,
        fmt::format("the state folder says that this sink has printed rows, but its progress is missing "
                    "from {}; restore that file, or start over with --fresh",
                    side->path().string()));
  if (auto claimed = side->claim(); !claimed)
    return unexpected(claimed.error());
  side_ = std::move(*side);
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
      if (auto printed = print(); !printed)
        return printed;
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
    auto l = side_->lock();
    if (!l)
      return unexpected(l.error());
    locked.emplace(std::move(*l));
    if (auto mine = side_->check_owner(); !mine)
      return mine;
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
  if (auto printed = print(); !printed)
    return unexpected(printed.error());
  batches_ = p.batch;
  header_printed_ = false;
  if (!side_)
    return 0;
  const auto locked = side_->lock();
  if (!locked)
    return unexpected(locked.error());
  if (auto mine = side_->check_owner(); !mine)
    return unexpected(mine.error());
  // The progress is durable: after a loss of power it must not be lower than what upstream has forgotten.
  if (auto stored = side_->store(identity_ + encode_progress(p), true); !stored)
    return unexpected(stored.error());
  return 0;
}

}  // namespace millrace::sink
